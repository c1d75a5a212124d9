/** A packet that waited for so long, in milliseconds, waited for those before it: the path was busy all the time since the last one. */
const BUSY_MS = 15
/** Busy time that is looked back on, and that is needed. */
const MEMORY_MS = 600
const ENOUGH_MS = 60
const ENOUGH_PACKETS = 6

/** How fast packets come out of the path while it has more of them than it can carry: that is what it carries. */
export class CapacityMeter {
  #busyMs = 0
  #bytes = 0
  #packets = 0
  #lastMs = Number.POSITIVE_INFINITY
  #wasBusy = false

  /** Packets in the order of their arrival. @param waitedMs above the path's own delay */
  add(arrivedMs: number, byteLength: number, waitedMs: number): void {
    const sinceMs = arrivedMs - this.#lastMs
    const wasBusy = this.#wasBusy
    this.#lastMs = arrivedMs
    this.#wasBusy = waitedMs >= BUSY_MS
    // Where all packets stood still for a while, the first one of those did not wait for others.
    if (!this.#wasBusy || !wasBusy || !(sinceMs >= 0)) return
    this.#busyMs += sinceMs
    this.#bytes += byteLength
    this.#packets++
    if (this.#busyMs < MEMORY_MS) return
    this.#busyMs /= 2
    this.#bytes /= 2
  }

  /** Bits per second; undefined while the path was not busy long enough to tell. */
  get bitsPerSecond(): number | undefined {
    return this.#busyMs < ENOUGH_MS || this.#packets < ENOUGH_PACKETS ? undefined : (this.#bytes * 8000) / this.#busyMs
  }

  /** What it was does not hold any more. */
  reset(): void {
    this.#busyMs = 0
    this.#bytes = 0
    this.#packets = 0
  }
}
