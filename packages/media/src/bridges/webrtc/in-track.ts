import type { Publication } from '../../hub/hub.ts'
import type { Track } from '../../hub/track.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { RtpIngest } from '../rtp/rtp-ingest.ts'
import type { RtpTimeline } from '../rtp/rtp-timeline.ts'
import type { AcceptedMedia } from './accept-publisher.ts'
import { InSource } from './in-source.ts'

/** SSRCs of one section: layers, and those of a sender that began anew. */
const MAX_SOURCES = 8

/** One media section of a publisher: its SSRCs, of which one is the track of the stream. */
export class InTrack {
  readonly track: Track
  readonly media: AcceptedMedia
  readonly sources: InSource[] = []
  /** Packets were given up since the last look: the picture is damaged. */
  isDamaged = false
  /** Key frames asked for. */
  plis = 0
  readonly #ingest: RtpIngest
  #active: InSource | undefined

  constructor(track: Track, media: AcceptedMedia, publication: Publication, timeline: RtpTimeline) {
    this.track = track
    this.media = media
    this.#ingest = new RtpIngest(track, publication, timeline)
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

  #deliver(nowMs: number, source: InSource, packets: readonly RtpPacket[], lostBefore: number): void {
    if (packets.length > 0) this.#active ??= source
    if (source !== this.#active) return
    if (source.lost > lostBefore) this.isDamaged = true
    for (let i = 0; i < packets.length; i++) this.#ingest.push(nowMs, packets[i] as RtpPacket)
  }
}
