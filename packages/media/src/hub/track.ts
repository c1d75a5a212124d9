import type { Codec } from '../codecs/codec.ts'
import type { Layer } from './layer.ts'
import { PacketRing } from './packet-ring.ts'

/** One elementary stream of a `Stream`. */
export class Track {
  /** Position in `Stream.tracks`. */
  readonly index: number
  /** Filled while the stream's packet view is alive. */
  readonly ring: PacketRing = new PacketRing()
  /** Next free `Packet.seq`; kept over publishers, so that readers see one continuing sequence. */
  nextSeq = 0
  /** End of what was written, in ticks: no new publisher starts before it. */
  lastTicks = 0
  #codec: Codec
  #layers: readonly Layer[] = []
  #codecVersion = 0
  #newestPts = Number.NEGATIVE_INFINITY
  #reordersPictures = false

  constructor(index: number, codec: Codec) {
    this.index = index
    this.#codec = codec
  }

  /** The codec with its newest parameters. */
  get codec(): Codec {
    return this.#codec
  }

  /** Rises when the parameters change, so that shared output knows that its headers are old. */
  get codecVersion(): number {
    return this.#codecVersion
  }

  get clockRate(): number {
    return this.#codec.clockRate
  }

  /**
   * Whether the present publisher sends pictures in another order than they are shown (B-frames), as far as has been seen:
   * WebRTC shows those in the wrong order.
   */
  get reordersPictures(): boolean {
    return this.#reordersPictures
  }

  /** Only `Stream` calls this, with each picture's time in the order they come. */
  seePicture(pts: number): void {
    if (pts > this.#newestPts) this.#newestPts = pts
    else if (pts < this.#newestPts) this.#reordersPictures = true
  }

  /** Only `Stream` calls this: what was seen of the old publisher says nothing of the new one. */
  forgetPictures(): void {
    this.#newestPts = Number.NEGATIVE_INFINITY
    this.#reordersPictures = false
  }

  /** What the publisher sends of this track in several sizes, in no order; empty for one that sends one picture. */
  get layers(): readonly Layer[] {
    return this.#layers
  }

  /** Only `Stream.setLayers` calls this. */
  replaceLayers(layers: readonly Layer[]): void {
    this.#layers = layers
  }

  /** Only `Stream.setCodec` calls this. */
  replaceCodec(codec: Codec): void {
    this.#codec = codec
    this.#codecVersion++
  }
}
