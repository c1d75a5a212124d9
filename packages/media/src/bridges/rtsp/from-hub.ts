import type { Packet } from '../../hub/packet.ts'
import type { PacketReader, Shared, Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import { encodeBye, encodeSenderReport } from '../../protocols/rtp/rtcp-report.ts'
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocols/rtp/rtp-packet.ts'
import { INTERLEAVED_HEADER_BYTES, writeInterleavedHeader } from '../../protocols/rtsp/interleaved.ts'
import { payloadTypeOf } from './describe-stream.ts'
import { WallClockMapping } from './wall-clock-mapping.ts'

/** RFC 3550 section 6.2. */
const SENDER_REPORT_INTERVAL_MS = 5000

export type RtspOutputOptions = {
  readonly cname: string
  /** For SSRCs: 32 random bits. */
  random32(): number
  /** Wall-clock milliseconds since 1970 for a time of the server's clock. */
  wallClockMs(nowMs: number): number
}

/** Takes what is made once for all readers. Must not throw and must not block. */
export type RtspOutputReader = {
  /**
   * @param frame the RTP packet in an interleaved frame with the channel that most clients choose, twice the track's index
   * @param rtp the RTP packet alone, a view into the frame
   */
  onFrame(track: Track, packet: Packet, frame: Uint8Array, rtp: Uint8Array): void
  onSenderReport(track: Track, report: Uint8Array): void
}

type Outgoing = { readonly ssrc: number; packets: number; octets: number }

/** A stream's RTP packets as all RTSP readers get them: with the same payload types, SSRCs and sequence numbers. */
export class RtspOutput implements PacketReader, Shared {
  readonly #stream: Stream
  readonly #options: RtspOutputOptions
  readonly #outgoing: readonly Outgoing[]
  readonly #clock = new WallClockMapping()
  #readers: RtspOutputReader[] = []
  #reportedMs: number | undefined

  constructor(stream: Stream, options: RtspOutputOptions) {
    this.#stream = stream
    this.#options = options
    this.#outgoing = stream.tracks.map(() => ({ ssrc: options.random32() >>> 0, packets: 0, octets: 0 }))
    stream.readPackets(this)
    for (const { track, packet } of stream.cachedPackets()) this.#clock.observe(packet, track.clockRate)
  }

  /** The output that a stream's readers share. Give it back by `releaseRtspOutput`. */
  static of(stream: Stream, options: RtspOutputOptions): RtspOutput {
    return stream.share('rtsp', () => new RtspOutput(stream, options))
  }

  add(reader: RtspOutputReader): void {
    this.#readers = [...this.#readers, reader]
  }

  remove(reader: RtspOutputReader): void {
    this.#readers = this.#readers.filter((other) => other !== reader)
  }

  ssrc(track: Track): number {
    return this.#of(track).ssrc
  }

  /** An interleaved frame for one packet; `onFrame` tells of what. */
  frame(track: Track, packet: Packet): Uint8Array {
    const { payload } = packet
    const frame = new Uint8Array(INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES + payload.length)
    writeInterleavedHeader(frame, track.index * 2, RTP_HEADER_BYTES + payload.length)
    writeRtpHeader(frame, INTERLEAVED_HEADER_BYTES, payloadTypeOf(track), packet.marker, packet.seq, packet.timestamp, this.ssrc(track))
    frame.set(payload, INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES)
    return frame
  }

  /** A sender report for this moment; undefined before the first packet. */
  senderReport(track: Track, nowMs: number): Uint8Array | undefined {
    const offsetMs = this.#clock.offsetMs
    if (offsetMs === undefined) return undefined
    const { ssrc, packets, octets } = this.#of(track)
    const { cname, wallClockMs } = this.#options
    const rtpTimestamp = Math.round(((nowMs - offsetMs) * track.clockRate) / 1000)
    return encodeSenderReport({ ssrc, ntpMs: wallClockMs(nowMs), rtpTimestamp, packets, octets, cname })
  }

  bye(track: Track, reason: string): Uint8Array {
    return encodeBye({ ssrc: this.ssrc(track), reason })
  }

  onPacket(track: Track, packet: Packet): void {
    this.#clock.observe(packet, track.clockRate)
    const outgoing = this.#of(track)
    outgoing.packets++
    outgoing.octets += packet.payload.length
    const readers = this.#readers
    if (readers.length === 0) return
    const frame = this.frame(track, packet)
    const rtp = frame.subarray(INTERLEAVED_HEADER_BYTES)
    for (let i = 0; i < readers.length; i++) (readers[i] as RtspOutputReader).onFrame(track, packet, frame, rtp)
    // Each reader got its first report with its first packet.
    this.#reportedMs ??= packet.arrivalMs
    if (packet.arrivalMs - this.#reportedMs >= SENDER_REPORT_INTERVAL_MS) this.#report(packet.arrivalMs)
  }

  /** Only the stream calls this, when the last reader has released it. */
  close(): void {
    this.#stream.stopReadingPackets(this)
  }

  #of(track: Track): Outgoing {
    return this.#outgoing[track.index] as Outgoing
  }

  #report(nowMs: number): void {
    this.#reportedMs = nowMs
    for (const track of this.#stream.tracks) {
      const report = this.senderReport(track, nowMs)
      if (!report) continue
      for (const reader of this.#readers) reader.onSenderReport(track, report)
    }
    this.#clock.renew()
  }
}

export const releaseRtspOutput = (stream: Stream): void => stream.release('rtsp')
