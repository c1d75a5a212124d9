import { Layer } from '../../hub/layer.ts'
import type { Packet } from '../../hub/packet.ts'
import type { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import type { LayerCounters } from './layer-counters.ts'
import type { PictureSize } from './picture-size.ts'
import type { SpatialPart } from './spatial-parts.ts'

/** RFC 9628 section 4.2: three bits. Browsers send three. */
const MAX_SPATIAL_LAYERS = 4

/** A layer with all that it needs: the packets of its size and of the smaller ones. */
type Level = { readonly layer: Layer; bytes: number; lastMs: number }

/**
 * The sizes of a VP9 or AV1 stream with spatial layers (SVC), as layers of the hub: the one of a size has the packets of that size and of all smaller
 * ones, numbered without gaps, with the marker on the last packet of that size. A viewer changes between them as between those of a simulcast.
 */
export class SpatialLayers {
  readonly #stream: Stream
  readonly #track: Track
  readonly #ask: (nowMs: number) => void
  readonly #levels: Level[] = []
  readonly #sizes: PictureSize[] = []
  #measuredMs = Number.NaN
  #nextSeq = -1

  /** @param ask reaches the publisher, for a key frame */
  constructor(stream: Stream, track: Track, ask: (nowMs: number) => void) {
    this.#stream = stream
    this.#track = track
    this.#ask = ask
  }

  /** The smallest first; empty for a stream of one size. */
  get counters(): readonly LayerCounters[] {
    return this.#levels.map(({ layer }, id) => ({ name: layer.name, ...this.#sizes[id], bitrateBps: layer.bitrateBps, packets: layer.track.nextSeq }))
  }

  /** A packet that was just written to the track. @param part undefined where it is not known: no size gets the packet */
  push(packet: Packet, part: SpatialPart | undefined): void {
    if (!part || part.spatialId >= MAX_SPATIAL_LAYERS) return
    const { spatialId, sizes } = part
    // Key frames tell the sizes; a stream of one size has no layers.
    const largest = Math.max(spatialId, Math.min(MAX_SPATIAL_LAYERS, sizes.length) - 1)
    if (largest > 0 && largest >= this.#levels.length) this.#open(largest, packet.arrivalMs)
    for (const [id, size] of sizes.entries()) this.#sizes[id] = size
    const missing = this.#nextSeq < 0 ? 0 : packet.seq - this.#nextSeq
    this.#nextSeq = packet.seq + 1
    for (let id = 0; id < this.#levels.length; id++) {
      const level = this.#levels[id] as Level
      const { track } = level.layer
      // What was lost may have been of any size.
      if (missing > 0) track.nextSeq += missing
      if (id < spatialId) continue
      level.bytes += packet.payload.length
      if (id === spatialId) level.lastMs = packet.arrivalMs
      const isLast = packet.marker || (id === spatialId && part.endsFrame)
      this.#stream.writeLayerPacket(this.#track, level.layer, { ...packet, seq: track.nextSeq, marker: isLast })
    }
    this.#measure(packet.arrivalMs)
  }

  #open(spatialId: number, nowMs: number): void {
    for (let id = this.#levels.length; id <= spatialId; id++) {
      this.#levels.push({ layer: new Layer(`s${id}`, this.#track, this.#ask, true), bytes: 0, lastMs: nowMs })
    }
    this.#tell()
  }

  /** About once a second: what each size takes. One of which nothing came has been switched off. */
  #measure(nowMs: number): void {
    if (Number.isNaN(this.#measuredMs)) this.#measuredMs = nowMs
    const elapsedMs = nowMs - this.#measuredMs
    if (this.#levels.length === 0 || elapsedMs < MEASURE_MS) return
    this.#measuredMs = nowMs
    for (const level of this.#levels) {
      level.layer.bitrateBps = nowMs - level.lastMs > MEASURE_MS ? 0 : (level.bytes * 8000) / elapsedMs
      level.bytes = 0
    }
    this.#tell()
  }

  #tell(): void {
    this.#stream.setLayers(
      this.#track,
      this.#levels.map(({ layer }) => layer),
    )
  }
}

const MEASURE_MS = 1000
