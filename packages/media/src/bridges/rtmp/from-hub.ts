import type { Codec } from '../../codecs/codec.ts'
import type { Shared, Stream, UnitReader } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { encodeMetadata } from './metadata.ts'
import { encodeDataMessage, encodeHeader, encodeUnit, isCarried, isReady, ticksToMs } from './unit-encoder.ts'

/** Bounds of the encoded group of pictures that late players begin with; a group past them is forgotten. */
export const MAX_GROUP_BYTES = 16 * 1024 * 1024
export const MAX_GROUP_MESSAGES = 8192

/** Takes the chunks of one stream, which all players share. Must not throw and must not block. */
export type RtmpPlayer = {
  /** Metadata or a sequence header: must not be dropped. */
  onHeader(bytes: Uint8Array): void
  /** @param randomAccess a slow player may go on from here */
  onMedia(bytes: Uint8Array, randomAccess: boolean): void
}

type EncodedMessage = { readonly bytes: Uint8Array; readonly randomAccess: boolean }

const SHARE_KEY = 'rtmp'

/** The stream's muxer, made by the first player that asks. To be given back with `releaseRtmpMuxer`. */
export const shareRtmpMuxer = (stream: Stream): RtmpMuxer => stream.share(SHARE_KEY, () => new RtmpMuxer(stream))

export const releaseRtmpMuxer = (stream: Stream): void => stream.release(SHARE_KEY)

/**
 * Makes RTMP chunks of a stream's units, each once for all players. Since every message begins with a full header and goes to
 * message stream 1, the same bytes fit every player at any time.
 */
export class RtmpMuxer implements Shared, UnitReader {
  readonly #stream: Stream
  readonly #hasVideo: boolean
  /** By track: its units can be sent. */
  readonly #isReady: boolean[] = []
  /** Those that get everything, and those that wait for a key frame. */
  #live: RtmpPlayer[] = []
  #waiting: RtmpPlayer[] = []
  /** Since the newest key frame. */
  #group: EncodedMessage[] = []
  #groupBytes = 0
  #groupStartMs = 0
  #newestMs = 0

  constructor(stream: Stream) {
    this.#stream = stream
    this.#hasVideo = this.carried.some(({ kind }) => kind === 'video')
    for (const track of stream.tracks) this.#isReady.push(isCarried(track.codec) && isReady(track.codec))
    stream.readUnits(this)
  }

  /** Codecs that players get. */
  get carried(): Codec[] {
    return this.#stream.tracks.map(({ codec }) => codec).filter(isCarried)
  }

  /** Codecs that RTMP cannot carry. */
  get missing(): Codec[] {
    return this.#stream.tracks.map(({ codec }) => codec).filter((codec) => !isCarried(codec))
  }

  /** The player gets headers and all since the last key frame at once, then what comes. */
  addPlayer(player: RtmpPlayer): void {
    const startMs = this.#group.length > 0 ? this.#groupStartMs : this.#newestMs
    player.onHeader(this.#metadata())
    for (const { codec } of this.#stream.tracks) sendHeader(player, codec, startMs)
    for (const { bytes, randomAccess } of this.#group) player.onMedia(bytes, randomAccess)
    if (this.#hasVideo && this.#group.length === 0) this.#waiting = [...this.#waiting, player]
    else this.#live = [...this.#live, player]
  }

  removePlayer(player: RtmpPlayer): void {
    this.#live = this.#live.filter((other) => other !== player)
    this.#waiting = this.#waiting.filter((other) => other !== player)
  }

  onUnit(track: Track, unit: Unit): void {
    if (!this.#isReady[track.index]) return
    const bytes = encodeUnit(track.codec, unit)
    if (!bytes) return
    this.#newestMs = ticksToMs(unit.dts, track.clockRate)
    const isVideo = track.codec.kind === 'video'
    if (isVideo && unit.randomAccess) {
      this.#clearGroup()
      this.#groupStartMs = this.#newestMs
      if (this.#waiting.length > 0) {
        this.#live = [...this.#live, ...this.#waiting]
        this.#waiting = []
      }
    }
    // Sound alone is no place to go on from where there are pictures.
    const randomAccess = this.#hasVideo ? isVideo && unit.randomAccess : unit.randomAccess
    this.#remember(bytes, randomAccess)
    const live = this.#live
    for (let i = 0; i < live.length; i++) (live[i] as RtmpPlayer).onMedia(bytes, randomAccess)
    if (isVideo) return
    const waiting = this.#waiting
    for (let i = 0; i < waiting.length; i++) (waiting[i] as RtmpPlayer).onMedia(bytes, randomAccess)
  }

  /** New parameters: the group so far does not fit them. */
  onCodecChange(track: Track): void {
    if (!isCarried(track.codec)) return
    if (track.codec.kind === 'video') this.#clearGroup()
    this.#isReady[track.index] = isReady(track.codec)
    const metadata = this.#metadata()
    for (const player of [...this.#live, ...this.#waiting]) {
      player.onHeader(metadata)
      sendHeader(player, track.codec, this.#newestMs)
    }
  }

  close(): void {
    this.#stream.stopReadingUnits(this)
    this.#clearGroup()
  }

  #metadata(): Uint8Array {
    return encodeDataMessage(encodeMetadata(this.carried))
  }

  #remember(bytes: Uint8Array, randomAccess: boolean): void {
    if (!this.#hasVideo || (this.#group.length === 0 && !randomAccess)) return
    this.#group.push({ bytes, randomAccess })
    this.#groupBytes += bytes.length
    if (this.#groupBytes > MAX_GROUP_BYTES || this.#group.length > MAX_GROUP_MESSAGES) this.#clearGroup()
  }

  #clearGroup(): void {
    this.#group = []
    this.#groupBytes = 0
  }
}

const sendHeader = (player: RtmpPlayer, codec: Codec, timestampMs: number): void => {
  const header = encodeHeader(codec, timestampMs)
  if (header) player.onHeader(header)
}
