import type { Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocols/rtp/rtp-packet.ts'
import type { SrtpStream } from '../../protocols/srtp/srtp-sender.ts'
import type { TransportAddress } from '../../protocols/stun/transport-address.ts'
import type { DatagramOut } from './datagram-out.ts'
import type { OutPacket } from './out-packet.ts'
import { RepeatLimiter } from './repeat-limiter.ts'
import { compressedTime, compressForJoin, compressForRepeat, type TimeCompression } from './time-compression.ts'

/** A repetition for a PLI is worth it only if it brings the viewer up to now soon. */
const REPEAT_MAX_AGE_MS = 5000
const REPEAT_MAX_PACKETS = 1024
/** One PLI in this time is answered. */
const PLI_INTERVAL_MS = 1000

/**
 * A run of packets whose numbering is that of the hub, moved by a constant. The index of a packet is its extended sequence number on
 * the wire: sequence number and roll-over counter of SRTP.
 */
type Run = {
  readonly firstIndex: number
  /** `Packet.seq` less the index. */
  readonly offset: number
  readonly compression: TimeCompression | undefined
}

/** What a viewer gets of one track: its numbering, its place in the stream, its encryption. */
export class OutTrack {
  readonly track: Track
  readonly ssrc: number
  packets = 0
  octets = 0
  repeated = 0
  readonly #payloadType: number
  readonly #srtp: SrtpStream
  readonly #out: DatagramOut
  /** `live` takes packets as they come; `catching-up` reads the ring; `waiting` needs a packet where decoding can start. */
  #state: 'waiting' | 'catching-up' | 'live' = 'waiting'
  #run: Run = { firstIndex: 0, offset: 0, compression: undefined }
  #runBefore: Run | undefined
  /** Of the packet that is sent next, `Packet.seq`. */
  #nextSeq = 0
  #lastPliMs = Number.NEGATIVE_INFINITY
  #limiter: RepeatLimiter | undefined

  constructor(track: Track, ssrc: number, payloadType: number, srtp: SrtpStream, out: DatagramOut) {
    this.track = track
    this.ssrc = ssrc
    this.#payloadType = payloadType
    this.#srtp = srtp
    this.#out = out
  }

  get catchingUp(): boolean {
    return this.#state === 'catching-up'
  }

  /** Begins with the pictures since the newest key frame where there are such, and audio with what comes next. */
  start(): void {
    const { ring, codec } = this.track
    if (codec.kind === 'audio') return
    const seq = ring.randomAccessSeq
    const newest = ring.get(ring.newestSeq)
    if (seq === undefined || !newest) return
    this.#begin(seq, compressForJoin(newest.timestamp))
    this.#state = 'catching-up'
  }

  /** A packet that just came, for a viewer that is up to date. */
  sendLive(ready: OutPacket, packet: Packet, to: TransportAddress): void {
    if (this.#state !== 'live') {
      if (this.#state === 'catching-up' || !packet.randomAccess) return
      this.#begin(packet.seq, undefined)
      this.#state = 'live'
    }
    this.#nextSeq = packet.seq + 1
    this.#send(ready, packet, this.#run, to)
  }

  /**
   * Sends the next packets of a catch-up.
   * @returns how many were sent; fewer than `maxPackets` when the viewer is up to date
   */
  catchUp(maxPackets: number, ready: OutPacket, to: TransportAddress): number {
    const { ring } = this.track
    let sent = 0
    while (sent < maxPackets && this.#nextSeq <= ring.newestSeq) {
      const packet = ring.get(this.#nextSeq)
      this.#nextSeq++
      // What was lost on its way in is missing for everybody.
      if (!packet || !ready.load(packet)) continue
      this.#send(ready, packet, this.#run, to)
      sent++
    }
    if (sent < maxPackets) this.#state = 'live'
    return sent
  }

  /**
   * Sends a packet again that a NACK names.
   * @returns whether it was sent
   */
  repeat(nowMs: number, seq16: number, ready: OutPacket, to: TransportAddress): boolean {
    const newestIndex = this.#nextSeq - 1 - this.#run.offset
    const index = newestIndex - ((newestIndex - seq16) & 0xffff)
    const run = index >= this.#run.firstIndex ? this.#run : this.#runBefore
    if (this.packets === 0 || !run || index < run.firstIndex) return false
    const packet = this.track.ring.get(index + run.offset)
    if (!packet) return false
    this.#limiter ??= new RepeatLimiter(nowMs)
    if (!this.#limiter.take(nowMs, index, packet.payload.length) || !ready.load(packet)) return false
    this.#send(ready, packet, run, to)
    this.repeated++
    return true
  }

  /**
   * The viewer lost a picture for good. Where the key frame is not long ago, all since then goes out once more, with new sequence
   * numbers, since the old ones would count as replays.
   * @returns whether there is a catch-up now
   */
  handlePli(nowMs: number): boolean {
    if (this.#state !== 'live' || this.packets === 0 || nowMs - this.#lastPliMs < PLI_INTERVAL_MS) return false
    const { ring } = this.track
    const seq = ring.randomAccessSeq
    const first = seq === undefined ? undefined : ring.get(seq)
    const newest = ring.get(ring.newestSeq)
    if (!first || !newest || nowMs - first.arrivalMs > REPEAT_MAX_AGE_MS || newest.seq - first.seq > REPEAT_MAX_PACKETS) return false
    this.#lastPliMs = nowMs
    const nextIndex = this.#nextSeq - this.#run.offset
    this.#runBefore = this.#run
    this.#run = { firstIndex: nextIndex, offset: first.seq - nextIndex, compression: compressForRepeat(first.timestamp, newest.timestamp) }
    this.#nextSeq = first.seq
    this.#state = 'catching-up'
    return true
  }

  /** SRTP wants the first sequence number below 2^15, so that a receiver that loses the first packets guesses the roll-over counter right. */
  #begin(seq: number, compression: TimeCompression | undefined): void {
    const firstIndex = seq % 0x8000
    this.#run = { firstIndex, offset: seq - firstIndex, compression }
    this.#nextSeq = seq
  }

  #send(ready: OutPacket, packet: Packet, run: Run, to: TransportAddress): void {
    const out = this.#out
    const at = out.reserve()
    const index = packet.seq - run.offset
    writeRtpHeader(out.memory.bytes, at, this.#payloadType, packet.marker, index, compressedTime(run.compression, packet.timestamp), this.ssrc)
    const length = this.#srtp.protect(out.memory, at, RTP_HEADER_BYTES, ready.payload, ready.payloadBytes, index)
    out.sendReserved(at, length, to)
    this.packets++
    this.octets += ready.payloadBytes
  }
}
