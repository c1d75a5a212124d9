/** Packets that were sent within this time are one group: their own spacing says more of the sender than of the path. */
const GROUP_MS = 5
/** Groups that the slope is taken from. */
const WINDOW = 20
/** Groups that are kept. */
const MEMORY = 256
/** The least delay in this time is what waits in the path for good: jitter and reordering do not reach it. */
const STANDING_MS = 200
/** The same where a reliable transport makes packets late when it repeats one. */
const STANDING_PATIENT_MS = 1000
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
  /** Packets go by a reliable transport: only what waits for long is a queue. */
  isPatient = false
  /** One-way delay above the path's own that all packets of late had, in milliseconds. */
  standingMs = 0
  /** The most that waited of late, in milliseconds above the path's own delay. */
  peakMs = 0
  /** Milliseconds of delay per millisecond. */
  slope = 0
  #groupSentMs = Number.NEGATIVE_INFINITY
  #groupDelayMs = 0
  readonly #sentMs: number[] = []
  readonly #delayMs: number[] = []
  #baseMs = Number.POSITIVE_INFINITY
  #baseBeforeMs = Number.POSITIVE_INFINITY
  #baseSinceMs = Number.NEGATIVE_INFINITY

  /**
   * A packet came.
   * @param delayMs arrival by the receiver's clock less departure by ours
   * @returns how much of that is above the path's own delay
   */
  add(sentMs: number, delayMs: number): number {
    if (sentMs - this.#baseSinceMs > BASE_MS) {
      this.#baseBeforeMs = this.#baseMs
      this.#baseMs = delayMs
      this.#baseSinceMs = sentMs
    } else if (delayMs < this.#baseMs) this.#baseMs = delayMs
    const waitedMs = delayMs - Math.min(this.#baseMs, this.#baseBeforeMs)
    if (sentMs - this.#groupSentMs <= GROUP_MS) {
      // A group is as late as the packet that waited least: the others waited for it.
      if (delayMs < this.#groupDelayMs) this.#groupDelayMs = delayMs
      return waitedMs
    }
    if (this.#groupSentMs !== Number.NEGATIVE_INFINITY) this.#endGroup()
    this.#groupSentMs = sentMs
    this.#groupDelayMs = delayMs
    return waitedMs
  }

  get state(): PathState {
    if (this.isPatient) return this.standingMs > FULL_MS && this.slope > FALLING_SLOPE ? 'overuse' : this.standingMs > RISING_MS ? 'draining' : 'normal'
    if (this.standingMs > RISING_MS && this.slope > RISING_SLOPE) return 'overuse'
    if (this.standingMs > FULL_MS && this.slope > FALLING_SLOPE) return 'overuse'
    return this.standingMs > RISING_MS ? 'draining' : 'normal'
  }

  #endGroup(): void {
    this.#sentMs.push(this.#groupSentMs)
    this.#delayMs.push(this.#groupDelayMs)
    if (this.#sentMs.length > MEMORY) {
      this.#sentMs.shift()
      this.#delayMs.shift()
    }
    this.#measure()
    this.slope = slopeOf(this.#sentMs, this.#delayMs, Math.max(0, this.#sentMs.length - WINDOW))
  }

  #measure(): void {
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    const spanMs = this.isPatient ? STANDING_PATIENT_MS : STANDING_MS
    for (let i = this.#sentMs.length - 1; i >= 0 && this.#groupSentMs - (this.#sentMs[i] as number) <= spanMs; i--) {
      const delayMs = this.#delayMs[i] as number
      if (delayMs < least) least = delayMs
      if (delayMs > most) most = delayMs
    }
    const baseMs = Math.min(this.#baseMs, this.#baseBeforeMs)
    this.standingMs = Math.max(0, least - baseMs)
    this.peakMs = Math.max(0, most - baseMs)
  }
}

/** Least squares over what comes from an index on. */
const slopeOf = (x: readonly number[], y: readonly number[], from: number): number => {
  const n = x.length - from
  let meanX = 0
  let meanY = 0
  for (let i = from; i < x.length; i++) {
    meanX += (x[i] as number) / n
    meanY += (y[i] as number) / n
  }
  let covariance = 0
  let variance = 0
  for (let i = from; i < x.length; i++) {
    const dx = (x[i] as number) - meanX
    covariance += dx * ((y[i] as number) - meanY)
    variance += dx * dx
  }
  return variance === 0 ? 0 : covariance / variance
}
