import { ProtocolError } from '../../bytes/protocol-error.ts'
import { parseAv1Sequence } from '../../codecs/av1-sequence.ts'
import { parseSps } from '../../codecs/h264-sps.ts'
import { parseH265Sps } from '../../codecs/h265-sps.ts'
import { parseVp8Frame } from '../../codecs/vp8.ts'
import type { Track } from '../../hub/track.ts'
import { decodeVp8Descriptor } from '../../protocols/rtp/vp8-payload.ts'

export type PictureSize = { readonly width: number; readonly height: number }

/** How large a track's pictures are, by its parameters or its newest key frame; undefined while neither has told. */
export const pictureSize = (track: Track): PictureSize | undefined => {
  try {
    return sizeOf(track)
  } catch (error) {
    // What cannot be read is told where it is decoded.
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

const sizeOf = ({ codec, ring }: Track): PictureSize | undefined => {
  switch (codec.name) {
    case 'h264':
      return codec.sps && only(parseSps(codec.sps))
    case 'h265':
      return codec.sps && only(parseH265Sps(codec.sps))
    case 'av1':
      return codec.sequenceHeader && only(parseAv1Sequence(codec.sequenceHeader))
    case 'vp9':
      return codec.picture && only(codec.picture)
    case 'vp8': {
      const payload = ring.randomAccessSeq === undefined ? undefined : ring.get(ring.randomAccessSeq)?.payload
      return payload && parseVp8Frame(payload.subarray(decodeVp8Descriptor(payload).bytes)).size
    }
    default:
      return undefined
  }
}

const only = ({ width, height }: PictureSize): PictureSize => ({ width, height })
