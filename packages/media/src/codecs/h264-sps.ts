import { BitReader } from '../bytes/bit-reader.ts'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { maxDpbFrames } from './h264-level.ts'
import { NAL_TYPE, nalType, removeEmulationPrevention } from './h264-nal.ts'
import { parseVui } from './h264-vui.ts'

/** What a sequence parameter set tells about the pictures, ITU-T H.264 section 7.3.2.1.1. */
export type SpsInfo = {
  readonly profileIdc: number
  /** The constraint_set flags and the reserved bits, as the byte after profile_idc. */
  readonly constraintFlags: number
  readonly levelIdc: number
  readonly chromaFormatIdc: number
  readonly bitDepthLuma: number
  readonly bitDepthChroma: number
  /** Of the picture as shown: after cropping, in luma samples. */
  readonly width: number
  readonly height: number
  /** Frames a second; undefined where the VUI does not tell. */
  readonly frameRate: number | undefined
  /** How many pictures may come before another one in decoding order and after it in output order. */
  readonly maxNumReorderFrames: number
}

/** Longest sequence parameter set that is looked at, in bytes. Real ones have 10 to 100. */
const MAX_SPS_BYTES = 4096
/** In macroblocks; level 6.2 allows 1055. */
const MAX_SIDE_MBS = 1055

const FAULT = 'h264/sps'

const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])

/**
 * @param sps NAL unit without start code
 * @throws ProtocolError `h264/sps`
 */
export const parseSps = (sps: Uint8Array): SpsInfo => {
  if (nalType(sps) !== NAL_TYPE.SPS || sps.length < 5 || sps.length > MAX_SPS_BYTES) {
    throw new ProtocolError(
      FAULT,
      `a sequence parameter set is a NAL unit of type 7 with 5 to ${MAX_SPS_BYTES} bytes: type ${nalType(sps)}, ${sps.length} bytes`,
    )
  }
  const reader = new BitReader(removeEmulationPrevention(sps), FAULT)
  reader.skip(8)
  const profileIdc = reader.bits(8)
  const constraintFlags = reader.bits(8)
  const levelIdc = reader.bits(8)
  bounded(reader.ue(), 31, 'seq_parameter_set_id')
  const { chromaFormatIdc, separatePlanes, bitDepthLuma, bitDepthChroma } = HIGH_PROFILES.has(profileIdc) ? parseHighProfile(reader) : BASIC_FORMAT
  bounded(reader.ue(), 12, 'log2_max_frame_num_minus4')
  const pocType = parsePicOrderCount(reader)
  const maxNumRefFrames = bounded(reader.ue(), 16, 'max_num_ref_frames')
  reader.skip(1) // gaps_in_frame_num_value_allowed_flag
  const widthMbs = bounded(reader.ue(), MAX_SIDE_MBS - 1, 'pic_width_in_mbs_minus1') + 1
  const heightMapUnits = bounded(reader.ue(), MAX_SIDE_MBS - 1, 'pic_height_in_map_units_minus1') + 1
  const frameMbsOnly = reader.flag()
  if (!frameMbsOnly) reader.skip(1) // mb_adaptive_frame_field_flag
  reader.skip(1) // direct_8x8_inference_flag
  const heightMbs = heightMapUnits * (frameMbsOnly ? 1 : 2)
  const planes = separatePlanes ? 0 : chromaFormatIdc
  const cropUnitX = planes === 1 || planes === 2 ? 2 : 1
  const cropUnitY = (planes === 1 ? 2 : 1) * (frameMbsOnly ? 1 : 2)
  const crop = reader.flag() ? { left: reader.ue(), right: reader.ue(), top: reader.ue(), bottom: reader.ue() } : NO_CROP
  const width = widthMbs * 16 - cropUnitX * (crop.left + crop.right)
  const height = heightMbs * 16 - cropUnitY * (crop.top + crop.bottom)
  if (width <= 0 || height <= 0) throw new ProtocolError(FAULT, `cropping leaves nothing of a picture of ${widthMbs}x${heightMbs} macroblocks`)
  const vui = reader.flag() ? parseVui(reader) : undefined
  return {
    profileIdc,
    constraintFlags,
    levelIdc,
    chromaFormatIdc,
    bitDepthLuma,
    bitDepthChroma,
    width,
    height,
    frameRate: vui?.frameRate,
    maxNumReorderFrames: vui?.maxNumReorderFrames ?? inferReorderFrames(profileIdc, constraintFlags, levelIdc, pocType, maxNumRefFrames, widthMbs * heightMbs),
  }
}

