import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { Codec } from '../../codecs/codec.ts'
import { NAL_TYPE } from '../../codecs/h264-nal.ts'
import { H265_NAL_TYPE, h265NalType } from '../../codecs/h265-nal.ts'
import { decodeAv1Payload } from '../../protocols/rtp/av1-payload.ts'
import { H265_PAYLOAD } from '../../protocols/rtp/h265-payload.ts'
import { decodeVp8Descriptor } from '../../protocols/rtp/vp8-payload.ts'
import { decodeVp9Descriptor } from '../../protocols/rtp/vp9-payload.ts'

/** Who needs a picture. */
export type PictureNeed = {
  /** Temporal layer: 0 is needed by all, others by their own layer and those above alone; `NEEDED_BY_NONE` can go by itself. */
  readonly layer: number
  /** It needs no picture of its own layer or above, and nor do those behind it: what was left out before is not missed. */
  readonly isSync: boolean
}

export const NEEDED_BY_NONE = 8

const NEEDED: PictureNeed = { layer: 0, isSync: false }
const ALONE: PictureNeed = { layer: NEEDED_BY_NONE, isSync: false }
const H264_FU_A = 28
/** nal_unit_type of the last picture that may be one that its sub-layer does not need: even ones are those, ITU-T H.265 table 7-1. */
const LAST_SUB_LAYER_TYPE = 15
/** TSA and STSA pictures, where a decoder can go up a temporal layer: section 7.4.2.2. */
const [FIRST_ACCESS_TYPE, LAST_ACCESS_TYPE] = [2, 5]
const OBU_HAS_EXTENSION = 0x04

/**
 * Whether a picture can be left out without harm to those that stay, as far as its first packet says so.
 * @param payload of the picture's first packet
 */
export const pictureNeed = (codec: Codec, payload: Uint8Array): PictureNeed => {
  try {
    switch (codec.name) {
      case 'h264':
        return h264Need(payload)
      case 'h265':
        return h265Need(payload)
      case 'vp8': {
        const { disposable, temporalId = 0, layerSync } = decodeVp8Descriptor(payload)
        return disposable ? ALONE : { layer: temporalId, isSync: layerSync && temporalId > 0 }
      }
      case 'vp9': {
        const { layer } = decodeVp9Descriptor(payload)
        return layer ? { layer: layer.temporalId, isSync: layer.switchingUp } : NEEDED
      }
      case 'av1':
        return av1Need(payload)
      default:
        return NEEDED
    }
  } catch (error) {
    if (error instanceof ProtocolError) return NEEDED
    throw error
  }
}

/** nal_ref_idc 0, ITU-T H.264 section 7.4.1, of a slice: what may stand before a picture says nothing about it. */
const h264Need = (payload: Uint8Array): PictureNeed => {
  const header = payload[0] ?? 0xff
  if ((header & 0x60) !== 0) return NEEDED
  const type = header & 0x1f
  return type === NAL_TYPE.SLICE || (type === H264_FU_A && ((payload[1] ?? 0) & 0x1f) === NAL_TYPE.SLICE) ? ALONE : NEEDED
}

/** The header of a NAL unit, or of a fragment of one: RFC 7798 section 4.4. */
const h265Need = (payload: Uint8Array): PictureNeed => {
  if (payload.length < 3) return NEEDED
  const outer = h265NalType(payload)
  const type = outer === H265_PAYLOAD.FU ? (payload[2] as number) & 0x3f : outer
  const layer = Math.max(0, ((payload[1] as number) & 0x07) - 1)
  if (type >= H265_NAL_TYPE.BLA_W_LP) return NEEDED
  if (layer > 0) return { layer: Math.min(layer, NEEDED_BY_NONE - 1), isSync: type >= FIRST_ACCESS_TYPE && type <= LAST_ACCESS_TYPE }
  return type % 2 === 0 && type <= LAST_SUB_LAYER_TYPE ? ALONE : NEEDED
}

/** AV1 section 5.3.3. In the scalability modes of WebRTC upper layers need nothing from before the last picture of the lowest one. */
const av1Need = (payload: Uint8Array): PictureNeed => {
  const { continues, elements } = decodeAv1Payload(payload)
  const [first] = elements
  if (continues || !first || ((first[0] as number) & OBU_HAS_EXTENSION) === 0) return NEEDED
  return { layer: (first[1] ?? 0) >> 5, isSync: (first[1] ?? 0) >> 5 === 0 }
}
