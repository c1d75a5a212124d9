import { SequenceUnwrapper } from './unwrap.ts'

/** Packets whose arrival is remembered: more than come in the time between two messages. A power of two. */
const MEMORY = 4096

/** What a feedback message says: `TransportFeedback` without its SSRCs and count. */
export type Arrivals = { readonly baseSeq: number; readonly arrivalsMs: readonly (number | undefined)[] }

/**
 * Notes when the packets of a transport came, by the count in their header extension, for the feedback of
 * draft-holmer-rmcat-transport-wide-cc-extensions-01. What comes late is told once more, with what was told about the packets after it.
 */
export class ArrivalRecorder {
  readonly #unwrapper = new SequenceUnwrapper()
  readonly #arrivedMs = new Float64Array(MEMORY)
  /** Which packet each place is of. */
  readonly #seqs = new Float64Array(MEMORY).fill(-1)
  /** First packet that the next message tells of. */
  #base = 0
  #newest = -1
  #untold = 0

  /** Packets that no message told of yet. */
  get untold(): number {
    return this.#untold
  }

  /** @param seq16 the transport-wide count */
  onPacket(nowMs: number, seq16: number): void {
    // Kept positive also for packets from before the first one.
    const seq = this.#unwrapper.unwrap(seq16) + 0x10000
    if (this.#newest < 0) this.#base = this.#newest = seq
    else if (seq > this.#newest) this.#newest = seq
    if (seq <= this.#newest - MEMORY || this.#seqs[seq & (MEMORY - 1)] === seq) return
    this.#seqs[seq & (MEMORY - 1)] = seq
    this.#arrivedMs[seq & (MEMORY - 1)] = nowMs
    this.#base = Math.max(Math.min(this.#base, seq), this.#newest - MEMORY + 1)
    this.#untold++
  }

  /** What there is to tell; undefined if nothing came since the last time. */
  take(): Arrivals | undefined {
    if (this.#untold === 0) return undefined
    const baseSeq = this.#base & 0xffff
    const arrivalsMs: (number | undefined)[] = []
    for (let seq = this.#base; seq <= this.#newest; seq++) {
      const slot = seq & (MEMORY - 1)
      arrivalsMs.push(this.#seqs[slot] === seq ? this.#arrivedMs[slot] : undefined)
    }
    this.#base = this.#newest + 1
    this.#untold = 0
    return { baseSeq, arrivalsMs }
  }
}
