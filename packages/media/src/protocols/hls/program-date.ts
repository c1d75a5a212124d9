/** The playlist's clock is set anew when it is off by this much, in milliseconds. Below it is the jitter of the network, which players should not see. */
const TOLERANCE_MS = 1000

/** Wall-clock time of the media timeline, for EXT-X-PROGRAM-DATE-TIME. */
export class ProgramDate {
  readonly #wallClockMs: (monotonicMs: number) => number
  #anchor: { readonly mediaS: number; readonly dateMs: number } | undefined

  constructor(wallClockMs: (monotonicMs: number) => number) {
    this.#wallClockMs = wallClockMs
  }

  /** The timeline starts anew. */
  reset(): void {
    this.#anchor = undefined
  }

  /**
   * @param mediaS position on the timeline, in seconds
   * @param arrivalMs when the unit at this position came, monotonic
   * @returns milliseconds since 1970
   */
  at(mediaS: number, arrivalMs: number): number {
    const arrivedMs = this.#wallClockMs(arrivalMs)
    const expectedMs = this.#anchor ? this.#anchor.dateMs + (mediaS - this.#anchor.mediaS) * 1000 : Number.NaN
    if (Math.abs(arrivedMs - expectedMs) <= TOLERANCE_MS) return expectedMs
    this.#anchor = { mediaS, dateMs: arrivedMs }
    return arrivedMs
  }
}
