/** Requests that wait on one stream. Past it they are answered at once, as if their time were over. */
const MAX_WAITING = 10_000

type Waiter = { readonly isMet: () => boolean; readonly settle: (met: boolean) => void }

/** Requests that wait until something is there. */
export class ConditionQueue {
  readonly #waiting = new Set<Waiter>()

  /** Looks which conditions hold now. */
  check(): void {
    for (const waiter of this.#waiting) if (waiter.isMet()) waiter.settle(true)
  }

  /** @returns whether the condition holds; false when the time is over */
  wait(isMet: () => boolean, timeoutMs: number): Promise<boolean> {
    if (isMet()) return Promise.resolve(true)
    if (this.#waiting.size >= MAX_WAITING) return Promise.resolve(false)
    return new Promise((resolve) => {
      const settle = (met: boolean): void => {
        clearTimeout(timer)
        this.#waiting.delete(waiter)
        resolve(met)
      }
      const waiter: Waiter = { isMet, settle }
      const timer = setTimeout(settle, timeoutMs, false)
      this.#waiting.add(waiter)
    })
  }
}
