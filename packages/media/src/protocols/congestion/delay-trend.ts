/** Packets that were sent within this time are one group: their own spacing says more of the sender than of the path. */
const GROUP_MS = 5
/** Groups that the slope is taken from. */
const WINDOW = 20
/** The least delay in this time is what waits in the path for good: jitter and reordering do not reach it. */
const STANDING_MS = 200
/** The path's own delay is the least that was seen in the last two of these; it may change, as when a viewer changes networks. */
const BASE_MS = 15_000
/** Standing delay that no jitter explains, in milliseconds, if it rises. */
const RISING_MS = 40
/** Standing delay that is too much even if it does not rise: a queue that is full does not. */
const FULL_MS = 120
/** Milliseconds of delay per millisecond: 2 % more is sent than gets through. */
const RISING_SLOPE = 0.02
const FALLING_SLOPE = -0.02

export type PathState = 'normal' | 'overuse' | 'draining'

/**
 * Whether a queue builds up in the path: the slope of the one-way delay over the last groups of packets, and how much of the delay is
 * above the path's own. The clocks of both ends differ by a constant, which cancels.
 */
export class DelayTrend {
  /** One-way delay above the path's own that all packets of late had, in milliseconds. */
  standingMs = 0
  /** Milliseconds of delay per millisecond. */
  slope = 0
  #groupSentMs = Number.NEGATIVE_INFINITY
  #groupDelayMs = 0
  readonly #sentMs: number[] = []
  readonly #delayMs: number[] = []
  #baseMs = Number.POSITIVE_INFINITY
  #baseBeforeMs = Number.POSITIVE_INFINITY
  #baseSinceMs = Number.NEGATIVE_INFINITY

  /** A packet came. @param delayMs arrival by the receiver's clock less departure by ours */
  add(sentMs: number, delayMs: number): void {
    if (sentMs - this.#baseSinceMs > BASE_MS) {
      this.#baseBeforeMs = this.#baseMs
      this.#baseMs = delayMs
      this.#baseSinceMs = sentMs
    } else if (delayMs < this.#baseMs) this.#baseMs = delayMs
    if (sentMs - this.#groupSentMs <= GROUP_MS) {
      // A group is as late as its last packet; what overtook does not count.
      if (delayMs > this.#groupDelayMs) this.#groupDelayMs = delayMs
      return
    }
    if (this.#groupSentMs !== Number.NEGATIVE_INFINITY) this.#endGroup()
    this.#groupSentMs = sentMs
    this.#groupDelayMs = delayMs
  }

  get state(): PathState {
    if (this.standingMs > RISING_MS && this.slope > RISING_SLOPE) return 'overuse'
    if (this.standingMs > FULL_MS && this.slope > FALLING_SLOPE) return 'overuse'
    return this.standingMs > RISING_MS ? 'draining' : 'normal'
  }

  #endGroup(): void {
    this.#sentMs.push(this.#groupSentMs)
    this.#delayMs.push(this.#groupDelayMs)
    if (this.#sentMs.length > WINDOW) {
      this.#sentMs.shift()
      this.#delayMs.shift()
    }
    this.standingMs = this.#standing()
    this.slope = slopeOf(this.#sentMs, this.#delayMs)
  }

  #standing(): number {
    let least = Number.POSITIVE_INFINITY
    for (let i = this.#sentMs.length - 1; i >= 0 && this.#groupSentMs - (this.#sentMs[i] as number) <= STANDING_MS; i--) {
      if ((this.#delayMs[i] as number) < least) least = this.#delayMs[i] as number
    }
    return Math.max(0, least - Math.min(this.#baseMs, this.#baseBeforeMs))
  }
}

/** Least squares. */
const slopeOf = (x: readonly number[], y: readonly number[]): number => {
  const n = x.length
  let meanX = 0
  let meanY = 0
  for (let i = 0; i < n; i++) {
    meanX += (x[i] as number) / n
    meanY += (y[i] as number) / n
  }
  let covariance = 0
  let variance = 0
  for (let i = 0; i < n; i++) {
    const dx = (x[i] as number) - meanX
    covariance += dx * ((y[i] as number) - meanY)
    variance += dx * dx
  }
  return variance === 0 ? 0 : covariance / variance
}
