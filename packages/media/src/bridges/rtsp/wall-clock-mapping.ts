import type { Packet } from '../../hub/packet.ts'

/**
 * Which moment of the server's clock a stream's time is. One mapping for all tracks, so that their sender reports agree. It follows the packet that
 * came with the least delay, because the others only tell how long they waited on their way.
 */
export class WallClockMapping {
  #offsetMs = Number.POSITIVE_INFINITY
  #leastMs = Number.POSITIVE_INFINITY

  observe(packet: Packet, clockRate: number): void {
    const offsetMs = packet.arrivalMs - (packet.timestamp * 1000) / clockRate
    if (offsetMs < this.#leastMs) this.#leastMs = offsetMs
  }

  /** Forgets what was seen before the last call, so that the mapping follows a publisher whose clock runs slower or who came anew. */
  renew(): void {
    if (this.#leastMs < Number.POSITIVE_INFINITY) this.#offsetMs = this.#leastMs
    this.#leastMs = Number.POSITIVE_INFINITY
  }

  /** Server's time = stream's time + this, in milliseconds; undefined before the first packet. */
  get offsetMs(): number | undefined {
    const offsetMs = Math.min(this.#offsetMs, this.#leastMs)
    return offsetMs < Number.POSITIVE_INFINITY ? offsetMs : undefined
  }
}
