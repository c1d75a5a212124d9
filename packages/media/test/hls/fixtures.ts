import { aacCodec } from '../../src/codecs/aac.ts'
import type { AacCodec, OpusCodec } from '../../src/codecs/codec.ts'
import type { Mp4H264Codec } from '../../src/containers/mp4/track.ts'
import type { MediaUnit } from '../../src/protocols/hls/media-unit.ts'

export const hex = (text: string): Uint8Array => Uint8Array.from(text.replaceAll(/\s/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))

/** Constrained Baseline, 640x360, 30 pictures a second. */
export const H264: Mp4H264Codec = {
  kind: 'video',
  name: 'h264',
  clockRate: 90000,
  sps: hex('6742c01ed900a02ff970110000030001000003003c0f162e48'),
  pps: hex('68cb83cb20'),
}

/** The same at 1280x720. */
export const H264_720P: Mp4H264Codec = { ...H264, sps: hex('6742c01fd9005005bb0110000003001000000303c0f1832480') }

/** AAC-LC, 48 kHz, stereo. */
export const AAC: AacCodec = aacCodec(hex('1190'))

export const OPUS: OpusCodec = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 }

const IDR = hex('65b80004')
const SLICE = hex('41e20001')

/** @param atS decoding time, which is when it arrives too */
export const picture = (atS: number, key: boolean, extra: Partial<MediaUnit> = {}): MediaUnit => {
  const dts = Math.round(atS * 90000)
  return { pts: dts, dts, randomAccess: key, data: [key ? IDR : SLICE], arrivalMs: atS * 1000, ...extra }
}

/** One frame of sound at 48 kHz. */
export const sound = (atS: number): MediaUnit => {
  const dts = Math.round(atS * 48000)
  return { pts: dts, dts, randomAccess: true, data: [Uint8Array.of(0x21, 1, 2, 3)], arrivalMs: atS * 1000 }
}
