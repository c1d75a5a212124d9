/** A packet is sent again at most so often in a round trip. */
const REPEATS_PER_ROUND_TRIP = 2
/** Time between two repetitions of a packet, in milliseconds: while no round trip is known, and its bounds. */
export const REPEAT_INTERVAL_MS = 33
const MIN_INTERVAL_MS = 5
const MAX_INTERVAL_MS = 150
/** A packet that did not come through in so many attempts will not in one more. */
export const MAX_REPEATS = 10
/** What one viewer's NACKs may cost. */
export const REPEAT_BYTES_PER_SECOND = 500_000
export const REPEAT_BURST_BYTES = 250_000

/** Packets whose last repetition is remembered; a power of two. */
const MEMORY = 512

/** Bounds what one viewer can make us send again. */
export class RepeatLimiter {
  readonly #index = new Float64Array(MEMORY).fill(-1)
  readonly #sentMs = new Float64Array(MEMORY)
  readonly #repeats = new Uint8Array(MEMORY)
  #bytes = REPEAT_BURST_BYTES
  #filledMs: number

  constructor(nowMs: number) {
    this.#filledMs = nowMs
  }

  /**
   * Whether the packet may be sent again now; if so it is counted.
   * @param rttMs undefined while it is not known
   * @param bytesPerSecond a budget that is smaller than ours
   */
  take(nowMs: number, index: number, byteLength: number, rttMs: number | undefined, bytesPerSecond: number | undefined): boolean {
    const slot = index & (MEMORY - 1)
    const isKnown = this.#index[slot] === index
    if (isKnown && (nowMs - (this.#sentMs[slot] as number) < repeatInterval(rttMs) || this.#repeats[slot] === MAX_REPEATS)) return false
    const rate = bytesPerSecond === undefined ? REPEAT_BYTES_PER_SECOND : Math.min(REPEAT_BYTES_PER_SECOND, bytesPerSecond)
    this.#bytes = Math.min((REPEAT_BURST_BYTES * rate) / REPEAT_BYTES_PER_SECOND, this.#bytes + ((nowMs - this.#filledMs) * rate) / 1000)
    this.#filledMs = nowMs
    if (this.#bytes < byteLength) return false
    this.#bytes -= byteLength
    this.#index[slot] = index
    this.#sentMs[slot] = nowMs
    this.#repeats[slot] = isKnown ? (this.#repeats[slot] as number) + 1 : 1
    return true
  }
}

const repeatInterval = (rttMs: number | undefined): number =>
  rttMs === undefined ? REPEAT_INTERVAL_MS : Math.max(MIN_INTERVAL_MS, Math.min(MAX_INTERVAL_MS, rttMs / REPEATS_PER_ROUND_TRIP))
