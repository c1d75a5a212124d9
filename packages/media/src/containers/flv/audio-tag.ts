import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { fourCcName, SOUND_FORMAT, soundFormatName } from './codec-id.ts'

/**
 * Body of an FLV audio tag, which is also RTMP's audio message. Adobe Flash Video File Format 10.1 section E.4.2:
 *
 *     | SoundFormat 4 bits | SoundRate 2 | SoundSize 1 | SoundType 1 | AAC only: AACPacketType 8 | data
 */
export type AudioTag =
  /** AudioSpecificConfig. */
  | { readonly type: 'aac-config'; readonly config: Uint8Array }
  /** One frame without ADTS header. */
  | { readonly type: 'aac-frame'; readonly data: Uint8Array }
  /** Samples of one byte, 8000 hertz. */
  | { readonly type: 'g711'; readonly law: 'pcma' | 'pcmu'; readonly channels: 1 | 2; readonly data: Uint8Array }
  | { readonly type: 'empty' }
  /** A codec that this server does not take; its name for people. */
  | { readonly type: 'unknown'; readonly codec: string }

const AAC_PACKET_TYPE = { CONFIG: 0, RAW: 1 } as const
/** AAC: 44 kHz, 16 bit, stereo, whatever the stream is; the AudioSpecificConfig counts (section E.4.2.1). */
const AAC_SOUND = (SOUND_FORMAT.AAC << 4) | 0x0f
/** G.711: SoundRate and the rest are without meaning, but SoundType. */
const SOUND_SIZE_16 = 0x02
const SOUND_TYPE_STEREO = 0x01

const FAULT = 'flv/audio-tag'

/**
 * @returns with views into `bytes`
 * @throws ProtocolError `flv/audio-tag`
 */
export const decodeAudioTag = (bytes: Uint8Array): AudioTag => {
  if (bytes.length === 0) return { type: 'empty' }
  const reader = new ByteReader(bytes, FAULT)
  const first = reader.u8()
  const format = first >> 4
  switch (format) {
    case SOUND_FORMAT.AAC: {
      const packetType = reader.u8()
      if (packetType === AAC_PACKET_TYPE.CONFIG) return { type: 'aac-config', config: reader.rest() }
      if (packetType === AAC_PACKET_TYPE.RAW && reader.remaining > 0) return { type: 'aac-frame', data: reader.rest() }
      return { type: 'empty' }
    }
    case SOUND_FORMAT.G711_A_LAW:
    case SOUND_FORMAT.G711_MU_LAW:
      if (reader.remaining === 0) return { type: 'empty' }
      return { type: 'g711', law: format === SOUND_FORMAT.G711_A_LAW ? 'pcma' : 'pcmu', channels: first & SOUND_TYPE_STEREO ? 2 : 1, data: reader.rest() }
    case SOUND_FORMAT.EX_HEADER:
      return { type: 'unknown', codec: fourCcName(reader.take(4)) }
    default:
      return { type: 'unknown', codec: soundFormatName(format) }
  }
}

/** @param config AudioSpecificConfig */
export const encodeAacConfigTag = (config: Uint8Array): Uint8Array =>
  new ByteWriter(2 + config.length).u8(AAC_SOUND).u8(AAC_PACKET_TYPE.CONFIG).bytes(config).view()

/** @param frame without ADTS header */
export const encodeAacFrameTag = (frame: Uint8Array): Uint8Array => new ByteWriter(2 + frame.length).u8(AAC_SOUND).u8(AAC_PACKET_TYPE.RAW).bytes(frame).view()

export const encodeG711Tag = (law: 'pcma' | 'pcmu', channels: 1 | 2, samples: Uint8Array): Uint8Array => {
  const format = law === 'pcma' ? SOUND_FORMAT.G711_A_LAW : SOUND_FORMAT.G711_MU_LAW
  return new ByteWriter(1 + samples.length)
    .u8((format << 4) | SOUND_SIZE_16 | (channels === 2 ? SOUND_TYPE_STEREO : 0))
    .bytes(samples)
    .view()
}
