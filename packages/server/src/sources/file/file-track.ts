import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { AAC_FRAME_SAMPLES, aacCodec } from '@millrace/media/codecs/aac.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { decodeAvcConfig } from '@millrace/media/codecs/h264-avcc.ts'
import { DtsEstimator } from '@millrace/media/codecs/h264-dts.ts'
import { isRandomAccess, splitLengthPrefixed } from '@millrace/media/codecs/h264-nal.ts'
import { parseSps } from '@millrace/media/codecs/h264-sps.ts'
import { opusDuration } from '@millrace/media/codecs/opus.ts'
import { type EncodedPacket, EncodedPacketSink, type InputTrack } from 'mediabunny'

/** A coded picture or audio frame of a file; times are ticks of the track's clock, from the start of the first pass over the file. */
export type FileUnit = {
  /** Position in `MediaFile.tracks`. */
  readonly track: number
  readonly pts: number
  readonly dts: number
  /** When it is due, in milliseconds from the start of the first pass. */
  readonly dueMs: number
  readonly randomAccess: boolean
  readonly data: readonly Uint8Array[]
}

/** What mediabunny tells of a decoder, as far as it is used here; its own type needs a browser's declarations. */
type DecoderConfig = { readonly description?: Uint8Array; readonly numberOfChannels?: number }

/** A track of a file that can be published. */
export class FileTrack {
  readonly codec: Codec
  /** Time of its first packet, in seconds on the file's timeline. */
  readonly firstSeconds: number
  readonly #sink: EncodedPacketSink
  readonly #payload: (packet: EncodedPacket) => Pick<FileUnit, 'randomAccess' | 'data'>
  readonly #maxReorder: number

  constructor(track: InputTrack, firstSeconds: number, { codec, nalLengthSize, maxReorder }: Readable) {
    this.codec = codec
    this.firstSeconds = firstSeconds
    this.#sink = new EncodedPacketSink(track)
    this.#maxReorder = maxReorder
    this.#payload = nalLengthSize ? (packet) => picture(packet.data, nalLengthSize) : (packet) => ({ randomAccess: true, data: [packet.data] })
  }

  /**
   * Its packets in decoding order, once through the file.
   * @param index position in `MediaFile.tracks`
   * @param originSeconds what is added to the file's times
   * @returns how long the track lasts, in seconds
   */
  async *units(index: number, originSeconds: number): AsyncGenerator<FileUnit, number> {
    const { clockRate } = this.codec
    const dtsEstimator = new DtsEstimator(this.#maxReorder)
    let expected = Number.NaN
    let ticks = 0
    let end = 0
    for (let packet = await this.#sink.getFirstPacket(); packet; packet = await this.#sink.getNextPacket(packet)) {
      const exact = Math.round((packet.timestamp + originSeconds) * clockRate)
      const pts = Math.abs(exact - expected) <= ROUNDING_SECONDS * clockRate ? expected : exact
      // The last packet of some files has no duration of its own: it lasts as long as the one before.
      ticks = frameTicks(this.codec, packet.data) ?? (Math.round(packet.duration * clockRate) || ticks)
      if (this.codec.kind === 'audio') expected = pts + ticks
      end = Math.max(end, pts + ticks)
      const dts = dtsEstimator.next(pts)
      yield { track: index, pts, dts, dueMs: (dts * 1000) / clockRate, ...this.#payload(packet) }
    }
    return end / clockRate - originSeconds - this.firstSeconds
  }
}

/** Matroska rounds to milliseconds: sound that is off by less than this, in seconds, follows what was before without a gap. */
const ROUNDING_SECONDS = 0.002

const frameTicks = (codec: Codec, packet: Uint8Array): number | undefined => {
  if (codec.name === 'aac') return AAC_FRAME_SAMPLES
  return codec.name === 'opus' ? opusDuration(packet) : undefined
}

type Readable = { readonly codec: Codec; readonly nalLengthSize?: 1 | 2 | 4; readonly maxReorder: number }

/** @returns undefined for codecs that are not carried; ProtocolError for those that are, but are damaged */
export const readCodec = async (track: InputTrack): Promise<Readable | undefined> => {
  const config = (await (track as unknown as { getDecoderConfig(): Promise<DecoderConfig | null> }).getDecoderConfig()) ?? {}
  const { description } = config
  switch (await track.getCodec()) {
    case 'avc': {
      if (!description) return undefined
      const { sps, pps, nalLengthSize } = decodeAvcConfig(description)
      return { codec: { kind: 'video', name: 'h264', clockRate: 90000, sps, pps }, nalLengthSize, maxReorder: parseSps(sps).maxNumReorderFrames }
    }
    case 'aac':
      return description && { codec: aacCodec(description), maxReorder: 0 }
    case 'opus': {
      const channels = config.numberOfChannels ?? 2
      // Above two channels a packet's layout is told outside of it.
      return channels <= 2 ? { codec: { kind: 'audio', name: 'opus', clockRate: 48000, channels }, maxReorder: 0 } : undefined
    }
    default:
      return undefined
  }
}

const picture = (bytes: Uint8Array, nalLengthSize: 1 | 2 | 4): Pick<FileUnit, 'randomAccess' | 'data'> => {
  const data = splitLengthPrefixed(bytes, nalLengthSize)
  if (data.length === 0) throw new ProtocolError('file/empty-picture', 'a picture has no NAL units')
  return { randomAccess: isRandomAccess(data), data }
}
