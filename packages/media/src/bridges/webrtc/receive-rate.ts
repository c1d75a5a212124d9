const MIN_BPS = 150_000
const START_BPS = 1_000_000
const MAX_BPS = 50_000_000
/** Up to this share of lost packets the sender may send more; above the other it has to send less. RFC 8698 and its kin draw the lines alike. */
const LOW_LOSS = 0.02
const HIGH_LOSS = 0.1
const GROWTH = 1.25
/** How far the allowance may be above what comes. */
const HEADROOM = 2

/** How much a publisher may send, by the loss of what it sends: for publishers that take REMB and no feedback about each packet. */
export class ReceiveRate {
  bitrateBps = START_BPS
  #octetsBefore = 0
  #measuredMs = Number.NaN

  /**
   * Call it about once a second.
   * @param octets received since the start
   * @param lossShare of the packets since the last call, 0 to 1
   */
  update(nowMs: number, octets: number, lossShare: number): void {
    const elapsedMs = nowMs - this.#measuredMs
    const receivedBps = elapsedMs > 0 ? ((octets - this.#octetsBefore) * 8000) / elapsedMs : 0
    this.#measuredMs = nowMs
    this.#octetsBefore = octets
    if (!(elapsedMs > 0)) return
    if (lossShare > HIGH_LOSS) this.bitrateBps = receivedBps * (1 - lossShare / 2)
    else if (lossShare < LOW_LOSS) this.bitrateBps = Math.min(this.bitrateBps * GROWTH, Math.max(START_BPS, receivedBps * HEADROOM))
    this.bitrateBps = Math.max(MIN_BPS, Math.min(MAX_BPS, this.bitrateBps))
  }
}
