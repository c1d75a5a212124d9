import { BitReader } from '../bytes/bit-reader.ts'
import { ProtocolError } from '../bytes/protocol-error.ts'

/** What a VP9 frame says of itself in its uncompressed header, section 6.2 of the VP9 bitstream specification. */
export type Vp9FrameInfo = {
  /** 0 to 3: 8 bits 4:2:0, 8 bits other sampling, 10 and 12 bits 4:2:0, 10 and 12 bits other sampling. */
  readonly profile: number
  readonly keyFrame: boolean
  /** Of key frames only. */
  readonly picture: Vp9Picture | undefined
}

export type Vp9Picture = {
  readonly width: number
  readonly height: number
  readonly bitDepth: 8 | 10 | 12
  readonly subsamplingX: boolean
  readonly subsamplingY: boolean
}

const FAULT = 'vp9/frame'
const FRAME_MARKER = 2
const SYNC_CODE = 0x498342
const COLOR_SPACE_RGB = 7

/**
 * @param frame or its first bytes: 11 are enough
 * @throws ProtocolError `vp9/frame`
 */
export const parseVp9Frame = (frame: Uint8Array): Vp9FrameInfo => {
  const reader = new BitReader(frame, FAULT)
  const marker = reader.bits(2)
  if (marker !== FRAME_MARKER) throw new ProtocolError(FAULT, `frame_marker is ${marker}, ${FRAME_MARKER} is right`)
  const profile = reader.bits(1) + reader.bits(1) * 2
  if (profile === 3 && reader.flag()) throw new ProtocolError(FAULT, 'a profile above 3')
  const showsExisting = reader.flag()
  const keyFrame = !showsExisting && !reader.flag()
  if (!keyFrame) return { profile, keyFrame, picture: undefined }
  reader.skip(2) // show_frame, error_resilient_mode
  const sync = reader.bits(24)
  if (sync !== SYNC_CODE) throw new ProtocolError(FAULT, `sync code ${sync.toString(16)} in a key frame instead of ${SYNC_CODE.toString(16)}`)
  const color = parseColor(reader, profile)
  return { profile, keyFrame, picture: { width: reader.bits(16) + 1, height: reader.bits(16) + 1, ...color } }
}

/** Whether two key frames have the same size and format. */
export const isSamePicture = (a: Vp9Picture | undefined, b: Vp9Picture | undefined): boolean =>
  a?.width === b?.width && a?.height === b?.height && a?.bitDepth === b?.bitDepth && a?.subsamplingX === b?.subsamplingX && a?.subsamplingY === b?.subsamplingY

/** Whether a frame, or the first bytes of one, is a key frame. False for what is no VP9. */
export const isVp9KeyFrame = (frame: Uint8Array): boolean => {
  const first = frame[0] ?? 0
  if (first >> 6 !== FRAME_MARKER) return false
  const profile3 = (first & 0x30) === 0x30
  // reserved_zero (profile 3 only), show_existing_frame, frame_type: all 0.
  return (first & (profile3 ? 0x0e : 0x0c)) === 0
}

/** The `codecs` parameter of the VP codec ISO media file format binding: `vp09.00.31.08`. */
export const vp9CodecString = (profile: number, { width, height, bitDepth }: Vp9Picture): string =>
  `vp09.${[profile, vp9Level(width, height), bitDepth].map((number) => String(number).padStart(2, '0')).join('.')}`

/** The least level whose pictures are as large, ten times: 31 is 3.1. By size alone: the rate is not in the stream. */
export const vp9Level = (width: number, height: number): number => {
  const samples = width * height
  const side = Math.max(width, height)
  return LEVELS.find(([, maxSamples, maxSide]) => samples <= maxSamples && side <= maxSide)?.[0] ?? 62
}

/** Level, luma samples, longest side: annex A of the specification. */
const LEVELS: readonly (readonly [level: number, maxSamples: number, maxSide: number])[] = [
  [10, 36_864, 512],
  [11, 73_728, 768],
  [20, 122_880, 960],
  [21, 245_760, 1344],
  [30, 552_960, 2048],
  [31, 983_040, 2752],
  [40, 2_228_224, 4160],
  [50, 8_912_896, 8384],
  [60, 35_651_584, 16_832],
]

const parseColor = (reader: BitReader, profile: number): Pick<Vp9Picture, 'bitDepth' | 'subsamplingX' | 'subsamplingY'> => {
  const bitDepth = profile < 2 ? 8 : reader.flag() ? 12 : 10
  const isRgb = reader.bits(3) === COLOR_SPACE_RGB
  if (!isRgb) reader.skip(1) // color_range
  const isOdd = (profile & 1) === 1
  if (isRgb && !isOdd) throw new ProtocolError(FAULT, `RGB in profile ${profile}, which has 4:2:0 only`)
  const subsamplingX = isRgb ? false : isOdd ? reader.flag() : true
  const subsamplingY = isRgb ? false : isOdd ? reader.flag() : true
  if (isOdd) reader.skip(1) // reserved_zero
  return { bitDepth, subsamplingX, subsamplingY }
}
