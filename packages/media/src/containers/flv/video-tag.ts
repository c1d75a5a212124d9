import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { fourCcName, VIDEO_CODEC_ID, videoCodecName } from './codec-id.ts'

/**
 * Body of an FLV video tag, which is also RTMP's video message. Adobe Flash Video File Format 10.1 section E.4.3:
 *
 *     | FrameType 4 bits | CodecID 4 bits | AVCPacketType 8 | CompositionTime SI24 | data
 */
export type VideoTag =
  /** AVCDecoderConfigurationRecord. */
  | { readonly type: 'avc-config'; readonly config: Uint8Array }
  /** One picture: NAL units with length before them. `compositionMs` is pts - dts, -2^23 to 2^23-1. */
  | { readonly type: 'avc-picture'; readonly keyFrame: boolean; readonly compositionMs: number; readonly data: Uint8Array }
  | { readonly type: 'avc-end' }
  /** Carries no picture: a seek marker, or nothing at all. */
  | { readonly type: 'empty' }
  /** A codec that this server does not take; its name for people. */
  | { readonly type: 'unknown'; readonly codec: string }

const FRAME_TYPE = { KEY: 1, INTER: 2, INFO: 5 } as const
const AVC_PACKET_TYPE = { CONFIG: 0, NALU: 1, END: 2 } as const
/** First bit of an Enhanced RTMP tag, "IsExHeader". */
const EX_HEADER = 0x80

/** Bytes before a picture's NAL units. */
export const AVC_TAG_HEADER_BYTES = 5

const FAULT = 'flv/video-tag'

/**
 * @returns with views into `bytes`
 * @throws ProtocolError `flv/video-tag`
 */
export const decodeVideoTag = (bytes: Uint8Array): VideoTag => {
  if (bytes.length === 0) return { type: 'empty' }
  const reader = new ByteReader(bytes, FAULT)
  const first = reader.u8()
  if (first & EX_HEADER) return { type: 'unknown', codec: fourCcName(reader.take(4)) }
  const frameType = first >> 4
  const codecId = first & 0x0f
  if (frameType === FRAME_TYPE.INFO) return { type: 'empty' }
  if (codecId !== VIDEO_CODEC_ID.AVC) return { type: 'unknown', codec: videoCodecName(codecId) }
  const packetType = reader.u8()
  const compositionMs = (reader.u24() << 8) >> 8
  switch (packetType) {
    case AVC_PACKET_TYPE.CONFIG:
      return { type: 'avc-config', config: reader.rest() }
    case AVC_PACKET_TYPE.NALU:
      return { type: 'avc-picture', keyFrame: frameType === FRAME_TYPE.KEY, compositionMs, data: reader.rest() }
    case AVC_PACKET_TYPE.END:
      return { type: 'avc-end' }
    default:
      return { type: 'empty' }
  }
}

/** @param config AVCDecoderConfigurationRecord */
export const encodeAvcConfigTag = (config: Uint8Array): Uint8Array => avcWriter(true, AVC_PACKET_TYPE.CONFIG, 0, config.length).bytes(config).view()

/**
 * @param compositionMs pts - dts, -2^23 to 2^23-1
 * @param nals without start codes; each gets a 4-byte length
 */
export const encodeAvcPictureTag = (keyFrame: boolean, compositionMs: number, nals: readonly Uint8Array[]): Uint8Array => {
  let bytes = 0
  for (const nal of nals) bytes += 4 + nal.length
  const writer = avcWriter(keyFrame, AVC_PACKET_TYPE.NALU, compositionMs, bytes)
  for (const nal of nals) writer.u32(nal.length).bytes(nal)
  return writer.view()
}

const avcWriter = (keyFrame: boolean, packetType: number, compositionMs: number, length: number): ByteWriter =>
  new ByteWriter(AVC_TAG_HEADER_BYTES + length)
    .u8(((keyFrame ? FRAME_TYPE.KEY : FRAME_TYPE.INTER) << 4) | VIDEO_CODEC_ID.AVC)
    .u8(packetType)
    .u24(compositionMs & 0xffffff)
