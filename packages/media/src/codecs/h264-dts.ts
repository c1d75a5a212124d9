/**
 * Finds decoding times for pictures that come in decoding order with their presentation times only. With at most N pictures reordered,
 * the picture i is decoded no later than the (i-N)th picture in presentation order is shown, so dts(i) is the (i-N)th smallest pts:
 * the smallest of the N+1 largest that were seen. Nothing is held back.
 */
export class DtsEstimator {
  /** The largest pts so far, ascending; at most N+1. */
  readonly #largest: number[] = []
  #size: number
  #lastDts = Number.NEGATIVE_INFINITY

  /** @param maxNumReorderFrames N, 0 to 16; with 0 dts is pts */
  constructor(maxNumReorderFrames: number) {
    this.#size = maxNumReorderFrames + 1
  }

  /** The stream's parameters changed: goes on with another N. */
  setReorder(maxNumReorderFrames: number): void {
    this.#size = maxNumReorderFrames + 1
    this.#largest.splice(0, this.#largest.length - this.#size)
  }

  /**
   * @param pts in any unit, pictures in decoding order
   * @returns dts in the same unit; never decreases. It is above `pts` only where the stream reorders more pictures than it said
   * or its time went backwards: such a picture came after it had to be shown.
   */
  next(pts: number): number {
    const largest = this.#largest
    let at = largest.length
    while (at > 0 && (largest[at - 1] as number) > pts) at--
    largest.splice(at, 0, pts)
    if (largest.length > this.#size) largest.shift()
    this.#lastDts = Math.max(this.#lastDts, Math.min(largest[0] as number, pts))
    return this.#lastDts
  }
}
