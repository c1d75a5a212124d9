import type { Publication } from '../../hub/hub.ts'
import { Layer } from '../../hub/layer.ts'
import type { Packet } from '../../hub/packet.ts'
import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { RtpIngest } from '../rtp/rtp-ingest.ts'
import type { RtpTimeline } from '../rtp/rtp-timeline.ts'
import type { AcceptedMedia } from './accept-publisher.ts'
import { InLayer } from './in-layer.ts'
import { InSource } from './in-source.ts'
import type { LayerCounters } from './layer-counters.ts'
import { pictureSize } from './picture-size.ts'
import { SpatialLayers } from './spatial-layers.ts'
import { makeSpatialParts, type SpatialParts } from './spatial-parts.ts'

/** SSRCs of one section: layers, and those of a sender that began anew. */
const MAX_SOURCES = 8
/** How often layers are compared, in milliseconds. */
const LOOK_INTERVAL_MS = 1000
/** A source is off if another one began so many pictures since the last packet of this one, and at least this time went by, in milliseconds. */
const SILENT_RULES = [
  { pictures: 4, leastMs: 200 },
  { pictures: 2, leastMs: 700 },
] as const
/** How much more than the present layer a better one has to have: what is between is chance. */
const BETTER = 1.3

/**
 * One media section of a publisher. What it sends by one SSRC goes into the track as it comes. Where there are several, layers of a simulcast or an SSRC
 * that takes the place of another one, each goes into a layer of the hub, and the best one into the track.
 */
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
  readonly #askForKeyFrame: (nowMs: number, track: InTrack, source: InSource) => void
  /** Of the only source of a publisher without simulcast. */
  #ingest: RtpIngest | undefined
  readonly #layers: InLayer[] = []
  #spatial: SpatialLayers | undefined
  #parts: SpatialParts | undefined
  #active: InSource | undefined
  /** The layer that takes over with its next key frame. */
  #next: InLayer | undefined
  #lookedMs = Number.NEGATIVE_INFINITY
  /** From the layer's count to that of the track, and the same of its time, in ticks. */
  #seqOffset = 0
  #timeOffset = 0

  /** @param askForKeyFrame sends a request for one of that source */
  constructor(
    track: Track,
    media: AcceptedMedia,
    publication: Publication,
    timeline: RtpTimeline,
    askForKeyFrame: (nowMs: number, track: InTrack, source: InSource) => void,
  ) {
    this.track = track
    this.media = media
    this.#publication = publication
    this.#timeline = timeline
    this.#askForKeyFrame = askForKeyFrame
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

  /** What comes of each layer, the smallest first; empty for a publisher of one picture. */
  get layerCounters(): readonly LayerCounters[] {
    if (this.media.layers.length === 0) return this.#spatial?.counters ?? []
    return this.#layers
      .map(({ source, layer }) => ({
        name: source.rid,
        ...pictureSize(layer.track),
        bitrateBps: layer.bitrateBps,
        packets: source.packets,
        lost: source.lost,
      }))
      .sort((a, b) => (a.width ?? 0) - (b.width ?? 0) || a.bitrateBps - b.bitrateBps)
  }

  /** The SSRC that is written to the track now. */
  get active(): InSource | undefined {
    return this.#active
  }

  /** What the timestamps of a source need to be of the clock of the track; undefined before its first packet. Modulo 2^32. */
  timestampOffset(source: InSource): number | undefined {
    const layer = this.#layers.find((candidate) => candidate.source === source)
    return layer ? layer.timestampOffset : 0
  }

  /** @returns the source of that SSRC, a new one where there is none; undefined for one too many */
  sourceOf(ssrc: number, rid: string): InSource | undefined {
    const known = this.sources.find((source) => source.ssrc === ssrc)
    if (known) return known
    if (this.sources.length === MAX_SOURCES) return undefined
    const source = new InSource(ssrc, rid, this.track.clockRate, this.media.feedback.has('nack'))
    this.sources.push(source)
    const isSimulcast = this.media.layers.length > 0
    if (isSimulcast || this.sources.length > 1) this.#layers.push(this.#makeLayer(source))
    else this.#ingest = this.#makeIngest(source)
    if (isSimulcast) this.#tellLayers()
    return source
  }

  /** @param repeated the packet came by the SSRC of retransmissions */
  push(nowMs: number, source: InSource, packet: RtpPacket, repeated: boolean): void {
    const { lost } = source
    this.#deliver(nowMs, source, repeated ? source.pushRepeated(nowMs, packet) : source.push(nowMs, packet), lost)
  }

  /** @param packet was in another one, or made from others */
  pushRedundant(nowMs: number, source: InSource, packet: RtpPacket): void {
    // Before the first packet of its own there is nothing to mend.
    if (source.packets > 0) this.#deliver(nowMs, source, source.pushRedundant(nowMs, packet), source.lost)
  }

  /** Goes on without packets that were waited for too long. */
  expire(nowMs: number): void {
    for (const source of this.sources) {
      const { lost } = source
      this.#deliver(nowMs, source, source.expire(nowMs), lost)
    }
  }

  /**
   * Looks whether another source is better: a layer with more bits, or any where the present one is silent. Publishers name their layers as they like.
   * @returns whether a key frame is wanted of it
   */
  chooseSource(nowMs: number): boolean {
    if (this.sources.length < 2 && this.#layers.length === 0) return false
    const elapsedMs = nowMs - this.#lookedMs
    const isDue = elapsedMs >= LOOK_INTERVAL_MS
    const active = this.#active
    const hasStopped = active !== undefined && this.#hasStopped(nowMs, active)
    if (!isDue && !(hasStopped && this.#next === undefined)) return false
    if (isDue) {
      this.#lookedMs = nowMs
      if (elapsedMs === Number.POSITIVE_INFINITY) return false
      for (const source of this.sources) source.measure(elapsedMs)
    }
    for (const layer of this.#layers) {
      const isAlive = !this.#hasStopped(nowMs, layer.source)
      if (isDue || !isAlive) layer.measured(isAlive)
    }
    if (this.media.layers.length > 0) this.#tellLayers()
    return this.#chooseNext(active, hasStopped)
  }

  #chooseNext(active: InSource | undefined, hasStopped: boolean): boolean {
    let best: InLayer | undefined
    for (const layer of this.#layers) if (layer.layer.bitrateBps > (best?.layer.bitrateBps ?? 0)) best = layer
    if (!active || !best || best.source === active) {
      this.#next = undefined
      return false
    }
    const activeBps = this.#layers.find(({ source }) => source === active)?.layer.bitrateBps ?? active.bitrateBps
    if (!hasStopped && best.layer.bitrateBps < activeBps * BETTER) return false
    this.#next = best
    return true
  }

  /** Others go on and this one does not: layers of one picture come together, also where pictures are rare. */
  #hasStopped(nowMs: number, source: InSource): boolean {
    const { lastArrivalMs } = source
    return SILENT_RULES.some(
      ({ pictures, leastMs }) => nowMs - lastArrivalMs >= leastMs && this.sources.some((other) => other.picturesSince(lastArrivalMs) >= pictures),
    )
  }

  /** What comes of it goes into the track as it is, and of VP9 and AV1 what each size needs into layers besides. */
  #makeIngest(source: InSource): RtpIngest {
    const { stream, originMs } = this.#publication
    const parts = makeSpatialParts(this.track.codec)
    if (!parts) return new RtpIngest(this.track, this.#publication, this.#timeline)
    const spatial = new SpatialLayers(stream, this.track, (nowMs) => this.#askForKeyFrame(nowMs, this, source))
    this.#spatial = spatial
    this.#parts = parts
    const sink: PacketSink = {
      writePacket: (track, packet) => {
        const described = parts.descriptor ? { ...packet, dependencyDescriptor: parts.descriptor } : packet
        stream.writePacket(track, described)
        spatial.push(described, parts.of(packet))
      },
      setCodec: (track, codec) => stream.setCodec(track, codec),
    }
    return new RtpIngest(this.track, { originMs, stream: sink }, this.#timeline)
  }

  #makeLayer(source: InSource): InLayer {
    const layer = new Layer(source.rid, this.track, (nowMs) => this.#askForKeyFrame(nowMs, this, source))
    const changed = ({ source: of }: InLayer): void => {
      if (of === this.#active) this.#publication.stream.setCodec(this.track, layer.track.codec)
    }
    return new InLayer(source, layer, this.track, this.#publication, this.#timeline, (from, packet) => this.#forward(from, packet), changed)
  }

  #tellLayers(): void {
    this.#publication.stream.setLayers(
      this.track,
      this.#layers.map(({ layer }) => layer),
    )
  }

  #deliver(nowMs: number, source: InSource, packets: readonly RtpPacket[], lostBefore: number): void {
    if (source === this.#active && source.lost > lostBefore) this.isDamaged = true
    const layer = this.#layers.find((candidate) => candidate.source === source)
    if (!layer && packets.length > 0) this.#active ??= source
    for (let i = 0; i < packets.length; i++) {
      const packet = packets[i] as RtpPacket
      if (!layer) {
        if (source !== this.#active) continue
        this.#parts?.next(packet)
        this.#ingest?.push(nowMs, packet)
        continue
      }
      if (layer.timestampOffset === undefined || layer.isGuessed) this.#placeInTime(nowMs, layer, packet)
      layer.push(nowMs, packet)
    }
  }

  /** Copies the best layer into the track. */
  #forward(from: InLayer, packet: Packet): void {
    const { stream } = this.#publication
    const { track } = this
    if (!this.#active || (from === this.#next && (packet.randomAccess || track.codec.kind !== 'video'))) {
      if (from === this.#next) this.#next = undefined
      this.#active = from.source
      stream.setCodec(track, from.layer.track.codec)
      this.#seqOffset = track.nextSeq - packet.seq
      // Pictures of the layer before may have been ahead by a little.
      this.#timeOffset = Math.max(0, track.lastTicks + 1 - packet.timestamp)
    }
    if (from.source !== this.#active) return
    stream.writePacket(track, { ...packet, seq: packet.seq + this.#seqOffset, timestamp: packet.timestamp + this.#timeOffset })
  }

  /** Puts a layer on the clock of the first one: by the sender's wall clock as soon as both reported it, by arrival before. */
  #placeInTime(nowMs: number, layer: InLayer, { timestamp }: RtpPacket): void {
    const [first] = this.sources
    if (!first || layer.source === first) {
      layer.timestampOffset = 0
      return
    }
    const [from, to] = [first.senderClock, layer.source.senderClock]
    const { clockRate } = this.track
    if (from && to) {
      const reported = from.rtpTimestamp + Math.round(((to.ntpMs - from.ntpMs) * clockRate) / 1000)
      const offset = (reported - to.rtpTimestamp) >>> 0
      const moved = (offset - (layer.timestampOffset ?? offset)) | 0
      layer.isGuessed = false
      // What disagrees with the times of arrival by more than a second is no clock.
      if (Math.abs(moved) < clockRate) layer.timestampOffset = offset
    } else if (layer.timestampOffset === undefined) {
      const passed = Math.round(((nowMs - first.lastArrivalMs) * clockRate) / 1000)
      layer.timestampOffset = (first.newestTimestamp + passed - timestamp) >>> 0
      layer.isGuessed = true
    }
  }
}
