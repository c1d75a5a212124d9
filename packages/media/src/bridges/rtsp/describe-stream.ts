import { encodeBase64 } from '../../bytes/base64.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { parseAv1Sequence } from '../../codecs/av1-sequence.ts'
import type { Av1Codec, Codec, H264Codec, H265Codec } from '../../codecs/codec.ts'
import { formatOpusMultistream } from '../../codecs/opus-multistream.ts'
import type { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import { trackControl } from '../../protocols/rtsp/rtsp-url.ts'
import { DEFAULT_ORIGIN, encodeSdp, type SdpAttribute, type SdpMedia } from '../../protocols/sdp/sdp.ts'

/** First of the payload types that have no meaning of their own, RFC 3551 section 6. */
const FIRST_DYNAMIC_PAYLOAD_TYPE = 96

/** RFC 3551 table 4. */
const STATIC_PAYLOAD_TYPES: ReadonlyMap<Codec['name'], number> = new Map([
  ['pcmu', 0],
  ['pcma', 8],
  ['g722', 9],
])

/** The payload type that all RTSP readers get a track with. */
export const payloadTypeOf = (track: Track): number => {
  const { codec } = track
  const isPlain = codec.kind === 'audio' && codec.clockRate === 8000 && codec.channels === 1
  return (isPlain ? STATIC_PAYLOAD_TYPES.get(codec.name) : undefined) ?? FIRST_DYNAMIC_PAYLOAD_TYPE + track.index
}

/** The description that readers get. @param name of the path, for players that show it */
export const describeStream = (name: string, stream: Stream): string =>
  encodeSdp({
    origin: DEFAULT_ORIGIN,
    sessionName: name,
    connection: { addressType: 'IP4', address: '0.0.0.0' },
    attributes: [['control', '*']],
    media: stream.tracks.map(mediaOf),
  })

const mediaOf = (track: Track): SdpMedia => {
  const { codec } = track
  const payloadType = payloadTypeOf(track)
  const attributes: SdpAttribute[] = [['rtpmap', `${payloadType} ${encodingOf(codec)}`]]
  const parameters = parametersOf(codec)
  if (parameters !== '') attributes.push(['fmtp', `${payloadType} ${parameters}`])
  attributes.push(['control', trackControl(track.index)])
  return { kind: codec.kind, port: 0, protocol: 'RTP/AVP', formats: [String(payloadType)], connection: undefined, attributes }
}

const encodingOf = (codec: Codec): string => {
  switch (codec.name) {
    case 'h264':
      return 'H264/90000'
    case 'aac':
      return `MPEG4-GENERIC/${codec.clockRate}/${codec.channels}`
    case 'opus':
      if (codec.multistream) return `multiopus/48000/${codec.channels}`
      // Always 2, whatever is inside: RFC 7587 section 4.1.
      return 'opus/48000/2'
    case 'h265':
    case 'vp8':
    case 'vp9':
    case 'av1':
      return `${codec.name.toUpperCase()}/90000`
    case 'pcmu':
    case 'pcma':
    case 'g722':
      return `${codec.name.toUpperCase()}/${codec.clockRate}${codec.channels > 1 ? `/${codec.channels}` : ''}`
  }
}

const parametersOf = (codec: Codec): string => {
  switch (codec.name) {
    case 'h264':
      return h264Parameters(codec)
    case 'h265':
      return h265Parameters(codec)
    case 'vp9':
      return `profile-id=${codec.profile}`
    case 'av1':
      return av1Parameters(codec)
    case 'aac':
      return `profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=${hex(codec.config)}`
    case 'opus':
      if (codec.multistream) return formatOpusMultistream(codec.multistream)
      return codec.channels === 2 ? 'sprop-stereo=1' : ''
    default:
      return ''
  }
}

const h264Parameters = ({ sps, pps }: H264Codec): string => {
  const parameters = ['packetization-mode=1']
  if (sps && sps.length >= 4) {
    parameters.push(`profile-level-id=${hex(sps.subarray(1, 4))}`)
    if (pps) parameters.push(`sprop-parameter-sets=${encodeBase64(sps)},${encodeBase64(pps)}`)
  }
  return parameters.join(';')
}

/** RFC 7798 section 7.1. Players take the profile from the parameter sets. */
const h265Parameters = ({ vps, sps, pps }: H265Codec): string =>
  vps && sps && pps ? `sprop-vps=${encodeBase64(vps)};sprop-sps=${encodeBase64(sps)};sprop-pps=${encodeBase64(pps)}` : ''

/** AV1 RTP specification section 7.2.1. */
const av1Parameters = ({ sequenceHeader }: Av1Codec): string => {
  if (!sequenceHeader) return ''
  try {
    const { profile, level, highTier } = parseAv1Sequence(sequenceHeader)
    return `profile=${profile};level-idx=${level};tier=${highTier ? 1 : 0}`
  } catch (error) {
    if (error instanceof ProtocolError) return ''
    throw error
  }
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('')
