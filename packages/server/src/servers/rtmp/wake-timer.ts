import { monotonicMs } from '../../net/clock.ts'

/** Calls at a time that is put off often: a timer that is early is armed anew when it fires, not at every call of `set`. */
export class WakeTimer {
  readonly #onTime: () => void
  #timer: NodeJS.Timeout | undefined
  #timerMs = 0
  #atMs = 0

  constructor(onTime: () => void) {
    this.#onTime = onTime
  }

  /** @param atMs on the monotonic clock; replaces the time that was set before */
  set(atMs: number): void {
    this.#atMs = atMs
    if (this.#timer && this.#timerMs <= atMs) return
    clearTimeout(this.#timer)
    this.#arm()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(): void {
    this.#timerMs = this.#atMs
    this.#timer = setTimeout(this.#fire, Math.max(0, this.#atMs - monotonicMs()))
  }

  readonly #fire = (): void => {
    this.#timer = undefined
    if (monotonicMs() < this.#atMs) this.#arm()
    else this.#onTime()
  }
}
