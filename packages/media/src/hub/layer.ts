import { KEY_FRAME_REQUEST_INTERVAL_MS } from './key-frame-interval.ts'
import { Track } from './track.ts'

/**
 * The picture of a track in one of several sizes, all of one publisher and with the same times: a layer of a simulcast. Readers that choose for
 * themselves read layers, each of which has its own ring and count; the track itself is a copy of the best one, for all others.
 */
export class Layer {
  /** As the publisher names it. */
  readonly name: string
  /** Its ring, its count and its parameters. Not one of `Stream.tracks`; it has the index of the track that it is a layer of. */
  readonly track: Track
  /** Larger layers have all that this one has: who gets one of those can go on with this one at any picture. */
  readonly isPart: boolean
  /** Bits per second of late; 0 while nothing comes. */
  bitrateBps = 0
  #ask: ((nowMs: number) => void) | undefined
  #askedMs = Number.NEGATIVE_INFINITY

  /** @param ask reaches the publisher, for a key frame of this layer */
  constructor(name: string, of: Track, ask: (nowMs: number) => void, isPart = false) {
    this.name = name
    this.isPart = isPart
    this.track = new Track(of.index, of.codec)
    this.#ask = ask
  }

  /**
   * A reader needs a picture where decoding can start, and the ring cannot help. The publisher is asked at most once a second.
   * @returns whether it was asked
   */
  requestKeyFrame(nowMs: number): boolean {
    if (!this.#ask || nowMs - this.#askedMs < KEY_FRAME_REQUEST_INTERVAL_MS) return false
    this.#askedMs = nowMs
    this.#ask(nowMs)
    return true
  }

  /** The publisher is gone: it cannot be asked. */
  forgetPublisher(): void {
    this.#ask = undefined
  }
}
