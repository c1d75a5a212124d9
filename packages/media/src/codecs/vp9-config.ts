import type { Vp9Picture } from './vp9.ts'
import { vp9Level } from './vp9.ts'

/** CICP code points of what a stream says nothing of: BT.709, as video is commonly. */
const BT709 = 1

/**
 * VPCodecConfigurationBox without its header, VP codec ISO media file format binding section 2.2; the box has version 1.
 */
export const encodeVp9Config = (profile: number, picture: Vp9Picture): Uint8Array => {
  const { width, height, bitDepth } = picture
  return Uint8Array.of(profile, vp9Level(width, height), (bitDepth << 4) | (chromaSubsampling(picture) << 1), BT709, BT709, BT709, 0, 0)
}

/** 0: 4:2:0, 2: 4:2:2, 3: 4:4:4. */
const chromaSubsampling = ({ subsamplingX, subsamplingY }: Vp9Picture): number => (subsamplingX ? (subsamplingY ? 0 : 2) : 3)
