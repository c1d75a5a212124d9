import type { Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocols/rtp/rtp-packet.ts'
import type { SrtpStream } from '../../protocols/srtp/srtp-sender.ts'
import type { DatagramOut, Destination } from './datagram-out.ts'
import { writeExtensions } from './described-header.ts'
import { NEEDED_BY_NONE, pictureNeed } from './droppable.ts'
import { GroupStretch } from './group-stretch.ts'
import { LatePackets } from './late-packets.ts'
import type { AcceptedTrack } from './negotiate.ts'
import type { OutPacket } from './out-packet.ts'
import type { OutTrackPath } from './out-track-path.ts'
import { type PacketRun, PacketRuns } from './packet-runs.ts'
import { RepeatLimiter } from './repeat-limiter.ts'
import { RtxStream } from './rtx-stream.ts'
import { compressAfterStretch, compressedTime, compressForJoin, compressForRepeat, stretchGroup, type TimeCompression } from './time-compression.ts'
import { TRANSPORT_SEQ_BYTES } from './transport-seq.ts'
import type { ViewerLink } from './viewer-link.ts'

/** A repetition for a PLI is worth it only if it brings the viewer up to now soon. */
const REPEAT_MAX_AGE_MS = 5000
const REPEAT_MAX_PACKETS = 1024
/** One PLI in this time is answered. */
const PLI_INTERVAL_MS = 1000
/** A stream that sent nothing for so long is silent: a viewer that has all of it misses nothing. */
const SILENT_MS = 500
/** A viewer that asked for packets within this time may still miss some. */
const MISSING_MS = 1000

/** A layer takes over with a key frame that came within this time: the pictures since go out at once. */
const FRESH_KEY_MS = 500
/** The end of a picture that is under way is waited for so long before a layer takes over. */
const WHOLE_PICTURE_MS = 100

/** So many of the newest packets are sent once more where the path is to be filled. */
const PADDING_PACKETS = 16

/** Packets that wait to be sent again where the path is narrow. */
const MAX_WAITING_REPEATS = 256

/** What a viewer gets of one track: its numbering, its place in the stream, its encryption. */
export class OutTrack {
  readonly track: Track
  /** Where its packets are from: the track, or a layer of it. */
  source: Track
  readonly ssrc: number
  packets = 0
  octets = 0
  repeated = 0
  readonly #payloadType: number
  readonly #transportCcId: number | undefined
  readonly #descriptorId: number | undefined
  readonly #srtp: SrtpStream
  readonly #rtx: RtxStream | undefined
  readonly #out: DatagramOut
  readonly #link: ViewerLink
  readonly #needsKeyFrame: (nowMs: number) => void
  readonly #isVideo: boolean
  /** `live` takes packets as they come; `catching-up` reads the ring; `waiting` needs a packet where decoding can start. */
  #state: 'waiting' | 'catching-up' | 'live' = 'waiting'
  readonly #runs: PacketRuns
  /** The layer that takes over with a key frame. */
  #next: Track | undefined
  #isNextPart = false
  /** Of the newest packet, as it was sent. */
  #sentTimestamp = -1
  #sentMarker = true
  #padded = 0
  /** Of the packet that is sent next, `Packet.seq`. */
  #nextSeq = 0
  /** Index of the packet that is sent next. */
  #nextIndex = 0
  /** Time of the picture that is under way, and whether it is left out. */
  #pictureTime = -1
  #isLeftOut = false
  /** A picture that others need was left out: the next one that can be decoded is a key frame. */
  #isBroken = false
  /** The connection did not take what it was given, when that was looked at last. */
  #isSlow = false
  /** The lowest temporal layer of which a picture was left out: those behind it may need that one. */
  #lostLayer = NEEDED_BY_NONE
  #lastPliMs = Number.NEGATIVE_INFINITY
  #lastNackMs = Number.NEGATIVE_INFINITY
  /** Highest index that the viewer reported. */
  #reportedIndex = -1
  #limiter: RepeatLimiter | undefined
  /** Indexes of packets that are to be sent again as soon as the pace allows. */
  readonly #repeats = new Set<number>()
  readonly #late: LatePackets | undefined
  /** Index of the first packet of the newest key frame: before it nothing is worth a repetition on a narrow path. */
  #groupIndex = 0
  readonly #stretch = new GroupStretch()

  constructor(track: Track, accepted: AcceptedTrack, path: OutTrackPath) {
    const { payloadType } = accepted.map
    const { rtxPayloadType, transportCcId, dependencyDescriptorId } = accepted.loss
    this.track = track
    this.source = track
    this.#runs = new PacketRuns(track.ring)
    this.ssrc = path.ssrc
    this.#payloadType = payloadType
    this.#isVideo = track.codec.kind === 'video'
    this.#transportCcId = this.#isVideo ? transportCcId : undefined
    this.#descriptorId = dependencyDescriptorId
    this.#srtp = path.srtp.openStream(path.ssrc)
    this.#rtx = rtxPayloadType === undefined ? undefined : new RtxStream(path.srtp.openStream(path.rtxSsrc), path.rtxSsrc, rtxPayloadType)
    this.#out = path.out
    this.#link = path.link
    this.#late = path.link.history && this.#transportCcId !== undefined ? new LatePackets(path.link.history) : undefined
    this.#needsKeyFrame = (nowMs) => path.needsKeyFrame(nowMs)
  }

  get catchingUp(): boolean {
    return this.#state === 'catching-up' || this.#repeats.size > 0 || this.#late?.isHolding === true
  }

  /** Begins with the pictures since the newest key frame where there are such, and audio with what comes next. Goes on in the same way after a pause. */
  start(): void {
    const { ring } = this.source
    if (this.packets > 0) {
      this.#resume()
      return
    }
    if (!this.#isVideo) return
    const seq = ring.randomAccessSeq
    const newest = ring.get(ring.newestSeq)
    if (seq === undefined || !newest) return
    this.#begin(seq, compressForJoin(newest.timestamp))
    this.#state = 'catching-up'
  }

  /** What came meanwhile leaves no gap in the numbering. */
  #resume(): void {
    const { ring } = this.source
    this.#repeats.clear()
    this.#pictureTime = -1
    const newest = ring.get(ring.newestSeq)
    const seq = ring.randomAccessSeq
    const first = seq === undefined ? undefined : ring.get(seq)
    if (!this.#isVideo || !newest || newest.timestamp <= this.#sentTimestamp || !first) {
      this.#runs.begin(ring.newestSeq + 1, this.#nextIndex, undefined, ring)
      this.#nextSeq = ring.newestSeq + 1
      this.#state = 'live'
      return
    }
    const isNewGroup = first.timestamp > this.#sentTimestamp
    const next = isNewGroup ? first.seq : this.#nextSeq
    this.#runs.begin(next, this.#nextIndex, compressForJoin(newest.timestamp), ring)
    this.#nextSeq = next
    if (isNewGroup) this.#isBroken = this.#isLeftOut = false
    this.#state = 'catching-up'
  }

  get takesDescriptor(): boolean {
    return this.#descriptorId !== undefined
  }

  /** Whether packets of the track or one of its layers matter here. */
  takes(from: Track): boolean {
    return from === this.source || from === this.#next
  }

  /**
   * A packet of the track or one of its layers just came.
   * @param from the track or layer
   * @returns whether there is a catch-up now
   */
  onPacket(nowMs: number, ready: OutPacket, from: Track, packet: Packet, to: Destination): boolean {
    if (from === this.source) {
      const isBehind = this.sendLive(nowMs, ready, packet, to)
      return (this.#next !== undefined && packet.marker && this.#takeOver(nowMs)) || isBehind
    }
    if (from !== this.#next || !packet.randomAccess) return false
    this.#isSlow = to.connection?.isSlow === true
    return this.#takeOver(nowMs)
  }

  /**
   * A packet that just came, for a viewer that is up to date.
   * @returns whether there is a catch-up now
   */
  sendLive(nowMs: number, ready: OutPacket, packet: Packet, to: Destination): boolean {
    if (this.#state !== 'live') {
      if (this.#state === 'catching-up' || !packet.randomAccess) return false
      this.#begin(packet.seq, undefined)
      this.#state = 'live'
    }
    const link = this.#link
    if (this.#isVideo) {
      if (this.#isNewPicture(packet)) this.#beginPicture(nowMs, packet, to)
      if (this.#isLeftOut) {
        this.#nextSeq = packet.seq + 1
        return false
      }
      if (link.paceBytes < 0) {
        this.#nextSeq = packet.seq
        this.#state = 'catching-up'
        return true
      }
    }
    this.#sendNext(nowMs, ready, packet, to)
    return false
  }

  /**
   * Sends the next packets of a catch-up, as far as the path may take them now.
   * @returns how many were sent
   */
  catchUp(nowMs: number, maxPackets: number, ready: OutPacket, to: Destination): number {
    const { ring } = this.source
    const link = this.#link
    link.refill(nowMs)
    let sent = 0
    if (this.#late?.isHolding) for (const index of this.#late.due(nowMs)) this.#repeats.add(index)
    for (const index of this.#repeats) {
      if (sent >= maxPackets || link.paceBytes < 0) break
      this.#repeats.delete(index)
      if (this.#sendAgain(nowMs, index, ready, to)) sent++
    }
    if (this.#state !== 'catching-up') return sent
    while (sent < maxPackets && link.paceBytes >= 0 && this.#nextSeq <= ring.newestSeq) {
      const packet = ring.get(this.#nextSeq)
      // What was lost on its way in is missing for everybody: it stays a gap in the numbering.
      if (!packet || !ready.load(packet)) {
        this.#nextSeq++
        continue
      }
      if (this.#isNewPicture(packet)) this.#beginPicture(nowMs, packet, to)
      if (this.#isLeftOut) {
        this.#nextSeq++
        continue
      }
      this.#sendNext(nowMs, ready, packet, to)
      sent++
    }
    if (this.#nextSeq > ring.newestSeq) this.#state = 'live'
    return sent
  }

  /** Whether packets can be sent that the viewer has already. */
  get canPad(): boolean {
    return this.#rtx !== undefined && this.packets > 0
  }

  /**
   * Sends a packet once more that the viewer has, so that there is more on the path.
   * @returns whether there was one
   */
  pad(nowMs: number, ready: OutPacket, to: Destination): boolean {
    const rtx = this.#rtx
    const index = this.#nextIndex - 1 - (this.#padded++ % PADDING_PACKETS)
    const run = this.#runs.find(index)
    const packet = run?.ring.get(index + run.offset)
    if (!rtx || !run || !packet || !ready.loadRtx(packet, index)) return false
    const { paceBytes } = this.#link
    this.#write(nowMs, ready, packet, run, rtx.ssrc, rtx.payloadType, rtx.srtp, rtx.nextIndex++, to)
    // Pictures do not wait for what is only there to fill the path.
    this.#link.paceBytes = paceBytes
    return true
  }

  /**
   * Sends a packet again that a NACK names, or does so as soon as the path can take it, before newer pictures.
   * @returns whether it was sent
   */
  repeat(nowMs: number, seq16: number, ready: OutPacket, to: Destination): boolean {
    this.#lastNackMs = nowMs
    if (this.packets === 0) return false
    const newestIndex = this.#nextIndex - 1
    const index = newestIndex - ((newestIndex - seq16) & 0xffff)
    const link = this.#link
    if (link.isNarrow && this.#isVideo && index < this.#groupIndex) return false
    if (this.#late?.holds(nowMs, index)) return false
    if (!link.isPaced || !this.#isVideo || link.paceBytes >= 0) return this.#sendAgain(nowMs, index, ready, to)
    if (this.#repeats.size < MAX_WAITING_REPEATS) this.#repeats.add(index)
    return false
  }

  #sendAgain(nowMs: number, index: number, ready: OutPacket, to: Destination): boolean {
    const run = this.#runs.find(index)
    const packet = run?.ring.get(index + run.offset)
    if (!run || !packet) return false
    const link = this.#link
    this.#limiter ??= new RepeatLimiter(nowMs)
    if (!this.#limiter.take(nowMs, index, packet.payload.length, link.rttMs, link.repeatBytesPerSecond)) return false
    if (this.#rtx) {
      if (!ready.loadRtx(packet, index)) return false
      this.#write(nowMs, ready, packet, run, this.#rtx.ssrc, this.#rtx.payloadType, this.#rtx.srtp, this.#rtx.nextIndex++, to)
    } else {
      if (!ready.load(packet)) return false
      this.#write(nowMs, ready, packet, run, this.ssrc, this.#payloadType, this.#srtp, index, to)
      this.packets++
      this.octets += ready.payloadBytes
    }
    this.repeated++
    return true
  }

  /** @param highestSeq of a receiver report: 16 bits of the number, and its wraps as the viewer counts them */
  handleReport(highestSeq: number): void {
    if (this.packets === 0) return
    const newestIndex = this.#nextIndex - 1
    this.#reportedIndex = newestIndex - ((newestIndex - highestSeq) & 0xffff)
  }

  /** Nothing new comes, and the viewer has all that there was: old pictures would only be shown a second time. */
  hasAllOfSilent(nowMs: number): boolean {
    const newest = this.source.ring.get(this.source.ring.newestSeq)
    if (!newest || nowMs - newest.arrivalMs < SILENT_MS) return false
    return this.#state === 'live' && this.packets > 0 && this.#reportedIndex === this.#nextIndex - 1 && nowMs - this.#lastNackMs > MISSING_MS
  }

  /**
   * The viewer lost a picture for good. Where the key frame is not long ago, all since then goes out once more, with new sequence
   * numbers, since the old ones would count as replays.
   * @returns whether there is a catch-up now
   */
  repeatGroup(nowMs: number): boolean {
    // On a narrow path a repetition would only be in the way of the next key frame.
    if (this.#state !== 'live' || this.packets === 0 || this.#link.isNarrow || nowMs - this.#lastPliMs < PLI_INTERVAL_MS) return false
    const { ring } = this.source
    const seq = ring.randomAccessSeq
    const first = seq === undefined ? undefined : ring.get(seq)
    const newest = ring.get(ring.newestSeq)
    if (!first || !newest || nowMs - first.arrivalMs > REPEAT_MAX_AGE_MS || newest.seq - first.seq > REPEAT_MAX_PACKETS) return false
    this.#lastPliMs = nowMs
    this.#runs.begin(first.seq, this.#nextIndex, compressForRepeat(first.timestamp, newest.timestamp), ring)
    this.#nextSeq = first.seq
    this.#pictureTime = -1
    this.#state = 'catching-up'
    return true
  }

  /**
   * From which layer the pictures are to come. Before the first packet at once, later with a key frame: until then the present one goes on.
   * @param isPart what is sent now has all of it: it can take over at any picture
   * @returns whether a key frame has to be asked for
   */
  setSource(nowMs: number, source: Track, isPart = false): boolean {
    this.#next = source === this.source ? undefined : source
    this.#isNextPart = isPart
    if (!this.#next) return false
    if (this.packets === 0 && this.#state === 'waiting') {
      this.source = source
      this.#next = undefined
      return false
    }
    return !this.#takeOver(nowMs) && (!isPart || this.#isBroken)
  }

  /** Goes on with the part behind the picture that was sent last, if all that this needs was sent. */
  #takePart(part: Track): boolean {
    if (!this.#sentMarker || this.#isBroken || this.#pictureTime < 0) return false
    this.source = part
    this.#next = undefined
    this.#nextSeq = part.ring.firstAfter(this.#pictureTime)
    this.#runs.begin(this.#nextSeq, this.#nextIndex, this.#runs.current.compression, part.ring)
    this.#state = 'catching-up'
    return true
  }

  /**
   * Goes over to the layer that is to take over if it has a fresh key frame that can be sent now, and the present picture is whole.
   * @returns whether it did
   */
  #takeOver(nowMs: number): boolean {
    if (this.#next && this.#isNextPart && this.#takePart(this.#next)) return true
    const ring = this.#next?.ring
    const seq = ring?.randomAccessSeq
    const first = seq === undefined ? undefined : ring?.get(seq)
    if (!this.#next || !ring || !first || nowMs - first.arrivalMs > FRESH_KEY_MS || this.#isSlow) return false
    if (!this.#sentMarker && nowMs - first.arrivalMs < WHOLE_PICTURE_MS && this.#state === 'live') return false
    this.source = this.#next
    this.#next = undefined
    const isLater = first.timestamp > this.#sentTimestamp
    this.#runs.begin(first.seq, this.#nextIndex, isLater ? undefined : compressForRepeat(first.timestamp, this.#sentTimestamp), ring)
    this.#nextSeq = first.seq
    this.#pictureTime = -1
    this.#isBroken = this.#isLeftOut = false
    this.#state = 'catching-up'
    return true
  }

  /** SRTP wants the first sequence number below 2^15, so that a receiver that loses the first packets guesses the roll-over counter right. */
  #begin(seq: number, compression: TimeCompression | undefined): void {
    this.#nextIndex = seq % 0x8000
    this.#runs.begin(seq, this.#nextIndex, compression, this.source.ring)
    this.#nextSeq = seq
  }

  /** Where a source begins anew its first picture may have the time of the last one before. */
  #isNewPicture(packet: Packet): boolean {
    return packet.timestamp !== this.#pictureTime || packet.randomAccess
  }

  /** Decides about a picture as a whole, by its first packet. */
  #beginPicture(nowMs: number, packet: Packet, to: Destination): void {
    this.#pictureTime = packet.timestamp
    const wasLeftOut = this.#isLeftOut
    const link = this.#link
    const isSlow = to.connection?.isSlow === true
    this.#isSlow = isSlow
    if (isSlow) link.handleSlowness(nowMs)
    if (link.isNarrow || this.#isBroken || isSlow || this.#lostLayer < NEEDED_BY_NONE) this.#isLeftOut = !this.#fits(nowMs, packet, isSlow)
    else this.#isLeftOut = false
    if (this.#state === 'live') link.refill(nowMs)
    const isNewest = packet.seq >= (this.source.ring.randomAccessSeq ?? 0)
    if (this.#isBroken && isNewest && !isSlow && link.paceBytes >= 0) this.#needsKeyFrame(nowMs)
    // What was left out leaves no gap, or the viewer would ask for it.
    if (this.#isLeftOut || !this.#isVideo) return
    let { compression } = this.#runs.current
    if (packet.randomAccess) {
      compression = this.#beginGroup(packet)
      this.#groupIndex = wasLeftOut ? this.#nextIndex : packet.seq - this.#runs.current.offset
    } else this.#stretch.add(packet.timestamp, this.track.clockRate, nowMs - packet.arrivalMs)
    if (wasLeftOut || compression !== this.#runs.current.compression) this.#runs.begin(packet.seq, this.#nextIndex, compression, this.source.ring)
  }

  /** @returns how the group's time is changed */
  #beginGroup({ timestamp }: Packet): TimeCompression | undefined {
    const factor = this.#stretch.begin(timestamp)
    const { compression } = this.#runs.current
    // A catch-up goes on.
    if (compression && timestamp <= compression.until && compression.shift === 0) return compression
    // Time never goes back.
    if (timestamp <= this.#sentTimestamp) return compressAfterStretch(timestamp, this.#sentTimestamp)
    return this.#link.isNarrow && factor > 1 ? stretchGroup(timestamp, factor) : undefined
  }

  /** @param isSlow a connection has not taken yet what it was given */
  #fits(nowMs: number, packet: Packet, isSlow: boolean): boolean {
    const link = this.#link
    const { tally } = link
    const isOvertaken = (this.source.ring.randomAccessSeq ?? 0) > packet.seq
    if (packet.randomAccess) {
      this.#isBroken = isSlow || (link.isNarrow && isOvertaken)
      this.#lostLayer = NEEDED_BY_NONE
      tally.onPicture(nowMs, this.#isBroken ? 'cut' : 'key-frame')
      return !this.#isBroken
    }
    const lateMs = nowMs - packet.arrivalMs
    const { layer, isSync } = pictureNeed(this.track.codec, packet.payload)
    const isLost = layer > this.#lostLayer || (layer === this.#lostLayer && layer < NEEDED_BY_NONE && !isSync)
    if (layer > 0 && (isLost || isSlow || !link.hasTimeFor(lateMs, 'droppable'))) {
      this.#lostLayer = Math.min(this.#lostLayer, layer)
      tally.onPicture(nowMs, 'dropped-alone')
      return false
    }
    if (isSync) this.#lostLayer = layer === 0 ? NEEDED_BY_NONE : Math.max(this.#lostLayer, layer + 1)
    if (isSlow || !link.hasTimeFor(lateMs, isOvertaken ? 'overtaken' : 'needed')) this.#isBroken = true
    tally.onPicture(nowMs, this.#isBroken ? 'cut' : 'sent')
    return !this.#isBroken
  }

  /** Sends the packet as the newest one. */
  #sendNext(nowMs: number, ready: OutPacket, packet: Packet, to: Destination): void {
    const run = this.#runs.current
    const index = packet.seq - run.offset
    this.#nextSeq = packet.seq + 1
    this.#nextIndex = index + 1
    this.#sentTimestamp = compressedTime(run.compression, packet.timestamp)
    this.#sentMarker = packet.marker
    this.#write(nowMs, ready, packet, run, this.ssrc, this.#payloadType, this.#srtp, index, to)
    this.packets++
    this.octets += ready.payloadBytes
  }

  #write(
    nowMs: number,
    ready: OutPacket,
    packet: Packet,
    run: PacketRun,
    ssrc: number,
    payloadType: number,
    srtp: SrtpStream,
    index: number,
    to: Destination,
  ): void {
    const out = this.#out
    const link = this.#link
    const at = out.reserve()
    const { bytes } = out.memory
    writeRtpHeader(bytes, at, payloadType, packet.marker, index, compressedTime(run.compression, packet.timestamp), ssrc)
    const count =
      link.isWatched && this.#transportCcId !== undefined && link.history
        ? { id: this.#transportCcId, seq: link.history.add(nowMs, ready.payloadBytes + RTP_HEADER_BYTES + TRANSPORT_SEQ_BYTES, ssrc !== this.ssrc) }
        : undefined
    const extensionBytes = writeExtensions(bytes, at, count, this.#descriptorId, packet.dependencyDescriptor, ready.payloadBytes)
    if (count && ssrc === this.ssrc) this.#late?.sent(index, count.seq)
    const length = srtp.protect(out.memory, at, RTP_HEADER_BYTES + extensionBytes, ready.payload, ready.payloadBytes, index)
    out.sendReserved(at, length, to)
    // The estimate is of the pictures, which have the count that it is made from.
    if (!this.#isVideo) return
    link.octets += length
    link.paceBytes -= length
  }
}
