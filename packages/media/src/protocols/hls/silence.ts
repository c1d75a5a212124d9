import { AAC_FRAME_SAMPLES, AAC_OBJECT_TYPE, parseAudioSpecificConfig } from '../../codecs/aac.ts'
import type { Mp4Codec } from '../../containers/mp4/track.ts'

/** A frame that sounds like nothing. */
export type SilentFrame = {
  readonly data: readonly Uint8Array[]
  /** Duration in ticks of the track's clock. */
  readonly ticks: number
}

/** 20 ms of CELT whose range coder begins with the silence flag, RFC 6716 section 4.3; configuration 31 and one frame in the first byte. */
const OPUS_MONO = Uint8Array.of(0xf8, 0xff, 0xfe)
const OPUS_STEREO = Uint8Array.of(0xfc, 0xff, 0xfe)
const OPUS_TICKS = 960

/** single_channel_element with global_gain 0 and max_sfb 0, then ID_END: ISO/IEC 14496-3 table 4.4. */
const AAC_MONO = Uint8Array.of(0x00, 0x00, 0x00, 0x07)
/** channel_pair_element with a common window, both channels as above. */
const AAC_STEREO = Uint8Array.of(0x21, 0x00, 0x00, 0x00, 0x00, 0x1c)

/** Silence in the track's codec, where this knows any: Opus, and AAC-LC with one or two channels. */
export const silentFrame = (codec: Mp4Codec): SilentFrame | undefined => {
  if (codec.name === 'opus' && codec.multistream) return undefined
  if (codec.name === 'opus') return { data: [codec.channels === 1 ? OPUS_MONO : OPUS_STEREO], ticks: OPUS_TICKS }
  if (codec.name !== 'aac' || parseAudioSpecificConfig(codec.config).objectType !== AAC_OBJECT_TYPE.LC) return undefined
  if (codec.channels === 1) return { data: [AAC_MONO], ticks: AAC_FRAME_SAMPLES }
  if (codec.channels === 2) return { data: [AAC_STEREO], ticks: AAC_FRAME_SAMPLES }
  return undefined
}
