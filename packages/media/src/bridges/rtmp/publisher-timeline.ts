/** How far a timestamp may lie before the newest one: audio and video are interleaved, not sorted. Beyond it the encoder's clock jumped. */
export const MAX_STEP_BACK_MS = 1000
/** How far a timestamp may be ahead of the time that passed. Beyond it the encoder's clock jumped. */
export const MAX_STEP_AHEAD_MS = 10_000

/**
 * The times of one publisher's messages, all tracks together, on a line that starts at 0, goes on over the wrap at 2^32 ms and
 * over jumps of the encoder's clock.
 */
export class PublisherTimeline {
  #newestTimestamp: number
  #newestMs = 0
  /** The latest time given out. */
  #endMs = 0
  #nowMs: number

  /** @param zeroTimestampMs the timestamp that becomes 0, 32 bits */
  constructor(zeroTimestampMs: number, nowMs: number) {
    this.#newestTimestamp = zeroTimestampMs
    this.#nowMs = nowMs
  }

  /** @param timestampMs 32 bits. @returns milliseconds, 0 and up */
  map(timestampMs: number, nowMs: number): number {
    const step = (timestampMs - this.#newestTimestamp) | 0
    const passedMs = Math.max(0, nowMs - this.#nowMs)
    const jumped = step < -MAX_STEP_BACK_MS || step > MAX_STEP_AHEAD_MS + passedMs
    const mapped = jumped ? this.#endMs + Math.round(passedMs) : this.#newestMs + step
    this.#newestTimestamp = timestampMs
    this.#newestMs = mapped
    this.#endMs = Math.max(this.#endMs, mapped)
    this.#nowMs = nowMs
    return Math.max(0, mapped)
  }
}
