import type { ReportBlock } from './rtcp-report.ts'
import { SequenceUnwrapper } from './unwrap.ts'

/** Counts what came of one sender, for receiver reports: RFC 3550 appendix A.3 and A.8. */
export class ReceptionStats {
  readonly #ssrc: number
  readonly #clockRate: number
  readonly #unwrapper = new SequenceUnwrapper()
  #firstSeq = 0
  #highestSeq = -1
  #received = 0
  #expectedBefore = 0
  #receivedBefore = 0
  #jitter = 0
  #lastTransit: number | undefined
  #lastReport = { compactNtp: 0, arrivalMs: 0 }

  /** @param clockRate of the RTP timestamps, in hertz */
  constructor(ssrc: number, clockRate: number) {
    this.#ssrc = ssrc
    this.#clockRate = clockRate
  }

  get received(): number {
    return this.#received
  }

  /** Packets that are missing; 0 when there were more duplicates. */
  get lost(): number {
    return this.#received === 0 ? 0 : Math.max(0, this.#highestSeq - this.#firstSeq + 1 - this.#received)
  }

  /** RFC 3550 section 6.4.1. */
  get jitterMs(): number {
    return (this.#jitter * 1000) / this.#clockRate
  }

  /** @param timestamp 32 bits, as it came */
  onPacket(nowMs: number, seq16: number, timestamp: number): void {
    const seq = this.#unwrapper.unwrap(seq16)
    if (this.#received === 0) this.#firstSeq = seq
    this.#highestSeq = Math.max(this.#highestSeq, seq)
    this.#received++
    const transit = (Math.round((nowMs * this.#clockRate) / 1000) - timestamp) | 0
    if (this.#lastTransit !== undefined) this.#jitter += (Math.abs((transit - this.#lastTransit) | 0) - this.#jitter) / 16
    this.#lastTransit = transit
  }

  /** @param compactNtp middle 32 bits of the report's NTP time */
  onSenderReport(nowMs: number, compactNtp: number): void {
    this.#lastReport = { compactNtp, arrivalMs: nowMs }
  }

  /** The block for the next receiver report, which ends an interval; undefined before the first packet. */
  report(nowMs: number): ReportBlock | undefined {
    if (this.#received === 0) return undefined
    const expected = this.#highestSeq - this.#firstSeq + 1
    const expectedInterval = expected - this.#expectedBefore
    const lostInterval = expectedInterval - (this.#received - this.#receivedBefore)
    this.#expectedBefore = expected
    this.#receivedBefore = this.#received
    const { compactNtp, arrivalMs } = this.#lastReport
    return {
      ssrc: this.#ssrc,
      fractionLost: expectedInterval === 0 || lostInterval <= 0 ? 0 : Math.min(255, Math.floor((lostInterval * 256) / expectedInterval)),
      cumulativeLost: Math.max(-0x80_0000, Math.min(0x7f_ffff, expected - this.#received)),
      highestSeq: this.#highestSeq >>> 0,
      jitter: Math.floor(this.#jitter),
      lastSenderReport: compactNtp,
      delaySinceLastSenderReport: compactNtp === 0 ? 0 : Math.round(((nowMs - arrivalMs) * 65536) / 1000) >>> 0,
    }
  }
}
