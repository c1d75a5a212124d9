import { NackGenerator } from '../../protocols/rtp/nack-generator.ts'
import { ReceptionStats } from '../../protocols/rtp/reception-stats.ts'
import { ReorderBuffer } from '../../protocols/rtp/reorder-buffer.ts'
import type { ReportBlock, SenderReport } from '../../protocols/rtp/rtcp-report.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'

/** How long a gap holds up what is behind it, in milliseconds, where missing packets can be asked for: some round trips of a path across a continent. */
const REPAIR_WAIT_MS = 300
/** The same where they cannot: only packets out of order are waited for. */
const REORDER_WAIT_MS = 60
/** A power of two; 300 ms of 20 Mbit/s. */
const MAX_HELD_PACKETS = 1024
/** Pictures whose beginning is remembered. */
const COUNTED_PICTURES = 4

/** A moment on the sender's wall clock, and its timestamp. */
export type SenderClock = Pick<SenderReport, 'ntpMs' | 'rtpTimestamp'>

/** One SSRC of a publisher: puts its packets in order, knows which are missing, and counts for receiver reports. */
export class InSource {
  readonly ssrc: number
  /** Its simulcast layer, `''` without simulcast. */
  readonly rid: string
  /** Without those that came by the SSRC of retransmissions. */
  packets = 0
  octets = 0
  lastArrivalMs = 0
  /** Packets that never came, but were made from others. */
  mended = 0
  /** Bits per second at the last look. */
  bitrateBps = 0
  /** Of the packet that came last, 32 bits. */
  newestTimestamp = -1
  readonly #nack: NackGenerator | undefined
  readonly #reorder: ReorderBuffer
  readonly #stats: ReceptionStats
  readonly #clockRate: number
  #lastReport: ReportBlock | undefined
  #senderReport: SenderClock | undefined
  #octetsBefore = 0
  /** When the newest pictures began to come, in milliseconds. */
  readonly #picturesMs: number[] = []

  /** @param repairs whether the publisher sends again what it is asked for */
  constructor(ssrc: number, rid: string, clockRate: number, repairs: boolean) {
    this.ssrc = ssrc
    this.rid = rid
    this.#clockRate = clockRate
    this.#nack = repairs ? new NackGenerator() : undefined
    this.#reorder = new ReorderBuffer({ maxPackets: MAX_HELD_PACKETS, maxWaitMs: repairs ? REPAIR_WAIT_MS : REORDER_WAIT_MS })
    this.#stats = new ReceptionStats(ssrc, clockRate)
  }

  /** Packets that never came. */
  get lost(): number {
    return this.#reorder.lost
  }

  /** Packets asked for, each once. */
  get requested(): number {
    return this.#nack?.requested ?? 0
  }

  /** Packets that came after they were asked for. */
  get recovered(): number {
    return this.#nack?.recovered ?? 0
  }

  /** From a request for a packet to its arrival; undefined before the first answer. */
  get roundTripMs(): number | undefined {
    return this.#nack && this.#nack.recovered > 0 ? this.#nack.roundTripMs : undefined
  }

  /** Between the arrivals of packets, RFC 3550 section 6.4.1. */
  get jitterMs(): number | undefined {
    return this.#lastReport && (this.#lastReport.jitter * 1000) / this.#clockRate
  }

  /** @returns the packets that are now in order */
  push(nowMs: number, packet: RtpPacket): RtpPacket[] {
    this.packets++
    this.octets += packet.payload.length
    this.#stats.onPacket(nowMs, packet.seq, packet.timestamp)
    if (packet.timestamp !== this.newestTimestamp) {
      this.newestTimestamp = packet.timestamp
      this.#picturesMs.push(nowMs)
      if (this.#picturesMs.length > COUNTED_PICTURES) this.#picturesMs.shift()
    }
    return this.#take(nowMs, packet)
  }

  /** Takes a packet that came by another SSRC, where it is not counted: browsers also probe the path with packets that came before. */
  pushRepeated(nowMs: number, packet: RtpPacket): RtpPacket[] {
    return this.#take(nowMs, packet)
  }

  /** Pictures that began to come after that time; no more than a few are counted. */
  picturesSince(ms: number): number {
    return this.#picturesMs.filter((beganMs) => beganMs > ms).length
  }

  /** Takes a packet that was in another one, or could be made from others. Most came by themselves. */
  pushRedundant(nowMs: number, packet: RtpPacket): RtpPacket[] {
    const { duplicate, late } = this.#reorder
    const ready = this.#reorder.push(nowMs, packet)
    if (this.#reorder.duplicate === duplicate && this.#reorder.late === late) this.mended++
    return ready
  }

  /** @returns what was behind packets that were waited for too long */
  expire(nowMs: number): RtpPacket[] {
    return this.#reorder.expire(nowMs)
  }

  /** @returns 16-bit sequence numbers to be asked for now */
  missing(nowMs: number): readonly number[] {
    return this.#nack?.due(nowMs) ?? []
  }

  onSenderReport(nowMs: number, report: SenderReport): void {
    this.#stats.onSenderReport(nowMs, report.compactNtp)
    this.#senderReport = report
  }

  /** What the sender's wall clock is to the timestamps, by its newest report. */
  get senderClock(): SenderClock | undefined {
    return this.#senderReport
  }

  /** Call it about once a second. */
  measure(elapsedMs: number): void {
    this.bitrateBps = ((this.octets - this.#octetsBefore) * 8000) / elapsedMs
    this.#octetsBefore = this.octets
  }

  /** The block for the next receiver report; undefined before the first packet. */
  report(nowMs: number): ReportBlock | undefined {
    this.#lastReport = this.#stats.report(nowMs)
    return this.#lastReport
  }

  #take(nowMs: number, packet: RtpPacket): RtpPacket[] {
    this.lastArrivalMs = nowMs
    this.#nack?.onPacket(nowMs, packet.seq)
    return this.#reorder.push(nowMs, packet)
  }
}
