export const FIRST_DELAY_MS = 1000
export const LONGEST_DELAY_MS = 30_000
/** Part of a delay that is random, so that many sources of a camera server that restarted do not come back all at once. */
const JITTER = 0.2

/** How long to wait between attempts: 1 s, 2 s, 4 s … 30 s, each up to a fifth shorter or longer. */
export class Backoff {
  #delayMs = FIRST_DELAY_MS

  /** @param random 0 to 1 */
  next(random: number): number {
    const delayMs = this.#delayMs
    this.#delayMs = Math.min(LONGEST_DELAY_MS, delayMs * 2)
    return Math.round(delayMs * (1 + JITTER * (2 * random - 1)))
  }

  /** An attempt succeeded. */
  reset(): void {
    this.#delayMs = FIRST_DELAY_MS
  }
}
