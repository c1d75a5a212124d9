const WINDOW_MS = 1000
/** Fewer packets say nothing. */
const MIN_PACKETS = 20
/** Loss that is no sign of a path that is too narrow. */
const TOLERATED = 0.1
const MAX_TOLERATED = 0.4
/** Loss that stayed although less was sent does not come from what we send; so much more is tolerated then, and for so long. */
const STAYED = 0.7
const MARGIN = 1.5
const VERDICT_MS = 2500
const FORGET_MS = 60_000

/** Tells loss by a path that is too narrow from loss that is there anyway. */
export class LossWindow {
  received = 0
  lost = 0
  /** Of the last full second, 0 to 1. */
  fraction = 0
  #sinceMs: number | undefined
  #tolerated = TOLERATED
  #toleratedUntilMs = 0
  #answered: { readonly atMs: number; readonly fraction: number } | undefined

  /** Ends the second if it is over. */
  settle(nowMs: number): void {
    this.#sinceMs ??= nowMs
    const packets = this.received + this.lost
    if (nowMs - this.#sinceMs < WINDOW_MS || packets < MIN_PACKETS) return
    this.fraction = Math.max(0, this.lost / packets)
    this.#sinceMs = nowMs
    this.received = 0
    this.lost = 0
    if (nowMs > this.#toleratedUntilMs) this.#tolerated = TOLERATED
    if (this.#answered && nowMs - this.#answered.atMs > VERDICT_MS) {
      if (this.fraction > this.#answered.fraction * STAYED) {
        this.#tolerated = Math.min(MAX_TOLERATED, this.fraction * MARGIN)
        this.#toleratedUntilMs = nowMs + FORGET_MS
      }
      this.#answered = undefined
    }
  }

  get isTooMuch(): boolean {
    return !this.#answered && this.fraction > this.#tolerated
  }

  /** Less is sent from now on because of it. */
  answered(nowMs: number): void {
    this.#answered = { atMs: nowMs, fraction: this.fraction }
  }
}
