import type { Decrease } from './bandwidth-estimator.ts'

/** Reports are put together over so long, in milliseconds: single ones come by chance. */
const PERIOD_MS = 900
/** A round trip that is always longer than the shortest one by so much means that packets wait, if it stays so for two periods. */
const WAITING_MS = 120
const CALM_MS = 50
/** Loss that no path has that carries what is sent, 0 to 1, and loss with which nothing grows. */
const TOO_MUCH = 0.25
const CALM_LOSS = 0.1
/** Of what came through, the share that is sent after a decrease. */
const BACK_OFF = 0.85
/** What a decrease did shows after this time, in milliseconds. */
const SETTLE_MS = 3000
/** A round trip that a decrease shortened by less than this share is not our doing: the way back may be the busy one. */
const STAYED = 0.8
/** Growth per second, and how much more than came through is believed. */
const GROWTH = 0.06
const UNTRIED = 1.5
/** Less than any picture takes, as sound may need most of a path. */
const MIN_BPS = 20_000
/** A bound that takes less than this away is no sign of trouble. */
const NEWS = 0.97

/** What is known of a track when a receiver report comes. */
export type ReportedTrack = {
  /** Undefined if the report does not tell. */
  readonly rttMs: number | undefined
  /** Packets that were lost since the start, and the highest sequence number with its wraps, as the receiver counts. */
  readonly lost: number
  readonly highestSeq: number
  /** Octets that were sent since the start. */
  readonly octets: number
}

/** How much a path carries to a viewer that tells of it by receiver reports alone: coarser and slower than by the time of each packet. */
export class ReportEstimator {
  /** Bits per second. */
  estimateBps = Number.POSITIVE_INFINITY
  lastDecrease: { readonly atMs: number; readonly why: Decrease } | undefined
  /** What the receiver takes at most, by its last word. */
  #takesBps = Number.POSITIVE_INFINITY
  #sinceMs: number | undefined
  #first: ReportedTrack | undefined
  #periodRttMs = Number.POSITIVE_INFINITY
  #leastRttMs = Number.POSITIVE_INFINITY
  #waitedMs = 0
  #answeredMs: number | undefined

  /**
   * The receiver measured what comes through, and says what it takes at most: REMB.
   * @param neededBps all that there is to send: a bound above it is none
   */
  onRemb(nowMs: number, bitrateBps: number, neededBps: number): void {
    this.#takesBps = Math.max(MIN_BPS, bitrateBps)
    if (this.#takesBps >= Math.min(this.estimateBps, neededBps)) return
    if (this.#takesBps < this.estimateBps * NEWS) this.lastDecrease = { atMs: nowMs, why: 'delay' }
    this.estimateBps = this.#takesBps
  }

  onReport(nowMs: number, track: ReportedTrack): void {
    if (track.rttMs !== undefined) this.#periodRttMs = Math.min(this.#periodRttMs, track.rttMs)
    if (this.#sinceMs === undefined || !this.#first) {
      this.#sinceMs = nowMs
      this.#first = track
      return
    }
    const spanMs = nowMs - this.#sinceMs
    if (spanMs < PERIOD_MS) return
    const expected = track.highestSeq - this.#first.highestSeq
    const loss = expected > 0 ? Math.max(0, Math.min(1, (track.lost - this.#first.lost) / expected)) : 0
    const receivedBps = (((track.octets - this.#first.octets) * 8000) / spanMs) * (1 - loss)
    this.#judge(nowMs, spanMs, receivedBps, loss)
    this.#sinceMs = nowMs
    this.#first = track
    this.#periodRttMs = Number.POSITIVE_INFINITY
  }

  #judge(nowMs: number, spanMs: number, receivedBps: number, loss: number): void {
    const rttMs = this.#periodRttMs
    this.#leastRttMs = Math.min(this.#leastRttMs, rttMs)
    const waitedMs = Number.isFinite(rttMs) ? rttMs - this.#leastRttMs : 0
    const isWaiting = Math.min(waitedMs, this.#waitedMs) > WAITING_MS
    this.#waitedMs = waitedMs
    if (isWaiting || loss > TOO_MUCH) {
      if (this.lastDecrease && nowMs - this.lastDecrease.atMs < SETTLE_MS) return
      if (isWaiting && this.#answeredMs !== undefined && waitedMs > this.#answeredMs * STAYED) {
        this.#leastRttMs = rttMs
        this.#answeredMs = undefined
        return
      }
      this.#answeredMs = isWaiting ? waitedMs : undefined
      this.estimateBps = Math.max(MIN_BPS, Math.min(this.estimateBps, receivedBps * BACK_OFF))
      this.lastDecrease = { atMs: nowMs, why: isWaiting ? 'delay' : 'loss' }
    } else if (waitedMs < CALM_MS && loss < CALM_LOSS && this.estimateBps !== Number.POSITIVE_INFINITY) {
      this.#answeredMs = undefined
      const grown = this.estimateBps * (1 + (GROWTH * spanMs) / 1000)
      this.estimateBps = Math.max(this.estimateBps, Math.min(grown, receivedBps * UNTRIED, this.#takesBps))
    }
  }
}
