import type { Codec } from '../../codecs/codec.ts'
import { NAL_TYPE } from '../../codecs/h264-nal.ts'

const FU_A = 28

/**
 * Whether no other picture needs the one that this packet begins, as far as the packet says so: then it can be left out alone.
 * @param payload of the picture's first packet
 */
export const isDroppable = (codec: Codec, payload: Uint8Array): boolean => {
  switch (codec.name) {
    case 'h264':
      return isDroppableH264(payload)
    case 'vp8':
      return vp8TemporalLayer(payload) > 0
    case 'vp9':
      return vp9TemporalLayer(payload) > 0
    default:
      return false
  }
}

/** nal_ref_idc 0, ITU-T H.264 section 7.4.1, of a slice: what may stand before a picture says nothing about it. */
const isDroppableH264 = (payload: Uint8Array): boolean => {
  const header = payload[0] ?? 0xff
  if ((header & 0x60) !== 0) return false
  const type = header & 0x1f
  return type === NAL_TYPE.SLICE || (type === FU_A && ((payload[1] ?? 0) & 0x1f) === NAL_TYPE.SLICE)
}

/** RFC 7741 section 4.2: pictures of the upper layers are not needed by those of the lowest one. */
const vp8TemporalLayer = (payload: Uint8Array): number => {
  const first = payload[0] ?? 0
  if ((first & 0x80) === 0) return 0
  const extensions = payload[1] ?? 0
  if ((extensions & 0x20) === 0) return 0
  let at = 2
  if (extensions & 0x80) at += (payload[at] ?? 0) & 0x80 ? 2 : 1
  if (extensions & 0x40) at++
  return (payload[at] ?? 0) >> 6
}

/** RFC 9628 section 4.2. */
const vp9TemporalLayer = (payload: Uint8Array): number => {
  const first = payload[0] ?? 0
  if ((first & 0x20) === 0) return 0
  let at = 1
  if (first & 0x80) at += (payload[at] ?? 0) & 0x80 ? 2 : 1
  return (payload[at] ?? 0) >> 5
}
