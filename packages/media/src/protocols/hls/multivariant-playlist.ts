import { codecString } from '../../containers/mp4/codec-string.ts'
import { pictureSize } from '../../containers/mp4/picture-size.ts'
import type { Mp4Codec } from '../../containers/mp4/track.ts'

export type Variant = {
  readonly uri: string
  readonly codecs: readonly Mp4Codec[]
  /** Bits a second. */
  readonly peakBitRate: number
  readonly averageBitRate: number
  /** As measured, for streams whose parameters do not tell. */
  readonly frameRate: number | undefined
}

/** Room in BANDWIDTH for segments that are yet to come. */
const BANDWIDTH_MARGIN = 1.25

/**
 * The multivariant playlist with its one variant, RFC 8216bis section 4.4.6.
 * @throws ProtocolError if a video codec's parameters cannot be read
 */
export const encodeMultivariantPlaylist = (variant: Variant): string => {
  const attributes = [`BANDWIDTH=${Math.max(1000, Math.ceil(variant.peakBitRate * BANDWIDTH_MARGIN))}`]
  if (variant.averageBitRate > 0) attributes.push(`AVERAGE-BANDWIDTH=${variant.averageBitRate}`)
  attributes.push(`CODECS="${variant.codecs.map(codecString).join(',')}"`)
  const video = variant.codecs.find((codec) => codec.kind === 'video')
  if (video) {
    const { width, height, frameRate = variant.frameRate } = pictureSize(video)
    attributes.push(`RESOLUTION=${width}x${height}`)
    if (frameRate !== undefined) attributes.push(`FRAME-RATE=${frameRate.toFixed(3)}`)
  }
  return `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:${attributes.join(',')}\n${variant.uri}\n`
}
