import type { AacCodec, Av1Codec, Codec, H264Codec, H265Codec, OpusCodec, Vp9Codec } from '../../codecs/codec.ts'
import type { Vp9Picture } from '../../codecs/vp9.ts'

/** H.264 whose parameter sets are known. */
export type Mp4H264Codec = H264Codec & { readonly sps: Uint8Array; readonly pps: Uint8Array }

/** H.265 whose parameter sets are known. */
export type Mp4H265Codec = H265Codec & { readonly vps: Uint8Array; readonly sps: Uint8Array; readonly pps: Uint8Array }

/** AV1 whose sequence header is known. */
export type Mp4Av1Codec = Av1Codec & { readonly sequenceHeader: Uint8Array }

/** VP9 whose first key frame was seen. */
export type Mp4Vp9Codec = Vp9Codec & { readonly picture: Vp9Picture }

export type Mp4VideoCodec = Mp4H264Codec | Mp4H265Codec | Mp4Av1Codec | Mp4Vp9Codec

/** What this writer can put into MP4. */
export type Mp4Codec = Mp4VideoCodec | AacCodec | OpusCodec

export type Mp4Track = {
  /** Counts from 1. */
  readonly id: number
  readonly codec: Mp4Codec
}

/** Whether a codec can go into MP4 at all; a video track also needs its parameters before the init segment can be made. */
export const fitsMp4 = ({ name }: Codec): boolean => CARRIED.has(name)

const CARRIED: ReadonlySet<Codec['name']> = new Set(['h264', 'h265', 'av1', 'vp9', 'aac', 'opus'])

/** The codec as the init segment needs it, or undefined as long as its parameters are missing. */
export const mp4Codec = (codec: Codec): Mp4Codec | undefined => {
  if (codec.name === 'aac' || codec.name === 'opus') return codec
  if (codec.name === 'h264' && codec.sps && codec.pps) return { ...codec, sps: codec.sps, pps: codec.pps }
  if (codec.name === 'h265' && codec.vps && codec.sps && codec.pps) return { ...codec, vps: codec.vps, sps: codec.sps, pps: codec.pps }
  if (codec.name === 'vp9' && codec.picture) return { ...codec, picture: codec.picture }
  if (codec.name === 'av1' && codec.sequenceHeader) return { ...codec, sequenceHeader: codec.sequenceHeader }
  return undefined
}
