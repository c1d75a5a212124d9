const SLOT_MS = 100
const SLOTS = 6

/** Bytes per time over the last half second or so, of the time in which there were any: what a path delivers while it has something to deliver. */
export class RateWindow {
  readonly #bytes = new Float64Array(SLOTS)
  #slot = Number.NEGATIVE_INFINITY

  add(atMs: number, byteLength: number): void {
    const slot = Math.floor(atMs / SLOT_MS)
    if (slot > this.#slot) {
      for (let old = Math.max(this.#slot + 1, slot - SLOTS + 1); old <= slot; old++) this.#bytes[place(old)] = 0
      this.#slot = slot
    } else if (slot <= this.#slot - SLOTS) return
    this.#bytes[place(slot)] = (this.#bytes[place(slot)] as number) + byteLength
  }

  /** Bits per second; the slot that is not over yet does not count. 0 while nothing is known. */
  get bitsPerSecond(): number {
    let bytes = 0
    let slots = 0
    for (let slot = this.#slot - SLOTS + 1; slot < this.#slot; slot++) {
      const some = this.#bytes[place(slot)] as number
      if (!(some > 0)) continue
      bytes += some
      slots++
    }
    return slots === 0 ? 0 : (bytes * 8000) / (slots * SLOT_MS)
  }
}

const place = (slot: number): number => ((slot % SLOTS) + SLOTS) % SLOTS
