import type { AacCodec, Codec, H264Codec, OpusCodec } from '../../codecs/codec.ts'

/** H.264 whose parameter sets are known. */
export type Mp4H264Codec = H264Codec & { readonly sps: Uint8Array; readonly pps: Uint8Array }

/** What this writer can put into MP4. */
export type Mp4Codec = Mp4H264Codec | AacCodec | OpusCodec

export type Mp4Track = {
  /** Counts from 1. */
  readonly id: number
  readonly codec: Mp4Codec
}

/** Whether a codec can go into MP4 at all; an H.264 track also needs its parameter sets before the init segment can be made. */
export const fitsMp4 = (codec: Codec): boolean => codec.name === 'h264' || codec.name === 'aac' || codec.name === 'opus'

/** The codec as the init segment needs it, or undefined as long as its parameters are missing. */
export const mp4Codec = (codec: Codec): Mp4Codec | undefined => {
  if (codec.name === 'aac' || codec.name === 'opus') return codec
  if (codec.name === 'h264' && codec.sps && codec.pps) return { ...codec, sps: codec.sps, pps: codec.pps }
  return undefined
}
