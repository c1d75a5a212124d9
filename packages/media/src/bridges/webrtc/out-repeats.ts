import type { Destination } from './datagram-out.ts'
import type { LatePackets } from './late-packets.ts'
import type { OutNumbering } from './out-numbering.ts'
import type { OutPacket } from './out-packet.ts'
import type { PacketWriter } from './packet-writer.ts'
import { RepeatLimiter } from './repeat-limiter.ts'
import { compressedTime } from './time-compression.ts'
import type { ViewerLink } from './viewer-link.ts'

/** So many of the newest packets are sent once more where the path is to be filled. */
const PADDING_PACKETS = 16

/** Packets that wait to be sent again where the path is narrow. */
const MAX_WAITING = 256

/** What of one track is sent to a viewer once more: packets that its NACKs name, as limits and the path allow, and packets that only fill the path. */
export class OutRepeats {
  /** Packets that NACKs named and that were sent again. */
  repeated = 0
  readonly #numbering: OutNumbering
  readonly #writer: PacketWriter
  readonly #link: ViewerLink
  readonly #isVideo: boolean
  readonly #late: LatePackets | undefined
  #limiter: RepeatLimiter | undefined
  /** Indexes of packets that are to be sent again as soon as the pace allows. */
  readonly #waiting = new Set<number>()
  #padded = 0

  constructor(numbering: OutNumbering, writer: PacketWriter, link: ViewerLink, isVideo: boolean, late: LatePackets | undefined) {
    this.#numbering = numbering
    this.#writer = writer
    this.#link = link
    this.#isVideo = isVideo
    this.#late = late
  }

  /** `sendWaiting` is to be called. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0 || this.#late?.isHolding === true
  }

  /** What waits is not wanted any more. */
  clear(): void {
    this.#waiting.clear()
  }

  /**
   * Sends a packet again that a NACK names, or does so as soon as the path can take it, before newer pictures.
   * @returns whether it was sent
   */
  ask(nowMs: number, index: number, ready: OutPacket, to: Destination): boolean {
    const link = this.#link
    if (link.isNarrow && this.#isVideo && index < this.#numbering.groupIndex) return false
    if (this.#late?.holds(nowMs, index)) return false
    if (!link.isPaced || !this.#isVideo || link.paceBytes >= 0) return this.#send(nowMs, index, ready, to)
    if (this.#waiting.size < MAX_WAITING) this.#waiting.add(index)
    return false
  }

  /**
   * Sends what waits, as far as the path may take it now.
   * @returns how many were sent
   */
  sendWaiting(nowMs: number, maxPackets: number, ready: OutPacket, to: Destination): number {
    let sent = 0
    if (this.#late?.isHolding) for (const index of this.#late.due(nowMs)) this.#waiting.add(index)
    for (const index of this.#waiting) {
      if (sent >= maxPackets || this.#link.paceBytes < 0) break
      this.#waiting.delete(index)
      if (this.#send(nowMs, index, ready, to)) sent++
    }
    return sent
  }

  /** Whether packets can be sent that the viewer has already. */
  get canPad(): boolean {
    return this.#writer.hasRtx && this.#writer.packets > 0
  }

  /**
   * Sends a packet once more that the viewer has, so that there is more on the path.
   * @returns whether there was one
   */
  pad(nowMs: number, ready: OutPacket, to: Destination): boolean {
    const index = this.#numbering.newestIndex - (this.#padded++ % PADDING_PACKETS)
    const run = this.#numbering.runOf(index)
    const packet = run?.ring.get(index + run.offset)
    if (!this.#writer.hasRtx || !run || !packet) return false
    const { paceBytes } = this.#link
    const isSent = this.#writer.sendAgain(nowMs, ready, packet, index, compressedTime(run.compression, packet.timestamp), to)
    // Pictures do not wait for what is only there to fill the path.
    this.#link.paceBytes = paceBytes
    return isSent
  }

  #send(nowMs: number, index: number, ready: OutPacket, to: Destination): boolean {
    const run = this.#numbering.runOf(index)
    const packet = run?.ring.get(index + run.offset)
    if (!run || !packet) return false
    const link = this.#link
    this.#limiter ??= new RepeatLimiter(nowMs)
    if (!this.#limiter.take(nowMs, index, packet.payload.length, link.rttMs, link.repeatBytesPerSecond)) return false
    if (!this.#writer.sendAgain(nowMs, ready, packet, index, compressedTime(run.compression, packet.timestamp), to)) return false
    this.repeated++
    return true
  }
}
