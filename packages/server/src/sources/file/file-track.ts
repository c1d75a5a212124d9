import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { AAC_FRAME_SAMPLES, aacCodec } from '@millrace/media/codecs/aac.ts'
import { isAv1RandomAccess, OBU_TYPE, obuType, splitObus } from '@millrace/media/codecs/av1-obu.ts'
import type { Codec } from '@millrace/media/codecs/codec.ts'
import { decodeAvcConfig } from '@millrace/media/codecs/h264-avcc.ts'
import { DtsEstimator } from '@millrace/media/codecs/h264-dts.ts'
import { isRandomAccess, splitLengthPrefixed } from '@millrace/media/codecs/h264-nal.ts'
import { parseSps } from '@millrace/media/codecs/h264-sps.ts'
import { decodeHevcConfig } from '@millrace/media/codecs/h265-hvcc.ts'
import { isH265RandomAccess } from '@millrace/media/codecs/h265-nal.ts'
import { parseH265Sps } from '@millrace/media/codecs/h265-sps.ts'
import { opusDuration } from '@millrace/media/codecs/opus.ts'
import { parseVp9Frame } from '@millrace/media/codecs/vp9.ts'
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
  readonly #payload: (packet: EncodedPacket) => Payload
  readonly #maxReorder: number

  constructor(track: InputTrack, firstSeconds: number, { codec, payload, maxReorder }: Readable) {
    this.codec = codec
    this.firstSeconds = firstSeconds
    this.#sink = new EncodedPacketSink(track)
    this.#maxReorder = maxReorder
    this.#payload = payload
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

type Payload = Pick<FileUnit, 'randomAccess' | 'data'>
type Readable = { readonly codec: Codec; readonly payload: (packet: EncodedPacket) => Payload; readonly maxReorder: number }

/** @returns undefined for codecs that are not carried; ProtocolError for those that are, but are damaged */
export const readCodec = async (track: InputTrack): Promise<Readable | undefined> => {
  const config = (await (track as unknown as { getDecoderConfig(): Promise<DecoderConfig | null> }).getDecoderConfig()) ?? {}
  const { description } = config
  switch (await track.getCodec()) {
    case 'avc': {
      if (!description) return undefined
      const { sps, pps, nalLengthSize } = decodeAvcConfig(description)
      const payload = pictures(nalLengthSize, isRandomAccess)
      return { codec: { kind: 'video', name: 'h264', clockRate: 90000, sps, pps }, payload, maxReorder: parseSps(sps).maxNumReorderFrames }
    }
    case 'hevc': {
      if (!description) return undefined
      const { nalLengthSize, ...sets } = decodeHevcConfig(description)
      const payload = pictures(nalLengthSize, isH265RandomAccess)
      return { codec: { kind: 'video', name: 'h265', clockRate: 90000, ...sets }, payload, maxReorder: parseH265Sps(sets.sps).maxNumReorderFrames }
    }
    case 'vp8':
      return { codec: { kind: 'video', name: 'vp8', clockRate: 90000 }, payload: frame, maxReorder: 0 }
    case 'vp9': {
      const { profile, picture } = parseVp9Frame(await firstPacket(track))
      return { codec: { kind: 'video', name: 'vp9', clockRate: 90000, profile, picture }, payload: frame, maxReorder: 0 }
    }
    case 'av1': {
      const sequenceHeader = splitObus(await firstPacket(track)).find((obu) => obuType(obu) === OBU_TYPE.SEQUENCE_HEADER)
      return { codec: { kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader }, payload: temporalUnit, maxReorder: 0 }
    }
    case 'aac':
      return description && { codec: aacCodec(description), payload: sound, maxReorder: 0 }
    case 'opus': {
      const channels = config.numberOfChannels ?? 2
      // Above two channels a packet's layout is told outside of it.
      return channels <= 2 ? { codec: { kind: 'audio', name: 'opus', clockRate: 48000, channels }, payload: sound, maxReorder: 0 } : undefined
    }
    default:
      return undefined
  }
}

const firstPacket = async (track: InputTrack): Promise<Uint8Array> => (await new EncodedPacketSink(track).getFirstPacket())?.data ?? new Uint8Array()

const sound = (packet: EncodedPacket): Payload => ({ randomAccess: true, data: [packet.data] })

const frame = (packet: EncodedPacket): Payload => ({ randomAccess: packet.type === 'key', data: [packet.data] })

const temporalUnit = (packet: EncodedPacket): Payload => {
  const data = splitObus(packet.data)
  return { randomAccess: isAv1RandomAccess(data), data }
}

const pictures =
  (nalLengthSize: 1 | 2 | 4, isRandomAccess: (nals: readonly Uint8Array[]) => boolean) =>
  (packet: EncodedPacket): Payload => {
    const data = splitLengthPrefixed(packet.data, nalLengthSize)
    if (data.length === 0) throw new ProtocolError('file/empty-picture', 'a picture has no NAL units')
    return { randomAccess: isRandomAccess(data), data }
  }
