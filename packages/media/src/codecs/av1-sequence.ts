import { BitReader } from '../bytes/bit-reader.ts'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { OBU_TYPE, obuType, withoutSizeField } from './av1-obu.ts'

/** What a sequence header tells, AV1 bitstream specification section 5.5. */
export type Av1Sequence = {
  /** 0 main, 1 high, 2 professional. */
  readonly profile: number
  /** seq_level_idx of the first operating point: 8 is level 4.0. */
  readonly level: number
  /** seq_tier of the first operating point. */
  readonly highTier: boolean
  /** Of the largest frame, in pixels. */
  readonly width: number
  readonly height: number
  readonly bitDepth: 8 | 10 | 12
  readonly monochrome: boolean
  readonly subsamplingX: boolean
  readonly subsamplingY: boolean
  readonly chromaSamplePosition: number
}

const FAULT = 'av1/sequence'
const MAX_BYTES = 1024
const SRGB = [1, 13, 0]

/**
 * @param obu a sequence header OBU with its header
 * @throws ProtocolError `av1/sequence`, `av1/obu`
 */
export const parseAv1Sequence = (obu: Uint8Array): Av1Sequence => {
  if (obuType(obu) !== OBU_TYPE.SEQUENCE_HEADER || obu.length > MAX_BYTES) {
    throw new ProtocolError(FAULT, `a sequence header is an OBU of type 1 with at most ${MAX_BYTES} bytes: type ${obuType(obu)}, ${obu.length} bytes`)
  }
  const bare = withoutSizeField(obu)
  const reader = new BitReader(bare.subarray((bare[0] as number) & 4 ? 2 : 1), FAULT)
  const profile = reader.bits(3)
  if (profile > 2) throw new ProtocolError(FAULT, `seq_profile is ${profile}, allowed are 0 to 2`)
  reader.skip(1) // still_picture
  const reduced = reader.flag()
  const { level, highTier } = reduced ? { level: reader.bits(5), highTier: false } : parseOperatingPoints(reader)
  const widthBits = reader.bits(4) + 1
  const heightBits = reader.bits(4) + 1
  const width = reader.bits(widthBits) + 1
  const height = reader.bits(heightBits) + 1
  skipTools(reader, reduced)
  return { profile, level, highTier, width, height, ...parseColor(reader, profile) }
}

/** The `codecs` parameter of the AV1 ISO media file format binding: `av01.0.08M.08`. */
export const av1CodecString = ({ profile, level, highTier, bitDepth }: Av1Sequence): string =>
  `av01.${profile}.${String(level).padStart(2, '0')}${highTier ? 'H' : 'M'}.${String(bitDepth).padStart(2, '0')}`

const parseOperatingPoints = (reader: BitReader): Pick<Av1Sequence, 'level' | 'highTier'> => {
  let delayBits = 0
  if (reader.flag()) {
    reader.skip(64) // num_units_in_display_tick, time_scale
    if (reader.flag()) reader.ue() // num_ticks_per_picture_minus_1: uvlc() is written as ue(v)
    if (reader.flag()) {
      delayBits = reader.bits(5) + 1
      reader.skip(32 + 5 + 5)
    }
  }
  const hasDisplayDelay = reader.flag()
  const points = reader.bits(5) + 1
  let first: Pick<Av1Sequence, 'level' | 'highTier'> | undefined
  for (let i = 0; i < points; i++) {
    reader.skip(12) // operating_point_idc
    const level = reader.bits(5)
    const highTier = level > 7 && reader.flag()
    if (delayBits > 0 && reader.flag()) reader.skip(2 * delayBits + 1)
    if (hasDisplayDelay && reader.flag()) reader.skip(4)
    first ??= { level, highTier }
  }
  return first ?? { level: 0, highTier: false }
}

/** From frame_id_numbers_present_flag to enable_restoration: nothing that is needed here. */
const skipTools = (reader: BitReader, reduced: boolean): void => {
  if (!reduced && reader.flag()) reader.skip(7) // delta_frame_id_length_minus_2, additional_frame_id_length_minus_1
  reader.skip(3) // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reduced) {
    reader.skip(4) // enable_interintra_compound … enable_dual_filter
    const hasOrderHint = reader.flag()
    if (hasOrderHint) reader.skip(2) // enable_jnt_comp, enable_ref_frame_mvs
    const maybeScreenContent = reader.flag() || reader.flag()
    if (maybeScreenContent && !reader.flag()) reader.skip(1) // seq_force_integer_mv
    if (hasOrderHint) reader.skip(3) // order_hint_bits_minus_1
  }
  reader.skip(3) // enable_superres, enable_cdef, enable_restoration
}

type Av1Color = Pick<Av1Sequence, 'bitDepth' | 'monochrome' | 'subsamplingX' | 'subsamplingY' | 'chromaSamplePosition'>

/** color_config(), section 5.5.2. */
const parseColor = (reader: BitReader, profile: number): Av1Color => {
  const high = reader.flag()
  const bitDepth = high ? (profile === 2 && reader.flag() ? 12 : 10) : 8
  const monochrome = profile !== 1 && reader.flag()
  const description = reader.flag() ? [reader.bits(8), reader.bits(8), reader.bits(8)] : []
  if (monochrome) return { bitDepth, monochrome, subsamplingX: true, subsamplingY: true, chromaSamplePosition: 0 }
  if (SRGB.every((value, i) => description[i] === value)) return { bitDepth, monochrome, subsamplingX: false, subsamplingY: false, chromaSamplePosition: 0 }
  reader.skip(1) // color_range
  const subsamplingX = profile === 0 || (profile === 2 && (bitDepth === 12 ? reader.flag() : true))
  const subsamplingY = profile === 0 || (profile === 2 && bitDepth === 12 && subsamplingX && reader.flag())
  return { bitDepth, monochrome, subsamplingX, subsamplingY, chromaSamplePosition: subsamplingX && subsamplingY ? reader.bits(2) : 0 }
}
