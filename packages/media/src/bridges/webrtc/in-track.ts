import type { Publication } from '../../hub/hub.ts'
import type { Track } from '../../hub/track.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { RtpIngest } from '../rtp/rtp-ingest.ts'
import type { RtpTimeline } from '../rtp/rtp-timeline.ts'
import type { AcceptedMedia } from './accept-publisher.ts'
import { InSource } from './in-source.ts'
import { LayerScout } from './layer-scout.ts'

/** SSRCs of one section: layers, and those of a sender that began anew. */
const MAX_SOURCES = 8
/** How often layers are compared, in milliseconds. */
const LOOK_INTERVAL_MS = 1000
/** A layer that nothing came of for this long is off. */
const SILENT_MS = 700
/** How much more than the present layer a better one has to have: what is between is chance. */
const BETTER = 1.3

/** One media section of a publisher: its SSRCs, of which one is the track of the stream. */
export class InTrack {
  readonly track: Track
  readonly media: AcceptedMedia
  readonly sources: InSource[] = []
  /** Packets were given up since the last look: the picture is damaged. */
  isDamaged = false
  /** Key frames asked for. */
  plis = 0
  readonly #publication: Publication
  readonly #timeline: RtpTimeline
  #ingest: RtpIngest
  #active: InSource | undefined
  /** The layer that takes over with its next key frame. */
  #next: { readonly source: InSource; readonly scout: LayerScout } | undefined
  #lookedMs = Number.NEGATIVE_INFINITY
  /** Of the newest packet that was written, on the clock of the track. */
  #newest = { timestamp: 0, arrivalMs: 0 }

  constructor(track: Track, media: AcceptedMedia, publication: Publication, timeline: RtpTimeline) {
    this.track = track
    this.media = media
    this.#publication = publication
    this.#timeline = timeline
    this.#ingest = new RtpIngest(track, publication, timeline)
  }

  /** Which a key frame is asked of: the layer that is to take over, or the one that is written. */
  get wanted(): InSource | undefined {
    return this.#next?.source ?? this.#active
  }

  /** Place of the layer that is written among those that come, 0 for the lowest; undefined without simulcast. */
  get layer(): number | undefined {
    const active = this.#active
    return active && this.media.layers.length > 0 ? this.sources.filter(({ bitrateBps }) => bitrateBps < active.bitrateBps).length : undefined
  }

  /** The SSRC that is written to the stream now. */
  get active(): InSource | undefined {
    return this.#active
  }

  /** @returns the source of that SSRC, a new one where there is none; undefined for one too many */
  sourceOf(ssrc: number, rid: string): InSource | undefined {
    const known = this.sources.find((source) => source.ssrc === ssrc)
    if (known) return known
    if (this.sources.length === MAX_SOURCES) return undefined
    const source = new InSource(ssrc, rid, this.track.clockRate, this.media.feedback.has('nack'))
    this.sources.push(source)
    return source
  }

  /** @param repeated the packet came by the SSRC of retransmissions */
  push(nowMs: number, source: InSource, packet: RtpPacket, repeated: boolean): void {
    const { lost } = source
    this.#deliver(nowMs, source, repeated ? source.pushRepeated(nowMs, packet) : source.push(nowMs, packet), lost)
  }

  /** Goes on without packets that were waited for too long. */
  expire(nowMs: number): void {
    for (const source of this.sources) {
      const { lost } = source
      this.#deliver(nowMs, source, source.expire(nowMs), lost)
    }
  }

  /**
   * Looks about once a second whether another source is better: another layer, or an SSRC that took the place of one that is silent.
   * What is better has more bits: publishers name their layers as they like.
   * @returns whether a key frame is wanted of it
   */
  chooseSource(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#lookedMs
    if (elapsedMs < LOOK_INTERVAL_MS) return false
    this.#lookedMs = nowMs
    if (elapsedMs === Number.POSITIVE_INFINITY) return false
    let best: InSource | undefined
    for (const source of this.sources) {
      source.measure(elapsedMs)
      const isAlive = nowMs - source.lastArrivalMs < SILENT_MS
      if (isAlive && (!best || source.bitrateBps > best.bitrateBps)) best = source
    }
    const active = this.#active
    if (!active || !best || best === active) {
      this.#next = undefined
      return false
    }
    if (nowMs - active.lastArrivalMs < SILENT_MS && best.bitrateBps < active.bitrateBps * BETTER) return false
    if (this.#next?.source !== best) this.#next = { source: best, scout: new LayerScout(this.track.codec) }
    return true
  }

  #deliver(nowMs: number, source: InSource, packets: readonly RtpPacket[], lostBefore: number): void {
    if (packets.length > 0) this.#active ??= source
    if (source === this.#active && source.lost > lostBefore) this.isDamaged = true
    for (let i = 0; i < packets.length; i++) {
      const packet = packets[i] as RtpPacket
      if (source !== this.#active && !this.#takesOver(nowMs, source, packet)) continue
      const { timestampOffset } = source
      const timestamp = (packet.timestamp + timestampOffset) >>> 0
      this.#newest.timestamp = timestamp
      this.#newest.arrivalMs = nowMs
      this.#ingest.push(nowMs, timestampOffset === 0 ? packet : { ...packet, timestamp })
    }
  }

  #takesOver(nowMs: number, source: InSource, packet: RtpPacket): boolean {
    if (source !== this.#next?.source) return false
    if (this.track.codec.kind === 'video' && !this.#next.scout.isStart(nowMs, packet)) return false
    source.timestampOffset = (this.#timestampOf(nowMs, source, packet) - packet.timestamp) >>> 0
    this.#active = source
    this.#next = undefined
    // The count of the new source has nothing to do with that of the old one.
    this.#ingest = new RtpIngest(this.track, this.#publication, this.#timeline)
    return true
  }

  /** On the clock of the track: by the sender's wall clock where both sources reported it, by arrival else, and always after what was written. */
  #timestampOf(nowMs: number, source: InSource, { timestamp }: RtpPacket): number {
    const { clockRate } = this.track
    const [from, to] = [this.#active?.senderClock, source.senderClock]
    const newest = this.#newest
    const passed = Math.max(1, Math.round(((nowMs - newest.arrivalMs) * clockRate) / 1000))
    if (!from || !to || !this.#active) return newest.timestamp + passed
    const sinceReport = (timestamp - to.rtpTimestamp) | 0
    const reported = from.rtpTimestamp + this.#active.timestampOffset + Math.round(((to.ntpMs - from.ntpMs) * clockRate) / 1000) + sinceReport
    const step = (reported - newest.timestamp) | 0
    // What disagrees with the times of arrival by more than a second is no clock.
    return newest.timestamp + (Math.abs(step - passed) < clockRate ? Math.max(1, step) : passed)
  }
}
