import { SequenceUnwrapper } from './unwrap.ts'

/** A packet is not asked for before this time, in milliseconds: it may only be late. */
export const REORDER_TOLERANCE_MS = 10
/** Requests for one packet. */
export const MAX_REQUESTS = 8
/** A packet that is missing for this long, in milliseconds, would come too late. */
export const MAX_MISSING_AGE_MS = 800
/** Missing packets that are remembered; a longer gap is not to be mended. */
export const MAX_MISSING = 512

const FIRST_ROUND_TRIP_MS = 100
const MIN_INTERVAL_MS = 20
const MAX_INTERVAL_MS = 400

type Missing = {
  readonly noticedMs: number
  requestedMs: number
  requests: number
}

const NONE: readonly number[] = []

/**
 * Decides which packets of one sender are asked for again, RFC 4585 section 6.2.1. It waits a little for packets that are out of order,
 * repeats itself once in a round trip, and gives up in the end. The round trip is learnt from the answers.
 */
export class NackGenerator {
  /** Packets asked for, each once. */
  requested = 0
  /** Packets that came after they were asked for. */
  recovered = 0
  /** Packets given up. */
  abandoned = 0
  readonly #unwrapper = new SequenceUnwrapper()
  readonly #missing = new Map<number, Missing>()
  #newest: number | undefined
  #roundTripMs = FIRST_ROUND_TRIP_MS

  /** From a request to its answer, in milliseconds. */
  get roundTripMs(): number {
    return this.#roundTripMs
  }

  /** @param seq16 of a packet that came, also of one that was sent again */
  onPacket(nowMs: number, seq16: number): void {
    const seq = this.#unwrapper.unwrap(seq16)
    if (this.#newest === undefined) {
      this.#newest = seq
      return
    }
    if (seq <= this.#newest) {
      this.#found(nowMs, seq)
      return
    }
    const gap = seq - this.#newest - 1
    if (this.#missing.size + gap > MAX_MISSING) {
      this.abandoned += this.#missing.size + gap
      this.#missing.clear()
    } else for (let lost = this.#newest + 1; lost < seq; lost++) this.#missing.set(lost, { noticedMs: nowMs, requestedMs: 0, requests: 0 })
    this.#newest = seq
  }

  /** @returns 16-bit sequence numbers to be asked for now, ascending modulo their wrap */
  due(nowMs: number): readonly number[] {
    if (this.#missing.size === 0) return NONE
    const seqs: number[] = []
    const interval = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, this.#roundTripMs * 1.25))
    for (const [seq, missing] of this.#missing) {
      if (nowMs - missing.noticedMs > MAX_MISSING_AGE_MS || (missing.requests === MAX_REQUESTS && nowMs - missing.requestedMs >= interval)) {
        this.abandoned++
        this.#missing.delete(seq)
      } else if (missing.requests === 0 ? nowMs - missing.noticedMs >= REORDER_TOLERANCE_MS : nowMs - missing.requestedMs >= interval) {
        if (missing.requests === MAX_REQUESTS) continue
        if (missing.requests === 0) this.requested++
        missing.requests++
        missing.requestedMs = nowMs
        seqs.push(seq & 0xffff)
      }
    }
    return seqs
  }

  #found(nowMs: number, seq: number): void {
    const missing = this.#missing.get(seq)
    if (!missing) return
    this.#missing.delete(seq)
    if (missing.requests === 0) return
    this.recovered++
    // With several requests it is not known which one was answered.
    if (missing.requests === 1) this.#roundTripMs += (nowMs - missing.requestedMs - this.#roundTripMs) / 8
  }
}
