import { monotonicMs } from '../net/clock.ts'

const LOOK_MS = 50

/** How late the event loop runs its timers. Node's own histogram forgets, when it is read, what blocks the loop just then. */
export class LoopWatch {
  #lookedMs = monotonicMs()
  #worstMs = 0
  readonly #timer = setInterval(() => this.#look(), LOOK_MS)

  /** How late it was at worst since the last call, in milliseconds. */
  take(): number {
    this.#look()
    const worstMs = this.#worstMs
    this.#worstMs = 0
    return worstMs
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const nowMs = monotonicMs()
    this.#worstMs = Math.max(this.#worstMs, nowMs - this.#lookedMs - LOOK_MS)
    this.#lookedMs = nowMs
  }
}
