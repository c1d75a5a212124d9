/** Packets back from the newest that can still be taken; RFC 3711 section 3.3.2 wants at least 64. */
export const REPLAY_WINDOW_PACKETS = 1024

const MASK = REPLAY_WINDOW_PACKETS - 1

/** Which packet indices were taken already. */
export class ReplayWindow {
  readonly #seen = new Uint32Array(REPLAY_WINDOW_PACKETS / 32)
  #newest = -1

  /** Highest index that was taken, -1 before the first. */
  get newest(): number {
    return this.#newest
  }

  /** Whether the index is new and not too old. */
  isNew(index: number): boolean {
    if (index > this.#newest) return true
    if (index <= this.#newest - REPLAY_WINDOW_PACKETS) return false
    return ((this.#seen[(index & MASK) >> 5] as number) & (1 << (index & 31))) === 0
  }

  /** Call it after the packet proved authentic, and only if `isNew`. */
  accept(index: number): void {
    if (index > this.#newest) {
      if (index - this.#newest >= REPLAY_WINDOW_PACKETS) this.#seen.fill(0)
      else for (let skipped = this.#newest + 1; skipped < index; skipped++) this.#mark(skipped, false)
      this.#newest = index
    }
    this.#mark(index, true)
  }

  #mark(index: number, seen: boolean): void {
    const word = (index & MASK) >> 5
    const bit = 1 << (index & 31)
    this.#seen[word] = seen ? (this.#seen[word] as number) | bit : (this.#seen[word] as number) & ~bit
  }
}
