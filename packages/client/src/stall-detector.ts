/** Without progress for this long a playback has stalled. */
export const STALL_MS = 4000

/** Watches a count that rises while media flows. Time is an argument. */
export class StallDetector {
  readonly #stallMs: number
  #progress = Number.NEGATIVE_INFINITY
  #movedMs = 0
  #stalled = false

  constructor(stallMs: number = STALL_MS) {
    this.#stallMs = stallMs
  }

  /** @returns what changed with this look, if anything */
  update(progress: number, nowMs: number): 'stalled' | 'resumed' | undefined {
    if (progress > this.#progress) {
      this.#progress = progress
      this.#movedMs = nowMs
      if (!this.#stalled) return undefined
      this.#stalled = false
      return 'resumed'
    }
    if (this.#stalled || nowMs - this.#movedMs < this.#stallMs) return undefined
    this.#stalled = true
    return 'stalled'
  }
}
