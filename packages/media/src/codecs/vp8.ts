import { ProtocolError } from '../bytes/protocol-error.ts'

/** What a VP8 frame says of itself, RFC 6386 section 9.1. */
export type Vp8FrameInfo = {
  readonly keyFrame: boolean
  /** 0 to 3: which simplifications the decoder may rely on. */
  readonly version: number
  readonly shown: boolean
  /** In pixels, of key frames only. */
  readonly size: { readonly width: number; readonly height: number } | undefined
}

/** Whether a frame, or the first bytes of one, is a key frame. False for no bytes. */
export const isVp8KeyFrame = (frame: Uint8Array): boolean => frame.length > 0 && ((frame[0] as number) & 1) === 0

/**
 * Reads the frame tag, and the size that follows it in key frames:
 * ```
 * | size of first partition (19) | show (1) | version (3) | !key (1) |   3 bytes, least significant first
 * | 9d 01 2a | width (14) + scale (2) | height (14) + scale (2) |        key frames
 * ```
 * @throws ProtocolError `vp8/frame`
 */
export const parseVp8Frame = (frame: Uint8Array): Vp8FrameInfo => {
  const [first = 0, , , start0, start1, start2, width0 = 0, width1 = 0, height0 = 0, height1 = 0] = frame
  const keyFrame = (first & 1) === 0
  const needed = keyFrame ? 10 : 3
  if (frame.length < needed) throw new ProtocolError('vp8/frame', `${frame.length} bytes, a VP8 frame of its kind has at least ${needed}`)
  const info = { keyFrame, version: (first >> 1) & 7, shown: (first & 0x10) !== 0 }
  if (!keyFrame) return { ...info, size: undefined }
  if (start0 !== 0x9d || start1 !== 0x01 || start2 !== 0x2a) throw new ProtocolError('vp8/frame', 'a VP8 key frame without its start code 9d 01 2a')
  return { ...info, size: { width: ((width1 & 0x3f) << 8) | width0, height: ((height1 & 0x3f) << 8) | height0 } }
}
