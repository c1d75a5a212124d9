import type { Layer } from '../../hub/layer.ts'
import { MAX_PACKET_PAYLOAD, type Packet } from '../../hub/packet.ts'
import type { PacketReader, Shared, Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import { OutPacket } from './out-packet.ts'
import type { RtcViewer } from './rtc-viewer.ts'

/** Packets of catch-ups in one turn, for all viewers of a stream together: those who watch already wait two milliseconds for these. */
const CATCH_UP_PACKETS_PER_TURN = 256
/** For one viewer: with a turn each millisecond about 80 Mbit/s, which a browser on a busy machine still takes. */
const CATCH_UP_PACKETS_PER_VIEWER = 8

/** Packets that are gathered at most: as many as a viewer gets at once. */
const MAX_GATHERED = 10

/** Longer than usual groups of pictures, as key frames are large. */
const RATE_SPAN_MS = 3000

/** Less of a stream says too little of its rate. */
const LEAST_RATE_SPAN_MS = 300

/** A publisher that was asked for a key frame has sent it by then, in milliseconds, or will not. */
const KEY_FRAME_COMES_MS = 1000

/** For viewers whose path is too narrow, all together, a key frame is asked for at most so often: for everybody else it is a worse picture. */
const AFTER_CUT_MS = 4000

export type RtcFeedOptions = {
  /** One per track of the stream, different ones. All viewers of a stream get the same. */
  readonly ssrcs: readonly number[]
  /** Of the retransmissions, one per track, different from those of `ssrcs`. */
  readonly rtxSsrcs: readonly number[]
  /** The monotonic clock, in milliseconds. */
  readonly now: () => number
  /** Wall-clock time of zero on the monotonic clock, in milliseconds since 1970. */
  readonly wallOffsetMs: number
  /** Calls back when all that came together was handed in; without it nothing waits for more. */
  readonly later?: ((deliver: () => void) => void) | undefined
  /** A catch-up begins: call `catchUp` each millisecond or so until it returns false. */
  readonly onCatchUp: () => void
}

/** A stream as all its WebRTC viewers share it. */
export class RtcFeed implements PacketReader, Shared {
  readonly ssrcs: readonly number[]
  readonly rtxSsrcs: readonly number[]
  readonly onCatchUp: () => void
  /** For packets that one viewer gets. */
  readonly scratch = new OutPacket()
  /** What the stream's pictures take, in bits per second; infinite while that is not known. */
  streamBps = Number.POSITIVE_INFINITY
  readonly #stream: Stream
  readonly #options: RtcFeedOptions
  readonly #now: () => number
  readonly #wallOffsetMs: number
  /** When the publisher was asked for a key frame, by track. */
  readonly #askedMs: number[] = []
  /** The same, for viewers of which pictures were left out. */
  readonly #cutMs: number[] = []
  /** Packets of one track or layer that wait to be delivered, and the same made ready. */
  readonly #gathered: Packet[] = []
  readonly #ready: OutPacket[] = []
  #gatheredFrom: Track | undefined
  #isLater = false
  #viewers: RtcViewer[] = []
  /** Wall-clock time of zero on the stream's timeline; known with the first packet. */
  #zeroWallMs: number | undefined
  #nextViewer = 0
  #rateSinceMs: number | undefined
  #rateBytes = 0

  constructor(stream: Stream, options: RtcFeedOptions) {
    this.ssrcs = options.ssrcs
    this.rtxSsrcs = options.rtxSsrcs
    this.#options = options
    this.#now = options.now
    this.onCatchUp = options.onCatchUp
    this.#stream = stream
    this.#wallOffsetMs = options.wallOffsetMs
    stream.readPackets(this)
    for (const track of stream.tracks) {
      const newest = track.ring.get(track.ring.newestSeq)
      if (newest) this.#learnTime(track, newest)
    }
    this.streamBps = rateSinceKeyFrame(stream.tracks)
  }

  close(): void {
    this.#stream.stopReadingPackets(this)
  }

  addViewer(viewer: RtcViewer): void {
    // What is gathered is in the rings already: it finds nobody who gets it a second time from there.
    this.deliver()
    viewer.start(this.#now())
    this.#viewers.push(viewer)
    if (viewer.catchingUp) this.onCatchUp()
  }

  removeViewer(viewer: RtcViewer): void {
    this.#viewers = this.#viewers.filter((other) => other !== viewer)
  }

  onPacket(track: Track, packet: Packet): void {
    if (this.#zeroWallMs === undefined) this.#learnTime(track, packet)
    if (track.codec.kind === 'video') this.#measureRate(packet.arrivalMs, packet.payload.length)
    this.#gather(track, packet)
  }

  onLayerPacket(_track: Track, layer: Layer, packet: Packet): void {
    if (this.#viewers.length > 0) this.#gather(layer.track, packet)
  }

  onLayersChange(track: Track): void {
    const nowMs = this.#now()
    for (const viewer of this.#viewers) viewer.chooseLayer(nowMs, track.index)
  }

  /**
   * Gathers the packets of a picture that come together, so that each viewer gets them one behind the other: they are sent for less than
   * one by one, and nobody has the whole picture later for it.
   * @param from the track, or a layer of it
   */
  #gather(from: Track, packet: Packet): void {
    if (packet.payload.length > MAX_PACKET_PAYLOAD) return
    if (this.#gathered.length > 0 && this.#gatheredFrom !== from) this.deliver()
    this.#gatheredFrom = from
    this.#gathered.push(packet)
    const { later } = this.#options
    if (!later || packet.marker || this.#gathered.length === MAX_GATHERED || from.codec.kind === 'audio') this.deliver()
    else if (!this.#isLater) {
      this.#isLater = true
      later(this.#deliverLater)
    }
  }

  readonly #deliverLater = (): void => {
    this.#isLater = false
    this.deliver()
  }

  /** Sends what was gathered to all who are up to date. */
  deliver(): void {
    const packets = this.#gathered
    const from = this.#gatheredFrom
    const viewers = this.#viewers
    if (packets.length === 0 || !from) return
    const { index } = from
    // One look at the clock for all: who comes later in the list is always as late, so differences of times stay right.
    const nowMs = this.#now()
    for (let n = 0; n < packets.length && viewers.length > 0; n++) (this.#ready[n] ??= new OutPacket()).load(packets[n] as Packet)
    let behind = false
    for (let i = 0; i < viewers.length; i++) {
      const viewer = viewers[i] as RtcViewer
      const out = viewer.tracks[index]
      for (let n = 0; n < packets.length && out?.takes(from); n++) {
        if (out.onPacket(nowMs, this.#ready[n] as OutPacket, from, packets[n] as Packet, viewer.to)) behind = true
      }
    }
    packets.length = 0
    if (behind) this.onCatchUp()
  }

  /**
   * Sends what viewers that are behind may have now.
   * @returns whether some are behind still
   */
  catchUp(): boolean {
    this.deliver()
    const viewers = this.#viewers
    const nowMs = this.#now()
    let left = CATCH_UP_PACKETS_PER_TURN
    let behind = false
    for (let i = 0; i < viewers.length; i++) {
      // Each turn begins with another viewer, so that the bound is shared fairly.
      const viewer = viewers[(this.#nextViewer + i) % viewers.length] as RtcViewer
      if (!viewer.catchingUp) continue
      if (left > 0) left -= viewer.catchUp(nowMs, Math.min(left, CATCH_UP_PACKETS_PER_VIEWER), this.scratch)
      if (!behind && viewer.catchingUp) {
        behind = true
        if (left === 0) this.#nextViewer = (this.#nextViewer + i) % viewers.length
      }
    }
    return behind
  }

  /**
   * The RTP timestamp of now, for sender reports: audio and video have one timeline, so players keep them in step.
   * @param wallMs milliseconds since 1970
   */
  timestampAt(wallMs: number, clockRate: number): number {
    const ticks = Math.round(((wallMs - (this.#zeroWallMs ?? wallMs)) * clockRate) / 1000)
    return ((ticks % 2 ** 32) + 2 ** 32) % 2 ** 32
  }

  /**
   * A viewer needs a picture where decoding can start.
   * @returns whether the publisher is about to send one
   */
  askForKeyFrame(track: Track, nowMs: number): boolean {
    if (this.#stream.requestKeyFrame(track, nowMs)) this.#askedMs[track.index] = nowMs
    return nowMs - (this.#askedMs[track.index] ?? Number.NEGATIVE_INFINITY) < KEY_FRAME_COMES_MS
  }

  /** Whether the publisher may be asked for a key frame of the track, or of a layer of it, because pictures were left out. */
  mayAskAfterCut({ index }: Track, nowMs: number): boolean {
    return nowMs - (this.#cutMs[index] ?? Number.NEGATIVE_INFINITY) >= AFTER_CUT_MS
  }

  askedAfterCut({ index }: Track, nowMs: number): void {
    this.#cutMs[index] = nowMs
  }

  /** Wall-clock time of a moment of the monotonic clock, as in the sender reports. */
  wallMs(nowMs: number): number {
    return this.#wallOffsetMs + nowMs
  }

  #measureRate(nowMs: number, byteLength: number): void {
    this.#rateSinceMs ??= nowMs
    this.#rateBytes += byteLength
    const spanMs = nowMs - this.#rateSinceMs
    if (spanMs < RATE_SPAN_MS) return
    this.streamBps = (this.#rateBytes * 8000) / spanMs
    this.#rateSinceMs = nowMs
    this.#rateBytes = 0
  }

  #learnTime(track: Track, packet: Packet): void {
    this.#zeroWallMs ??= this.#wallOffsetMs + packet.arrivalMs - (packet.timestamp * 1000) / track.clockRate
  }
}

/** A first guess at the rate of a stream's pictures, in bits per second; infinite if they came for too short a time. */
const rateSinceKeyFrame = (tracks: readonly Track[]): number => {
  let bitsPerSecond = 0
  for (const { codec, ring } of tracks) {
    if (codec.kind !== 'video' || ring.randomAccessSeq === undefined) continue
    let bytes = 0
    for (let seq = ring.randomAccessSeq; seq <= ring.newestSeq; seq++) bytes += ring.get(seq)?.payload.length ?? 0
    const spanMs = (ring.get(ring.newestSeq)?.arrivalMs ?? 0) - (ring.get(ring.randomAccessSeq)?.arrivalMs ?? 0)
    if (spanMs >= LEAST_RATE_SPAN_MS) bitsPerSecond += (bytes * 8000) / spanMs
  }
  return bitsPerSecond === 0 ? Number.POSITIVE_INFINITY : bitsPerSecond
}
