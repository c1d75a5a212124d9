/** A packet is sent again at most once in this time, in milliseconds: three times in a round trip of 100 ms. */
export const REPEAT_INTERVAL_MS = 33
/** What one viewer's NACKs may cost. */
export const REPEAT_BYTES_PER_SECOND = 500_000
export const REPEAT_BURST_BYTES = 250_000

/** Packets whose last repetition is remembered; a power of two. */
const MEMORY = 512

/** Bounds what one viewer can make us send again. */
export class RepeatLimiter {
  readonly #index = new Float64Array(MEMORY).fill(-1)
  readonly #sentMs = new Float64Array(MEMORY)
  #bytes = REPEAT_BURST_BYTES
  #filledMs: number

  constructor(nowMs: number) {
    this.#filledMs = nowMs
  }

  /** Whether the packet may be sent again now; if so it is counted. */
  take(nowMs: number, index: number, byteLength: number): boolean {
    const slot = index & (MEMORY - 1)
    if (this.#index[slot] === index && nowMs - (this.#sentMs[slot] as number) < REPEAT_INTERVAL_MS) return false
    this.#bytes = Math.min(REPEAT_BURST_BYTES, this.#bytes + ((nowMs - this.#filledMs) * REPEAT_BYTES_PER_SECOND) / 1000)
    this.#filledMs = nowMs
    if (this.#bytes < byteLength) return false
    this.#bytes -= byteLength
    this.#index[slot] = index
    this.#sentMs[slot] = nowMs
    return true
  }
}
