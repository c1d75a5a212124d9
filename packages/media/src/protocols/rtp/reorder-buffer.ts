import type { RtpPacket } from './rtp-packet.ts'

export type ReorderLimits = {
  /** Packets held at most, a power of two. */
  readonly maxPackets: number
  /** How long a gap is waited for, in milliseconds. */
  readonly maxWaitMs: number
}

export const DEFAULT_REORDER_LIMITS: ReorderLimits = { maxPackets: 512, maxWaitMs: 200 }

/** A jump ahead that is still taken for loss, RFC 3550 appendix A.1 (MAX_DROPOUT). */
const MAX_DROPOUT = 3000

const NONE: RtpPacket[] = []

/** Puts the packets of one sender, as UDP delivered them, back in order. Waits for missing ones within its limits, then goes on without them. */
export class ReorderBuffer {
  /** Packets given up. One that comes afterwards counts as late and no longer as lost. */
  lost = 0
  duplicate = 0
  late = 0
  readonly #limits: ReorderLimits
  readonly #mask: number
  readonly #slots: (RtpPacket | undefined)[]
  readonly #arrivals: Float64Array
  /** The sequence number last delivered by each slot, to tell duplicates from late packets. */
  readonly #delivered: Int32Array
  #held = 0
  /** Next sequence number to deliver, 16 bits; -1 before the first packet. */
  #next = -1
  /** What would follow a packet that did not fit: two such in a row mean that the sender started anew. */
  #restartSeq = -1

  constructor(limits: ReorderLimits = DEFAULT_REORDER_LIMITS) {
    if ((limits.maxPackets & (limits.maxPackets - 1)) !== 0) throw new Error(`maxPackets ${limits.maxPackets} is not a power of two`)
    this.#limits = limits
    this.#mask = limits.maxPackets - 1
    this.#slots = new Array(limits.maxPackets).fill(undefined)
    this.#arrivals = new Float64Array(limits.maxPackets)
    this.#delivered = new Int32Array(limits.maxPackets).fill(-1)
  }

  /** @returns the packets that are now in order */
  push(nowMs: number, packet: RtpPacket): RtpPacket[] {
    const { seq } = packet
    if (this.#next < 0) this.#next = seq
    // The low 16 bits of the difference as a signed number.
    const ahead = ((seq - this.#next) << 16) >> 16
    if (ahead === 0 && this.#held === 0) {
      this.#deliver(packet)
      return [packet]
    }
    if (ahead > MAX_DROPOUT || ahead < -this.#limits.maxPackets) return this.#restart(packet)
    if (ahead < 0) {
      if (this.#delivered[seq & this.#mask] === seq) this.duplicate++
      else {
        this.late++
        if (this.lost > 0) this.lost--
      }
      return NONE
    }
    const out: RtpPacket[] = []
    while (((seq - this.#next) & 0xffff) >= this.#limits.maxPackets) this.#step(out)
    const slot = seq & this.#mask
    if (this.#slots[slot]) {
      this.duplicate++
      return out
    }
    this.#slots[slot] = packet
    this.#arrivals[slot] = nowMs
    this.#held++
    this.#drain(out)
    return out
  }

  /** Gives up on packets that were waited for too long. @returns the packets that were behind them */
  expire(nowMs: number): RtpPacket[] {
    let expiry = this.nextExpiryMs
    if (expiry === undefined || expiry > nowMs) return NONE
    const out: RtpPacket[] = []
    while (expiry !== undefined && expiry <= nowMs) {
      while (!this.#slots[this.#next & this.#mask]) this.#step(out)
      this.#drain(out)
      expiry = this.nextExpiryMs
    }
    return out
  }

  /** When `expire` has something to do, in the clock of `push`; undefined while nothing is missing. */
  get nextExpiryMs(): number | undefined {
    if (this.#held === 0) return undefined
    let seq = this.#next
    while (!this.#slots[seq & this.#mask]) seq++
    return (this.#arrivals[seq & this.#mask] as number) + this.#limits.maxWaitMs
  }

  /** Delivers the next packet if it is there, gives it up otherwise. */
  #step(out: RtpPacket[]): void {
    const slot = this.#next & this.#mask
    const packet = this.#slots[slot]
    if (packet) {
      this.#slots[slot] = undefined
      this.#held--
      this.#deliver(packet)
      out.push(packet)
    } else {
      this.lost++
      this.#next = (this.#next + 1) & 0xffff
    }
  }

  #drain(out: RtpPacket[]): void {
    while (this.#held > 0 && this.#slots[this.#next & this.#mask]) this.#step(out)
  }

  #deliver(packet: RtpPacket): void {
    this.#delivered[packet.seq & this.#mask] = packet.seq
    this.#next = (packet.seq + 1) & 0xffff
    this.#restartSeq = -1
  }

  #restart(packet: RtpPacket): RtpPacket[] {
    if (packet.seq !== this.#restartSeq) {
      this.#restartSeq = (packet.seq + 1) & 0xffff
      this.late++
      return NONE
    }
    const out: RtpPacket[] = []
    while (this.#held > 0) {
      const before = this.lost
      this.#step(out)
      this.lost = before
    }
    this.#delivered.fill(-1)
    this.#deliver(packet)
    out.push(packet)
    return out
  }
}
