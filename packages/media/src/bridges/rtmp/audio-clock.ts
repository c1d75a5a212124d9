/** Milliseconds that a frame may be off from where the samples before it end: timestamps are rounded, and some encoders round oddly. */
export const MAX_AUDIO_DRIFT_MS = 5

/** Makes exact times of audio frames from RTMP's whole milliseconds: each frame begins where the one before ended. */
export class AudioClock {
  readonly #clockRate: number
  #newestTicks = 0
  /** Where the frame before ended; undefined before the first. */
  #expectedTicks: number | undefined

  /** @param clockRate ticks per second, equal to the sampling rate */
  constructor(clockRate: number) {
    this.#clockRate = clockRate
  }

  /**
   * @param timeMs when the frame begins by its message
   * @param samples of each channel in it
   * @returns ticks; never decreases
   */
  next(timeMs: number, samples: number): number {
    const toldTicks = Math.round((timeMs * this.#clockRate) / 1000)
    const expectedTicks = this.#expectedTicks ?? toldTicks
    const isClose = Math.abs(toldTicks - expectedTicks) * 1000 <= MAX_AUDIO_DRIFT_MS * this.#clockRate
    const ticks = isClose ? expectedTicks : Math.max(toldTicks, this.#newestTicks)
    this.#newestTicks = ticks
    this.#expectedTicks = ticks + samples
    return ticks
  }
}
