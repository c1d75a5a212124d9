/** What was sent within this time is judged together, in milliseconds: a key frame makes such a slot much fuller than others. */
const SLOT_MS = 100
/** Slots that are looked back on; a power of two. */
const SLOTS = 64
/** Fewer packets say nothing. */
const MIN_PACKETS = 60
/** Less loss than that is repaired, whatever it comes from. */
const LEAST_LOSS = 0.015
/** Loss in fewer slots may be a burst that met a key frame by chance. */
const LEAST_LOSSY_SLOTS = 5
/** Natural logarithm of how much likelier a bound has to make what was seen. */
const EVIDENCE = 8
/** Capacities that are tried, from the least rate of a slot to the greatest, in equal steps of their ratio. */
const CAPACITIES = 12
/** Shares of packets that are lost whatever is sent. */
const INHERENT = [0.002, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3]
const LEAST_SHARE = 1e-4

/** So much loss is answered even if it does not show where it comes from: with a constant rate it cannot. */
const UNEXPLAINED = 0.25
const MAX_TOLERATED = 0.5
/** Loss that stayed although less was sent does not come from what we send; so much more is tolerated then, and for so long. */
const STAYED = 0.7
const MARGIN = 1.5
const VERDICT_MS = 2500
const FORGET_MS = 60_000
const JUDGE_INTERVAL_MS = 250

/** What loss says of the path: `bound`: it carries no more than `bps`. `unknown`: much is lost, and only sending less tells why. */
export type LossVerdict = { readonly why: 'bound'; readonly bps: number } | { readonly why: 'unknown' }

/**
 * Tells loss by a path that is too narrow from loss that is there anyway, without a queue that shows it: the one grows with the rate, and the
 * other is the same at each rate. Of both explanations the likelier one is taken, in the manner of loss-based estimation in libwebrtc.
 */
export class LossModel {
  readonly #slot = new Float64Array(SLOTS).fill(-1)
  readonly #bytes = new Float64Array(SLOTS)
  readonly #came = new Uint16Array(SLOTS)
  readonly #lost = new Uint16Array(SLOTS)
  /** Of what was sent of late, 0 to 1. */
  fraction = 0
  #sinceMs = Number.NEGATIVE_INFINITY
  #judgedMs = Number.NEGATIVE_INFINITY
  #tolerated = UNEXPLAINED
  #toleratedUntilMs = 0
  #answered: { readonly atMs: number; readonly fraction: number } | undefined

  /** It is known what became of a packet. */
  add(sentMs: number, byteLength: number, isLost: boolean): void {
    if (sentMs < this.#sinceMs) return
    const slot = Math.floor(sentMs / SLOT_MS)
    const at = slot & (SLOTS - 1)
    if (this.#slot[at] !== slot) {
      if ((this.#slot[at] as number) > slot) return
      this.#slot[at] = slot
      this.#bytes[at] = this.#came[at] = this.#lost[at] = 0
    }
    this.#bytes[at] = (this.#bytes[at] as number) + byteLength
    if (isLost) this.#lost[at] = (this.#lost[at] as number) + 1
    else this.#came[at] = (this.#came[at] as number) + 1
  }

  /** A packet that was taken for lost came after all. */
  came(sentMs: number): void {
    const at = Math.floor(sentMs / SLOT_MS) & (SLOTS - 1)
    if (this.#slot[at] !== Math.floor(sentMs / SLOT_MS) || this.#lost[at] === 0) return
    this.#lost[at] = (this.#lost[at] as number) - 1
    this.#came[at] = (this.#came[at] as number) + 1
  }

  /** Less is sent from now on: what was before says nothing of it. */
  answered(nowMs: number, verdict: LossVerdict | undefined): void {
    this.#sinceMs = nowMs
    this.#slot.fill(-1)
    if (verdict?.why === 'unknown') this.#answered = { atMs: nowMs, fraction: this.fraction }
  }

  /** @returns undefined while loss is no sign of a path that is too narrow, and between judgements */
  judge(nowMs: number): LossVerdict | undefined {
    if (nowMs - this.#judgedMs < JUDGE_INTERVAL_MS) return undefined
    this.#judgedMs = nowMs
    const full: number[] = []
    let came = 0
    let lost = 0
    let lossySlots = 0
    const oldest = Math.floor(nowMs / SLOT_MS) - SLOTS
    for (let at = 0; at < SLOTS; at++) {
      if ((this.#slot[at] as number) <= oldest || this.#bytes[at] === 0) continue
      full.push(at)
      came += this.#came[at] as number
      lost += this.#lost[at] as number
      if ((this.#lost[at] as number) > 0) lossySlots++
    }
    if (came + lost < MIN_PACKETS) return undefined
    this.fraction = lost / (came + lost)
    this.#learn(nowMs)
    if (this.fraction < LEAST_LOSS || lossySlots < LEAST_LOSSY_SLOTS) return undefined
    const bps = this.#boundBy(full, this.fraction)
    if (bps !== undefined) return { why: 'bound', bps }
    return !this.#answered && this.fraction > this.#tolerated ? { why: 'unknown' } : undefined
  }

  #learn(nowMs: number): void {
    if (nowMs > this.#toleratedUntilMs) this.#tolerated = UNEXPLAINED
    if (!this.#answered || nowMs - this.#answered.atMs < VERDICT_MS) return
    if (this.fraction > this.#answered.fraction * STAYED) {
      this.#tolerated = Math.min(MAX_TOLERATED, this.fraction * MARGIN)
      this.#toleratedUntilMs = nowMs + FORGET_MS
    }
    this.#answered = undefined
  }

  /** The capacity that explains the loss, if one does so much better than loss that is the same at each rate. */
  #boundBy(slots: readonly number[], fraction: number): number | undefined {
    const rates = slots.map((at) => ((this.#bytes[at] as number) * 8000) / SLOT_MS)
    const least = Math.min(...rates)
    const most = Math.max(...rates)
    let best = this.#logLikelihood(slots, rates, Number.POSITIVE_INFINITY, fraction) + EVIDENCE
    let capacity: number | undefined
    for (let i = 0; i < CAPACITIES; i++) {
      const tried = least * (most / least) ** (i / CAPACITIES)
      for (const inherent of INHERENT) {
        const likelihood = this.#logLikelihood(slots, rates, tried, inherent)
        if (likelihood <= best) continue
        best = likelihood
        capacity = tried
      }
    }
    return capacity
  }

  #logLikelihood(slots: readonly number[], rates: readonly number[], capacityBps: number, inherent: number): number {
    let sum = 0
    for (const [i, at] of slots.entries()) {
      const share = (1 - inherent) * Math.min(1, capacityBps / (rates[i] as number))
      const through = Math.min(1 - LEAST_SHARE, Math.max(LEAST_SHARE, share))
      sum += (this.#came[at] as number) * Math.log(through) + (this.#lost[at] as number) * Math.log(1 - through)
    }
    return sum
  }
}
