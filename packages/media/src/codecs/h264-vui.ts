import type { BitReader } from '../bytes/bit-reader.ts'
import { ProtocolError } from '../bytes/protocol-error.ts'

/** What we use of the video usability information, ITU-T H.264 annex E. */
export type Vui = {
  /** Frames a second. */
  frameRate: number | undefined
  maxNumReorderFrames: number | undefined
}

const EXTENDED_SAR = 255

/**
 * vui_parameters(), section E.1.1. Some encoders cut their VUI short or write nonsense into it, and decoders shrug:
 * what comes after the fault counts as absent.
 */
export const parseVui = (reader: BitReader): Vui => {
  const vui: Vui = { frameRate: undefined, maxNumReorderFrames: undefined }
  try {
    readVui(reader, vui)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
  }
  return vui
}

const readVui = (reader: BitReader, vui: Vui): void => {
  if (reader.flag() && reader.bits(8) === EXTENDED_SAR) reader.skip(32) // aspect_ratio_info, sar_width, sar_height
  if (reader.flag()) reader.skip(1) // overscan_info
  if (reader.flag()) {
    reader.skip(4) // video_format, video_full_range_flag
    if (reader.flag()) reader.skip(24) // colour_description
  }
  if (reader.flag()) {
    reader.ue() // chroma_sample_loc_type_top_field
    reader.ue() // chroma_sample_loc_type_bottom_field
  }
  if (reader.flag()) {
    const unitsInTick = reader.bits(32)
    const timeScale = reader.bits(32)
    reader.skip(1) // fixed_frame_rate_flag
    // A tick is a field: two of them make a frame.
    if (unitsInTick > 0 && timeScale > 0) vui.frameRate = timeScale / (2 * unitsInTick)
  }
  const nalHrd = reader.flag()
  if (nalHrd) skipHrd(reader)
  const vclHrd = reader.flag()
  if (vclHrd) skipHrd(reader)
  if (nalHrd || vclHrd) reader.skip(1) // low_delay_hrd_flag
  reader.skip(1) // pic_struct_present_flag
  if (!reader.flag()) return
  reader.skip(1) // motion_vectors_over_pic_boundaries_flag
  for (let i = 0; i < 4; i++) reader.ue() // max_bytes_per_pic_denom … log2_max_mv_length_vertical
  const reorder = reader.ue()
  const buffering = reader.ue()
  if (reorder <= buffering && buffering <= 16) vui.maxNumReorderFrames = reorder
}

/** hrd_parameters(), section E.1.2. */
const skipHrd = (reader: BitReader): void => {
  const count = reader.ue() + 1
  if (count > 32) throw new ProtocolError('h264/sps', `cpb_cnt_minus1 is ${count - 1}, allowed are 0 to 31`)
  reader.skip(8) // bit_rate_scale, cpb_size_scale
  for (let i = 0; i < count; i++) {
    reader.ue() // bit_rate_value_minus1
    reader.ue() // cpb_size_value_minus1
    reader.skip(1) // cbr_flag
  }
  reader.skip(20) // four lengths of 5 bits
}
