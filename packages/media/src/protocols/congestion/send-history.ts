/** Packets that are remembered, a power of two: ten seconds of 2 Mbit/s, one of 20. */
const MEMORY = 2048

/** What was sent over one transport, by its transport-wide count: two stores for each packet. */
export class SendHistory {
  /** Count of the next packet; its low 16 bits go on the wire. */
  next = 0
  readonly #sentMs = new Float64Array(MEMORY)
  /** 0: taken out, or never sent. */
  readonly #bytes = new Uint16Array(MEMORY)
  /** Feedback said that it did not come. */
  readonly #missing = new Uint8Array(MEMORY)
  readonly #repeat = new Uint8Array(MEMORY)

  /**
   * @param isRepeat it was sent before
   * @returns the packet's count
   */
  add(nowMs: number, byteLength: number, isRepeat: boolean): number {
    const slot = this.next & (MEMORY - 1)
    this.#sentMs[slot] = nowMs
    this.#bytes[slot] = byteLength
    this.#missing[slot] = 0
    this.#repeat[slot] = isRepeat ? 1 : 0
    return this.next++
  }

  /** The count of a packet that was sent, by the 16 bits of it that were on the wire; undefined if it is forgotten or was never sent. */
  find(seq16: number): number | undefined {
    const newest = this.next - 1
    const seq = newest - ((newest - seq16) & 0xffff)
    return seq >= 0 && newest - seq < MEMORY && this.#bytes[seq & (MEMORY - 1)] !== 0 ? seq : undefined
  }

  sentMs(seq: number): number {
    return this.#sentMs[seq & (MEMORY - 1)] as number
  }

  byteLength(seq: number): number {
    return this.#bytes[seq & (MEMORY - 1)] as number
  }

  isRepeat(seq: number): boolean {
    return this.#repeat[seq & (MEMORY - 1)] === 1
  }

  /** It came: whatever else is said of it counts no more. */
  forget(seq: number): void {
    this.#bytes[seq & (MEMORY - 1)] = 0
  }

  /** @returns whether this is news */
  markMissing(seq: number): boolean {
    const slot = seq & (MEMORY - 1)
    if (this.#missing[slot]) return false
    this.#missing[slot] = 1
    return true
  }

  isMissing(seq: number): boolean {
    return this.#missing[seq & (MEMORY - 1)] === 1
  }
}
