import { formatOpusMultistream, type OpusMultistream } from './opus-multistream.ts'
import type { Vp9Picture } from './vp9.ts'

/**
 * What a track carries. Parameters are those that a decoder needs before the first unit.
 * `clockRate` of a track is in hertz: 90000 for video, the sampling rate for audio (48000 for Opus; G.722 counts otherwise).
 */
export type Codec = VideoCodec | AudioCodec
export type VideoCodec = H264Codec | H265Codec | Vp8Codec | Vp9Codec | Av1Codec
export type AudioCodec = AacCodec | OpusCodec | G711Codec | G722Codec

export type H264Codec = {
  readonly kind: 'video'
  readonly name: 'h264'
  readonly clockRate: 90000
  /** NAL units without start code; absent until the stream has told them. */
  readonly sps: Uint8Array | undefined
  readonly pps: Uint8Array | undefined
}

export type H265Codec = {
  readonly kind: 'video'
  readonly name: 'h265'
  readonly clockRate: 90000
  /** NAL units without start code; absent until the stream has told them. */
  readonly vps: Uint8Array | undefined
  readonly sps: Uint8Array | undefined
  readonly pps: Uint8Array | undefined
}

export type Vp8Codec = {
  readonly kind: 'video'
  readonly name: 'vp8'
  readonly clockRate: 90000
}

export type Vp9Codec = {
  readonly kind: 'video'
  readonly name: 'vp9'
  readonly clockRate: 90000
  /** 0 to 3; 0 until the stream has told another. */
  readonly profile: number
  /** Size and format of the newest key frame; absent until there was one. */
  readonly picture?: Vp9Picture | undefined
}

export type Av1Codec = {
  readonly kind: 'video'
  readonly name: 'av1'
  readonly clockRate: 90000
  /** Sequence header OBU with its header, without a size field; absent until the stream has told it. */
  readonly sequenceHeader: Uint8Array | undefined
}

export type AacCodec = {
  readonly kind: 'audio'
  readonly name: 'aac'
  /** Sampling rate of the core stream, in hertz. */
  readonly clockRate: number
  readonly channels: number
  /** AudioSpecificConfig, ISO/IEC 14496-3 section 1.6.2.1. */
  readonly config: Uint8Array
}

export type OpusCodec = {
  readonly kind: 'audio'
  readonly name: 'opus'
  readonly clockRate: 48000
  /** 1 or 2, and up to 8 with `multistream`. */
  readonly channels: number
  /** Of surround sound alone. */
  readonly multistream?: OpusMultistream | undefined
}

export type G711Codec = {
  readonly kind: 'audio'
  readonly name: 'pcmu' | 'pcma'
  /** 8000 but for odd cameras. */
  readonly clockRate: number
  readonly channels: number
}

export type G722Codec = {
  readonly kind: 'audio'
  readonly name: 'g722'
  /** 8000, although it samples 16000 times a second: an old mistake that RFC 3551 section 4.5.2 keeps. Each octet is one tick. */
  readonly clockRate: 8000
  readonly channels: number
}

/** Name for people: `H.264`, `AAC`. */
export const codecLabel = (codec: Codec): string => CODEC_LABELS[codec.name]

const CODEC_LABELS = {
  h264: 'H.264',
  h265: 'H.265',
  vp8: 'VP8',
  vp9: 'VP9',
  av1: 'AV1',
  aac: 'AAC',
  opus: 'Opus',
  pcmu: 'G.711 µ-law',
  pcma: 'G.711 A-law',
  g722: 'G.722',
} as const satisfies Record<Codec['name'], string>

/**
 * Whether readers that were set up for `before` can go on with `after`: same codec, clock and channels.
 * Parameter sets may differ, since every reader protocol can carry new ones.
 */
export const isCompatible = (before: Codec, after: Codec): boolean => {
  if (before.name !== after.name || before.clockRate !== after.clockRate) return false
  if (before.name === 'opus' && after.name === 'opus' && layoutOf(before) !== layoutOf(after)) return false
  return before.kind === 'video' || after.kind === 'video' || before.channels === after.channels
}

const layoutOf = ({ multistream }: OpusCodec): string => (multistream ? formatOpusMultistream(multistream) : '')
