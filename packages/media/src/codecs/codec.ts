/**
 * What a track carries. Parameters are those that a decoder needs before the first unit.
 * `clockRate` of a track is in hertz: 90000 for video, the sampling rate for audio (48000 for Opus).
 */
export type Codec = VideoCodec | AudioCodec
export type VideoCodec = H264Codec
export type AudioCodec = AacCodec | OpusCodec | G711Codec

export type H264Codec = {
  readonly kind: 'video'
  readonly name: 'h264'
  readonly clockRate: 90000
  /** NAL units without start code; absent until the stream has told them. */
  readonly sps: Uint8Array | undefined
  readonly pps: Uint8Array | undefined
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
  /** 1 or 2. */
  readonly channels: number
}

export type G711Codec = {
  readonly kind: 'audio'
  readonly name: 'pcmu' | 'pcma'
  /** 8000 but for odd cameras. */
  readonly clockRate: number
  readonly channels: number
}

/** Name for people: `H.264`, `AAC`. */
export const codecLabel = (codec: Codec): string => CODEC_LABELS[codec.name]

const CODEC_LABELS = {
  h264: 'H.264',
  aac: 'AAC',
  opus: 'Opus',
  pcmu: 'G.711 µ-law',
  pcma: 'G.711 A-law',
} as const satisfies Record<Codec['name'], string>

/**
 * Whether readers that were set up for `before` can go on with `after`: same codec, clock and channels.
 * Parameter sets may differ, since every reader protocol can carry new ones.
 */
export const isCompatible = (before: Codec, after: Codec): boolean => {
  if (before.name !== after.name || before.clockRate !== after.clockRate) return false
  return before.kind === 'video' || after.kind === 'video' || before.channels === after.channels
}