/** The `codecs` parameter of RFC 6381 section 3.3, as `avc1.42C01F`. */
export const h264CodecString = (sps: Uint8Array): string => {
  let text = 'avc1.'
  for (let i = 1; i <= 3; i++) text += (sps[i] ?? 0).toString(16).padStart(2, '0').toUpperCase()
  return text
}

const NO_CROP = { left: 0, right: 0, top: 0, bottom: 0 }
const BASIC_FORMAT = { chromaFormatIdc: 1, separatePlanes: false, bitDepthLuma: 8, bitDepthChroma: 8 }

const bounded = (value: number, max: number, name: string): number => {
  if (value > max) throw new ProtocolError(FAULT, `${name} is ${value}, allowed are 0 to ${max}`)
  return value
}

const parseHighProfile = (reader: BitReader): typeof BASIC_FORMAT => {
  const chromaFormatIdc = bounded(reader.ue(), 3, 'chroma_format_idc')
  const separatePlanes = chromaFormatIdc === 3 && reader.flag()
  const bitDepthLuma = 8 + bounded(reader.ue(), 6, 'bit_depth_luma_minus8')
  const bitDepthChroma = 8 + bounded(reader.ue(), 6, 'bit_depth_chroma_minus8')
  reader.skip(1) // qpprime_y_zero_transform_bypass_flag
  if (reader.flag()) {
    const lists = chromaFormatIdc === 3 ? 12 : 8
    for (let i = 0; i < lists; i++) if (reader.flag()) skipScalingList(reader, i < 6 ? 16 : 64)
  }
  return { chromaFormatIdc, separatePlanes, bitDepthLuma, bitDepthChroma }
}

/** scaling_list(), section 7.3.2.1.1.1. */
const skipScalingList = (reader: BitReader, size: number): void => {
  let lastScale = 8
  let nextScale = 8
  for (let i = 0; i < size && nextScale !== 0; i++) {
    nextScale = (lastScale + reader.se() + 256) & 0xff
    if (nextScale !== 0) lastScale = nextScale
  }
}

const parsePicOrderCount = (reader: BitReader): number => {
  const pocType = bounded(reader.ue(), 2, 'pic_order_cnt_type')
  if (pocType === 0) bounded(reader.ue(), 12, 'log2_max_pic_order_cnt_lsb_minus4')
  if (pocType === 1) {
    reader.skip(1) // delta_pic_order_always_zero_flag
    reader.se() // offset_for_non_ref_pic
    reader.se() // offset_for_top_to_bottom_field
    const cycle = bounded(reader.ue(), 255, 'num_ref_frames_in_pic_order_cnt_cycle')
    for (let i = 0; i < cycle; i++) reader.se()
  }
  return pocType
}

/**
 * Where the VUI does not tell: nothing is reordered in the baseline profile, with pic_order_cnt_type 2, and in intra-only profiles;
 * otherwise the decoded picture buffer bounds it (section E.2.1). The standard would let pictures that are not referenced wait as well,
 * but encoders reorder behind reference pictures, so their number bounds it closer, as decoders assume that want low delay.
 */
const inferReorderFrames = (
  profileIdc: number,
  constraintFlags: number,
  levelIdc: number,
  pocType: number,
  maxNumRefFrames: number,
  frameMbs: number,
): number => {
  const intraOnly = profileIdc === 44 || ((constraintFlags & 0x10) !== 0 && [86, 100, 110, 122, 244].includes(profileIdc))
  if (profileIdc === 66 || pocType === 2 || intraOnly) return 0
  return Math.min(maxNumRefFrames, maxDpbFrames(levelIdc, profileIdc, constraintFlags, frameMbs))
}
