/** What a simulated path does to packets, in virtual time. */
export type LinkConditions = {
  readonly capacityBps: number
  /** One way. */
  readonly delayMs: number
  /** What waits longer than this is dropped. */
  readonly queueMs: number
  /** 0 to 1, at random. */
  readonly loss: number
  /** Each packet is later by up to so much, at random, and may be overtaken. */
  readonly jitterMs: number
}

/** A path with a queue in front of its narrowest place. The same packets have the same fate in each run. */
export class SimulatedLink {
  conditions: LinkConditions
  dropped = 0
  #freeAtMs = 0
  #random = 1

  constructor(conditions: LinkConditions) {
    this.conditions = conditions
  }

  /** @returns when the packet arrives; undefined if it is lost */
  send(nowMs: number, byteLength: number): number | undefined {
    const { capacityBps, delayMs, queueMs, loss, jitterMs } = this.conditions
    const startMs = Math.max(nowMs, this.#freeAtMs)
    if (startMs - nowMs > queueMs || this.#next() < loss) {
      this.dropped++
      return undefined
    }
    this.#freeAtMs = startMs + (byteLength * 8000) / capacityBps
    return this.#freeAtMs + delayMs + jitterMs * this.#next()
  }

  #next(): number {
    this.#random = (this.#random * 48271) % 0x7fffffff
    return this.#random / 0x7fffffff
  }
}

/** Collects arrivals and makes the feedback about them, as a browser does each 50 ms. */
export class SimulatedReceiver {
  #arrivals = new Map<number, number>()
  #base = 0

  onPacket(seq: number, arrivalMs: number): void {
    this.#arrivals.set(seq, arrivalMs)
  }

  /** What came until now; undefined if that is nothing. */
  feedback(nowMs: number): { baseSeq: number; arrivalsMs: (number | undefined)[] } | undefined {
    const came = [...this.#arrivals].filter(([, arrivalMs]) => arrivalMs <= nowMs)
    if (came.length === 0) return undefined
    const first = Math.min(this.#base, ...came.map(([seq]) => seq))
    const last = Math.max(...came.map(([seq]) => seq))
    const arrivalsMs: (number | undefined)[] = new Array(last - first + 1).fill(undefined)
    for (const [seq, arrivalMs] of came) {
      arrivalsMs[seq - first] = Math.floor(arrivalMs * 4) / 4
      this.#arrivals.delete(seq)
    }
    this.#base = Math.max(this.#base, last + 1)
    return { baseSeq: first & 0xffff, arrivalsMs }
  }
}
