import type { TransportFeedback } from '../rtp/transport-feedback.ts'
import { CapacityMeter } from './capacity-meter.ts'
import { DelayTrend } from './delay-trend.ts'
import { LossModel, type LossVerdict } from './loss-model.ts'
import { RateWindow } from './rate-window.ts'
import type { SendHistory } from './send-history.ts'

/** Of what came through while the path was full, the share that is sent from then on: the rest lets the queue drain. */
const BACK_OFF = 0.85
/** The same for what loss shows to be carried. */
const LOSS_BACK_OFF = 0.95
/** Loss that does not show where it comes from is answered by half of it, at the most. */
const LEAST_BACK_OFF = 0.75
/** After a decrease the path needs a while to show what it did, in milliseconds, besides the round trip. */
const SETTLE_MS = 300
const SETTLE_PATIENT_MS = 1500
/** Growth per second. */
const FAST_GROWTH = 0.08
/** Near the rate at which the path was full before. */
const SLOW_GROWTH = 0.02
/** Below and above that rate, which of both. */
const NEAR_BELOW = 0.95
const NEAR_ABOVE = 1.15
/** What was never tried is believed up to this multiple of what came through. */
const UNTRIED = 1.5
/** What was tried, and made packets wait for so long, in milliseconds, is believed up to this one. */
const TRIED = 1.02
const FULL_PEAK_MS = 60
/** Less than any picture takes, as sound may need most of a path. */
const MIN_BPS = 20_000
/** Feedback is rarer than this only if something is wrong: growth does not make up for it. */
const MAX_STEP_MS = 500
/** The receiver's clock has 24 bits of 64 ms. */
const CLOCK_WRAP_MS = 2 ** 24 * 64

export type Decrease = 'delay' | 'loss'

/**
 * How much a path to a viewer carries, from the feedback about what was sent on it: as draft-ietf-rmcat-gcc-02, a queue that builds up
 * (section 5) or loss (section 6) is answered by less than what came through; without either the estimate grows.
 * Until the first time that the path is too narrow there is nothing that bounds it.
 */
export class BandwidthEstimator {
  /** Bits per second. */
  estimateBps = Number.POSITIVE_INFINITY
  /** Why and when it was decreased last, by the clock of `onFeedback`. */
  lastDecrease: { readonly atMs: number; readonly why: Decrease } | undefined
  readonly trend = new DelayTrend()
  /** Of the packets that the last feedback told of, the most that one waited in the path, in milliseconds above the path's own delay. */
  waitedMs = 0
  readonly #losses = new LossModel()
  readonly #received = new RateWindow()
  readonly #capacity = new CapacityMeter()
  #fullBps = 0
  #lastMs: number | undefined
  #lastArrivalMs: number | undefined

  /** Bits per second that came through of late. */
  get receivedBps(): number {
    return this.#received.bitsPerSecond
  }

  /** Bits per second that came out of the path while packets waited in it; undefined if that was not long enough to tell. */
  get capacityBps(): number | undefined {
    return this.#capacity.bitsPerSecond
  }

  /** The path showed what it carries before there was time to see a trend: at the start, when much is sent. */
  bound(nowMs: number): void {
    this.#decrease(nowMs, 'delay', this.receivedBps)
  }

  /** Packets wait in front of the path: what came through of late is all that it carries. */
  slow(nowMs: number): void {
    this.#capacity.reset()
    this.#decrease(nowMs, 'delay', this.receivedBps)
  }

  /** 0 to 1. */
  get lossFraction(): number {
    return this.#losses.fraction
  }

