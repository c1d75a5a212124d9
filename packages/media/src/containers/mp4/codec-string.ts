import { av1CodecString, parseAv1Sequence } from '../../codecs/av1-sequence.ts'
import { h264CodecString } from '../../codecs/h264-sps.ts'
import { h265CodecString, parseH265Sps } from '../../codecs/h265-sps.ts'
import { vp9CodecString } from '../../codecs/vp9.ts'
import type { Mp4Codec } from './track.ts'

const ESCAPED_OBJECT_TYPE = 31

/**
 * The codec as the `codecs` parameter of RFC 6381 names it: `avc1.42C01F`, `mp4a.40.2`, `opus`.
 * @throws ProtocolError if the parameters cannot be read
 */
export const codecString = (codec: Mp4Codec): string => {
  if (codec.name === 'h264') return h264CodecString(codec.sps)
  if (codec.name === 'h265') return h265CodecString(parseH265Sps(codec.sps))
  if (codec.name === 'vp9') return vp9CodecString(codec.profile, codec.picture)
  if (codec.name === 'av1') return av1CodecString(parseAv1Sequence(codec.sequenceHeader))
  if (codec.name === 'opus') return 'opus'
  // The object type as it is signalled, so that HE-AAC is 5 although its core is 2; escaped ones are all beyond AAC-LC and HE-AAC.
  const signalled = (codec.config[0] ?? 0) >> 3
  return `mp4a.40.${signalled === ESCAPED_OBJECT_TYPE ? 2 : signalled}`
}
