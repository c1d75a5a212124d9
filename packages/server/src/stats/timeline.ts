import { MAX_SAMPLES } from './sample-ring.ts'

/** A session that ended an hour ago began to be sampled an hour before that. */
const TICKS = 2 * MAX_SAMPLES + 16

/** When samples were taken, and how the server fared then: the same for all sessions, so it is kept once. */
export class Timeline {
  /** Ticks so far; the newest has the number before it. */
  ticks = 0
  readonly #wallMs = new Float64Array(TICKS)
  readonly #loopDelayMs = new Float32Array(TICKS)

  /**
   * @param wallMs milliseconds since 1970
   * @param loopDelayMs how long the event loop was late at worst since the tick before
   */
  push(wallMs: number, loopDelayMs: number): void {
    this.#wallMs[this.ticks % TICKS] = wallMs
    this.#loopDelayMs[this.ticks % TICKS] = loopDelayMs
    this.ticks++
  }

  wallMs(tick: number): number {
    return this.#wallMs[tick % TICKS] ?? 0
  }

  loopDelayMs(tick: number): number {
    return this.#loopDelayMs[tick % TICKS] ?? 0
  }
}
