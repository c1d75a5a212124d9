import type { Packet } from '../../hub/packet.ts'
import type { PacketRing } from '../../hub/packet-ring.ts'
import { GroupStretch } from './group-stretch.ts'
import { type PacketRun, PacketRuns } from './packet-runs.ts'
import { compressAfterStretch, compressedTime, stretchGroup, type TimeCompression } from './time-compression.ts'
import type { ViewerLink } from './viewer-link.ts'

/** Number and time that each packet of one track has for a viewer: what was left out or sent anew leaves no gap, and time never goes back. */
export class OutNumbering {
  /** Of the packet that is sent next, `Packet.seq`. */
  nextSeq = 0
  /** Of the newest packet, as it was sent. */
  sentTimestamp = -1
  sentMarker = true
  /** Index of the first packet of the newest key frame: before it nothing is worth a repetition on a narrow path. */
  groupIndex = 0
  /** Index of the packet that is sent next. */
  #nextIndex = 0
  readonly #runs: PacketRuns
  readonly #stretch = new GroupStretch()
  readonly #clockRate: number
  readonly #link: ViewerLink

  constructor(ring: PacketRing, clockRate: number, link: ViewerLink) {
    this.#runs = new PacketRuns(ring)
    this.#clockRate = clockRate
    this.#link = link
  }

  /** Of the packet that was sent last. */
  get newestIndex(): number {
    return this.#nextIndex - 1
  }

  /** How the time of what is sent now is changed. */
  get compression(): TimeCompression | undefined {
    return this.#runs.current.compression
  }

  /** The index that a viewer means, of something that was sent. @param seq its low 16 bits count */
  indexOf(seq: number): number {
    return this.newestIndex - ((this.newestIndex - seq) & 0xffff)
  }

  /** The run that a packet was sent in, unless it is too old. */
  runOf(index: number): PacketRun | undefined {
    return this.#runs.find(index)
  }

  /** SRTP wants the first sequence number below 2^15, so that a receiver that loses the first packets guesses the roll-over counter right. */
  begin(seq: number, compression: TimeCompression | undefined, ring: PacketRing): void {
    this.#nextIndex = seq % 0x8000
    this.goOn(seq, compression, ring)
  }

  /** The packet with that `Packet.seq` is sent next, with the next number. */
  goOn(seq: number, compression: TimeCompression | undefined, ring: PacketRing): void {
    this.#runs.begin(seq, this.#nextIndex, compression, ring)
    this.nextSeq = seq
  }

  /**
   * A picture is sent next.
   * @param packet the first one of it
   * @param wasLeftOut what was before it: that leaves no gap, or the viewer would ask for it
   */
  beginPicture(nowMs: number, packet: Packet, wasLeftOut: boolean, ring: PacketRing): void {
    const run = this.#runs.current
    let { compression } = run
    if (packet.randomAccess) {
      compression = this.#beginGroup(packet)
      this.groupIndex = wasLeftOut ? this.#nextIndex : packet.seq - run.offset
    } else this.#stretch.add(packet.timestamp, this.#clockRate, nowMs - packet.arrivalMs)
    if (wasLeftOut || compression !== run.compression) this.goOn(packet.seq, compression, ring)
  }

  /** @returns how the group's time is changed */
  #beginGroup({ timestamp }: Packet): TimeCompression | undefined {
    const factor = this.#stretch.begin(timestamp)
    const { compression } = this
    // A catch-up goes on.
    if (compression && timestamp <= compression.until && compression.shift === 0) return compression
    // Time never goes back.
    if (timestamp <= this.sentTimestamp) return compressAfterStretch(timestamp, this.sentTimestamp)
    return this.#link.isNarrow && factor > 1 ? stretchGroup(timestamp, factor) : undefined
  }

  /** The packet is sent now, as the newest one, at `sentTimestamp`. @returns its index */
  next(packet: Packet): number {
    const run = this.#runs.current
    const index = packet.seq - run.offset
    this.nextSeq = packet.seq + 1
    this.#nextIndex = index + 1
    this.sentTimestamp = compressedTime(run.compression, packet.timestamp)
    this.sentMarker = packet.marker
    return index
  }
}
