import type { Layer } from '../../hub/layer.ts'
import type { Destination } from './datagram-out.ts'
import { comingLayers, decodableAlone, fittingLayer, layerNeedBps, startLayer } from './layer-choice.ts'
import type { OutPacket } from './out-packet.ts'
import type { OutTrack } from './out-track.ts'
import { PathProbe } from './path-probe.ts'
import type { ViewerLink } from './viewer-link.ts'

/** After a change for the worse, a larger layer is not tried for so long, in milliseconds; twice as long each time that a trial failed. */
const PAUSE_MS = 3000
const MAX_PAUSE_MS = 30_000
/** After a change for the better it is. */
const SETTLE_MS = 1000
/** A larger layer that had to be given up within this time was a trial that failed, in milliseconds. */
const FAILED_MS = 15_000

/** Where a viewer stands among the layers of a track. */
export type LayerPlace = {
  /** 0 for the smallest. */
  readonly layer: number
  readonly layers: number
}

/** Which layer of a track one viewer gets: the largest that its path carries. Smaller ones are taken at once, larger ones after the path has shown room. */
export class ViewerLayers {
  readonly #out: OutTrack
  readonly #link: ViewerLink
  #chosen: Layer | undefined
  #probe: PathProbe | undefined
  #tryAfterMs = Number.NEGATIVE_INFINITY
  #pauseMs = PAUSE_MS
  #climbedMs = Number.NEGATIVE_INFINITY

  constructor(out: OutTrack, link: ViewerLink) {
    this.#out = out
    this.#link = link
  }

  /** Whether the path is being filled up, for which `probe` has to be called each millisecond or so. */
  get isProbing(): boolean {
    return this.#probe !== undefined
  }

  /** Undefined for a track without layers. */
  get place(): LayerPlace | undefined {
    const coming = comingLayers(this.#out.track.layers)
    const layer = coming.findIndex(({ track }) => track === this.#out.source)
    return layer < 0 ? undefined : { layer, layers: coming.length }
  }

  /** Before the first packet. */
  start(nowMs: number): void {
    this.#chosen = startLayer(this.#layers)
    if (this.#chosen) this.#out.setSource(nowMs, this.#chosen.track)
  }

  /** Something changed: the path, the layers, or just the time, about once a second. */
  choose(nowMs: number): void {
    const { track } = this.#out
    if (track.layers.length === 0) {
      this.#chosen = undefined
      this.#probe = undefined
      this.#out.setSource(nowMs, track)
      return
    }
    const layers = this.#layers
    const coming = comingLayers(layers)
    if (coming.length > 0) this.#chosen = this.#best(nowMs, coming)
    else if (!this.#chosen || !layers.includes(this.#chosen)) this.#chosen = startLayer(layers)
    if (this.#chosen && this.#out.setSource(nowMs, this.#chosen.track, this.#isPart(this.#chosen))) this.#chosen.requestKeyFrame(nowMs)
  }

  /** The present layer needs a picture where decoding can start. @returns whether the publisher was asked; undefined without layers */
  requestKeyFrame(nowMs: number): boolean | undefined {
    return this.#chosen?.requestKeyFrame(nowMs)
  }

  /** Fills the path up to what is to be tried. @param ready for packets of this viewer alone */
  probe(nowMs: number, ready: OutPacket, to: Destination): void {
    const link = this.#link
    const result = this.#probe?.result(nowMs, link.waitedMs)
    if (result === 'running') {
      while (this.#probe && this.#probe.missing(nowMs, link.octets) > 0) if (!this.#out.pad(nowMs, ready, to)) break
      return
    }
    this.#probe = undefined
    if (result === 'wide') link.proved()
    const coming = comingLayers(this.#layers)
    const fitting = fittingLayer(coming, link)
    if (result === 'wide' && fitting && this.#chosen && coming.indexOf(fitting) > coming.indexOf(this.#chosen)) {
      this.#tryAfterMs = nowMs
      this.choose(nowMs)
    } else this.#pause(nowMs, true)
  }

  /** It is in what the viewer gets now. */
  #isPart(layer: Layer): boolean {
    const { track, source } = this.#out
    return layer.isPart && track.layers.indexOf(layer) < track.layers.findIndex((other) => other.track === source)
  }

  get #layers(): readonly Layer[] {
    const { track, takesDescriptor } = this.#out
    return takesDescriptor ? track.layers : decodableAlone(track.layers)
  }

  #best(nowMs: number, coming: readonly Layer[]): Layer | undefined {
    const link = this.#link
    const fitting = fittingLayer(coming, link)
    const at = this.#chosen ? coming.indexOf(this.#chosen) : -1
    const present = coming[at]
    if (!fitting || !present) return fitting
    if (layerNeedBps(present) > link.targetBps) {
      if (fitting !== present) this.#pause(nowMs, nowMs - this.#climbedMs < FAILED_MS)
      return fitting
    }
    const larger = coming[at + 1]
    if (!larger || this.#probe) return present
    if (link.targetBps === Number.POSITIVE_INFINITY) return fitting
    if (nowMs < this.#tryAfterMs) return present
    if (coming.indexOf(fitting) > at) {
      this.#climbedMs = nowMs
      this.#tryAfterMs = nowMs + SETTLE_MS
      return larger
    }
    if (this.#out.canPad) this.#probe = new PathProbe(nowMs, layerNeedBps(larger), link.octets)
    return present
  }

  #pause(nowMs: number, hasFailed: boolean): void {
    this.#pauseMs = hasFailed ? Math.min(MAX_PAUSE_MS, this.#pauseMs * 2) : PAUSE_MS
    this.#tryAfterMs = nowMs + this.#pauseMs
    this.#probe = undefined
  }
}
