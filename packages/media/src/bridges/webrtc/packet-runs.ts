import type { PacketRing } from '../../hub/packet-ring.ts'
import type { TimeCompression } from './time-compression.ts'

/**
 * Packets one behind the other whose numbering is that of the hub, moved by a constant. The index of a packet is its extended sequence
 * number on the wire: sequence number and roll-over counter of SRTP.
 */
export type PacketRun = {
  readonly firstIndex: number
  /** `Packet.seq` less the index. */
  readonly offset: number
  readonly compression: TimeCompression | undefined
  /** Where its packets are: each layer has its own. */
  readonly ring: PacketRing
}

/** Runs that a NACK can still reach into. Where each second picture is left out there are 15 in a second. */
const MAX_RUNS = 64

/** How a viewer's numbering came about: what was left out or sent anew leaves no gap in it. */
export class PacketRuns {
  current: PacketRun
  readonly #before: PacketRun[] = []

  constructor(ring: PacketRing) {
    this.current = { firstIndex: 0, offset: 0, compression: undefined, ring }
  }

  /** The packet with that `Packet.seq` gets that index, and those behind it the following ones. */
  begin(seq: number, index: number, compression: TimeCompression | undefined, ring: PacketRing): void {
    // A run in which nothing was sent is nothing that anyone asks for.
    if (index > this.current.firstIndex) this.#before.push(this.current)
    if (this.#before.length > MAX_RUNS) this.#before.shift()
    this.current = { firstIndex: index, offset: seq - index, compression, ring }
  }

  /** The run that a packet was sent in, unless it is too old. */
  find(index: number): PacketRun | undefined {
    if (index >= this.current.firstIndex) return this.current
    for (let i = this.#before.length - 1; i >= 0; i--) {
      const run = this.#before[i] as PacketRun
      if (index >= run.firstIndex) return run
    }
    return undefined
  }
}
