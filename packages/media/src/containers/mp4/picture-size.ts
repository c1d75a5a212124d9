import { parseAv1Sequence } from '../../codecs/av1-sequence.ts'
import { parseSps } from '../../codecs/h264-sps.ts'
import { parseH265Sps } from '../../codecs/h265-sps.ts'
import type { Mp4VideoCodec } from './track.ts'

export type PictureSize = {
  readonly width: number
  readonly height: number
  /** Frames a second; undefined where the parameters do not tell. */
  readonly frameRate: number | undefined
}

/**
 * The size of a track's pictures, in pixels, as its parameters tell it.
 * @throws ProtocolError if they cannot be read
 */
export const pictureSize = (codec: Mp4VideoCodec): PictureSize => {
  if (codec.name === 'h264') return parseSps(codec.sps)
  const { width, height } = codec.name === 'vp9' ? codec.picture : codec.name === 'h265' ? parseH265Sps(codec.sps) : parseAv1Sequence(codec.sequenceHeader)
  return { width, height, frameRate: undefined }
}
