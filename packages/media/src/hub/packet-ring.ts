import type { Packet } from './packet.ts'

/**
 * The last packets of a track, by sequence number: answers NACKs and starts late readers. One per track, shared by all readers.
 * @param capacity packets, a power of two
 */
export class PacketRing {
  readonly #slots: (Packet | undefined)[]
  readonly #mask: number
  #newestSeq = -1
  #randomAccessSeq = -1

  constructor(capacity = 4096) {
    if ((capacity & (capacity - 1)) !== 0) throw new Error(`capacity ${capacity} is not a power of two`)
    this.#slots = new Array(capacity).fill(undefined)
    this.#mask = capacity - 1
  }

  push(packet: Packet): void {
    this.#slots[packet.seq & this.#mask] = packet
    if (packet.seq > this.#newestSeq) this.#newestSeq = packet.seq
    if (packet.randomAccess) this.#randomAccessSeq = packet.seq
  }

  /** The packet with that sequence number, unless it is lost or too old. */
  get(seq: number): Packet | undefined {
    const packet = this.#slots[seq & this.#mask]
    return packet?.seq === seq ? packet : undefined
  }

  /** Finds a packet by the 16 bits of its sequence number that were on the wire, as a NACK names it. */
  getByWireSeq(seq16: number): Packet | undefined {
    const behind = (this.#newestSeq - seq16) & 0xffff
    return this.get(this.#newestSeq - behind)
  }

  /**
   * The first packet behind those up to a time, as far as the ring goes back.
   * @param timestamp as `Packet.timestamp`
   * @returns its sequence number; the next one where there is none yet
   */
  firstAfter(timestamp: number): number {
    let first = this.#newestSeq + 1
    for (let seq = this.#newestSeq; seq > this.#newestSeq - this.#slots.length; seq--) {
      const packet = this.get(seq)
      if (packet && packet.timestamp <= timestamp) break
      if (packet) first = seq
    }
    return first
  }

  /** -1 while the ring is empty. */
  get newestSeq(): number {
    return this.#newestSeq
  }

  /** First packet of the newest unit where decoding can start, if the ring still holds it. */
  get randomAccessSeq(): number | undefined {
    return this.#randomAccessSeq >= 0 && this.get(this.#randomAccessSeq) ? this.#randomAccessSeq : undefined
  }

  /** Forgets the packets but not the count, for a new publisher whose pictures do not continue the old ones. */
  clear(): void {
    this.#slots.fill(undefined)
    this.#randomAccessSeq = -1
  }
}