  /** @param rttMs 0 while it is not known */
  onFeedback(nowMs: number, feedback: TransportFeedback, history: SendHistory, rttMs: number): void {
    this.waitedMs = 0
    for (const [i, arrivalMs] of feedback.arrivalsMs.entries()) {
      const seq = history.find((feedback.baseSeq + i) & 0xffff)
      if (seq === undefined) continue
      this.#learnLoss(seq, arrivalMs === undefined, history)
      if (arrivalMs === undefined) continue
      const arrivedMs = this.#unwrap(arrivalMs)
      this.#received.add(arrivedMs, history.byteLength(seq))
      const waitedMs = this.trend.add(history.sentMs(seq), arrivedMs - history.sentMs(seq))
      this.waitedMs = Math.max(this.waitedMs, waitedMs)
      this.#capacity.add(arrivedMs, history.byteLength(seq), waitedMs)
      history.forget(seq)
    }
    const stepMs = Math.min(MAX_STEP_MS, nowMs - (this.#lastMs ?? nowMs))
    this.#lastMs = nowMs
    this.#update(nowMs, stepMs, rttMs)
  }

  #learnLoss(seq: number, isLost: boolean, history: SendHistory): void {
    const isNews = !isLost || history.markMissing(seq)
    // More is sent again when more is lost: with repetitions loss would seem to grow with the rate.
    if (!isNews || history.isRepeat(seq)) return
    if (!isLost && history.isMissing(seq)) this.#losses.came(history.sentMs(seq))
    else this.#losses.add(history.sentMs(seq), history.byteLength(seq), isLost)
  }

  #update(nowMs: number, stepMs: number, rttMs: number): void {
    const receivedBps = this.#received.bitsPerSecond
    if (receivedBps === 0) return
    const settled = !this.lastDecrease || nowMs - this.lastDecrease.atMs > (this.trend.isPatient ? SETTLE_PATIENT_MS : SETTLE_MS) + rttMs
    const { state } = this.trend
    const loss = this.#losses.judge(nowMs)
    if (state === 'overuse') {
      if (settled) this.#decrease(nowMs, 'delay', receivedBps)
    } else if (loss) {
      if (settled) this.#decrease(nowMs, 'loss', receivedBps, loss)
    } else if (state === 'normal' && this.estimateBps !== Number.POSITIVE_INFINITY) {
      const isNear = this.estimateBps > this.#fullBps * NEAR_BELOW && this.estimateBps < this.#fullBps * NEAR_ABOVE
      const grown = this.estimateBps * (1 + ((isNear ? SLOW_GROWTH : FAST_GROWTH) * stepMs) / 1000)
      // What is known stays known: the bound holds growth back and takes nothing away.
      // Where packets waited of late the path showed what it carries; otherwise it may have become wider.
      const isFull = this.trend.peakMs > FULL_PEAK_MS
      if (!isFull) this.#capacity.reset()
      const bound = isFull ? (this.#capacity.bitsPerSecond ?? receivedBps) * TRIED : receivedBps * UNTRIED
      // What is known stays known: the bound holds growth back and takes nothing away.
      this.estimateBps = Math.max(this.estimateBps, Math.min(grown, bound))
    }
  }

  #decrease(nowMs: number, why: Decrease, receivedBps: number, loss?: LossVerdict): void {
    const fullBps = why === 'delay' ? (this.#capacity.bitsPerSecond ?? receivedBps) : loss?.why === 'bound' ? loss.bps : receivedBps
    this.#fullBps = fullBps
    const factor = why === 'delay' ? BACK_OFF : loss?.why === 'bound' ? LOSS_BACK_OFF : Math.max(LEAST_BACK_OFF, 1 - this.#losses.fraction / 2)
    this.estimateBps = Math.max(MIN_BPS, Math.min(this.estimateBps, fullBps * factor))
    this.lastDecrease = { atMs: nowMs, why }
    this.#losses.answered(nowMs, loss)
  }

  #unwrap(arrivalMs: number): number {
    const last = this.#lastArrivalMs ?? arrivalMs
    this.#lastArrivalMs = arrivalMs + Math.round((last - arrivalMs) / CLOCK_WRAP_MS) * CLOCK_WRAP_MS
    return this.#lastArrivalMs
  }
}
