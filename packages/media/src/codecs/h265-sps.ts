import { BitReader } from '../bytes/bit-reader.ts'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { removeEmulationPrevention } from './h264-nal.ts'
import { H265_NAL_HEADER_BYTES, H265_NAL_TYPE, h265NalType } from './h265-nal.ts'

/** profile_tier_level(), ITU-T H.265 section 7.3.3. */
export type H265Profile = {
  readonly profileSpace: number
  readonly highTier: boolean
  /** general_profile_idc: 1 main, 2 main 10. */
  readonly profileIdc: number
  /** 32 flags, the first one in the highest bit. */
  readonly compatibility: number
  /** 6 bytes of flags. */
  readonly constraints: Uint8Array
  /** Thirty times the level: 93 is 3.1. */
  readonly levelIdc: number
}

/** What a sequence parameter set tells about the pictures, section 7.3.2.2. */
export type H265SpsInfo = H265Profile & {
  readonly temporalLayers: number
  readonly temporalIdNested: boolean
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
  /** Of the picture as shown: after cropping, in luma samples. */
  readonly width: number
  readonly height: number
  /** How many pictures may come before another one in decoding order and after it in output order. */
  readonly maxNumReorderFrames: number
}

/** Longest sequence parameter set that is looked at, in bytes. Real ones have 30 to 200. */
const MAX_SPS_BYTES = 4096
/** In luma samples; level 6.2 allows 8444. */
const MAX_SIDE = 16_888
const FAULT = 'h265/sps'

/**
 * @param sps NAL unit without start code
 * @throws ProtocolError `h265/sps`
 */
export const parseH265Sps = (sps: Uint8Array): H265SpsInfo => {
  const type = h265NalType(sps)
  if (type !== H265_NAL_TYPE.SPS || sps.length > MAX_SPS_BYTES) {
    throw new ProtocolError(FAULT, `a sequence parameter set is a NAL unit of type 33 with at most ${MAX_SPS_BYTES} bytes: type ${type}, ${sps.length} bytes`)
  }
  const reader = new BitReader(removeEmulationPrevention(sps).subarray(H265_NAL_HEADER_BYTES), FAULT)
  reader.skip(4) // sps_video_parameter_set_id
  const subLayers = bounded(reader.bits(3), 6, 'sps_max_sub_layers_minus1')
  const temporalIdNested = reader.flag()
  const profile = parseProfile(reader, subLayers)
  bounded(reader.ue(), 15, 'sps_seq_parameter_set_id')
  const chromaFormatIdc = bounded(reader.ue(), 3, 'chroma_format_idc')
  const planes = chromaFormatIdc === 3 && reader.flag() ? 0 : chromaFormatIdc
  const codedWidth = bounded(reader.ue(), MAX_SIDE, 'pic_width_in_luma_samples')
  const codedHeight = bounded(reader.ue(), MAX_SIDE, 'pic_height_in_luma_samples')
  const crop = reader.flag() ? { left: reader.ue(), right: reader.ue(), top: reader.ue(), bottom: reader.ue() } : NO_CROP
  const width = codedWidth - (planes === 1 || planes === 2 ? 2 : 1) * (crop.left + crop.right)
  const height = codedHeight - (planes === 1 ? 2 : 1) * (crop.top + crop.bottom)
  if (width <= 0 || height <= 0) throw new ProtocolError(FAULT, `nothing is left of a picture of ${codedWidth}x${codedHeight} after cropping`)
  const bitDepthLuma = 8 + bounded(reader.ue(), 8, 'bit_depth_luma_minus8')
  const bitDepthChroma = 8 + bounded(reader.ue(), 8, 'bit_depth_chroma_minus8')
  bounded(reader.ue(), 12, 'log2_max_pic_order_cnt_lsb_minus4')
  let maxNumReorderFrames = 0
  for (let i = reader.flag() ? 0 : subLayers; i <= subLayers; i++) {
    reader.ue() // sps_max_dec_pic_buffering_minus1
    // The last one is of all layers together.
    maxNumReorderFrames = bounded(reader.ue(), 16, 'sps_max_num_reorder_pics')
    reader.ue() // sps_max_latency_increase_plus1
  }
  return { ...profile, temporalLayers: subLayers + 1, temporalIdNested, chromaFormatIdc, bitDepthLuma, bitDepthChroma, width, height, maxNumReorderFrames }
}

/**
 * The `codecs` parameter, ISO/IEC 14496-15 annex E.3: `hvc1.1.6.L93.B0`.
 * @param info of the stream's SPS
 */
export const h265CodecString = (info: H265Profile): string => {
  const space = ['', 'A', 'B', 'C'][info.profileSpace] ?? ''
  let reversed = 0
  for (let bit = 0; bit < 32; bit++) reversed += ((info.compatibility >>> bit) & 1) * 2 ** (31 - bit)
  const constraints = [...info.constraints]
  while (constraints.at(-1) === 0) constraints.pop()
  const parts = [`${space}${info.profileIdc}`, hex(reversed), `${info.highTier ? 'H' : 'L'}${info.levelIdc}`, ...constraints.map(hex)]
  return `hvc1.${parts.join('.')}`
}

const hex = (value: number): string => value.toString(16).toUpperCase()

const NO_CROP = { left: 0, right: 0, top: 0, bottom: 0 }

const bounded = (value: number, max: number, name: string): number => {
  if (value > max) throw new ProtocolError(FAULT, `${name} is ${value}, allowed are 0 to ${max}`)
  return value
}

const parseProfile = (reader: BitReader, subLayers: number): H265Profile => {
  const profileSpace = reader.bits(2)
  const highTier = reader.flag()
  const profileIdc = reader.bits(5)
  const compatibility = reader.bits(32)
  const constraints = Uint8Array.from({ length: 6 }, () => reader.bits(8))
  const levelIdc = reader.bits(8)
  const present: { profile: boolean; level: boolean }[] = []
  for (let i = 0; i < subLayers; i++) present.push({ profile: reader.flag(), level: reader.flag() })
  if (subLayers > 0) reader.skip(2 * (8 - subLayers)) // reserved_zero_2bits
  for (const { profile, level } of present) reader.skip((profile ? 88 : 0) + (level ? 8 : 0))
  return { profileSpace, highTier, profileIdc, compatibility, constraints, levelIdc }
}
