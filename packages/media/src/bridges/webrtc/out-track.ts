import type { Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import type { Destination } from './datagram-out.ts'
import { LatePackets } from './late-packets.ts'
import type { AcceptedTrack } from './negotiate.ts'
import { OutNumbering } from './out-numbering.ts'
import type { OutPacket } from './out-packet.ts'
import { OutRepeats } from './out-repeats.ts'
import type { OutTrackPath } from './out-track-path.ts'
import { PacketWriter } from './packet-writer.ts'
import { PictureFilter } from './picture-filter.ts'
import { compressForJoin, compressForRepeat, type TimeCompression } from './time-compression.ts'
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

/**
 * What a viewer gets of one track, and when: its place in the stream, live or behind, and the layer that it is of. Which pictures are left out,
 * how packets are numbered, written and sent again is told by its parts.
 */
export class OutTrack {
  readonly track: Track
  /** Where its packets are from: the track, or a layer of it. */
  source: Track
  readonly ssrc: number
  readonly #isVideo: boolean
  readonly #link: ViewerLink
  readonly #numbering: OutNumbering
  readonly #writer: PacketWriter
  readonly #repeats: OutRepeats
  readonly #filter: PictureFilter
  readonly #needsKeyFrame: (nowMs: number) => void
  /** `live` takes packets as they come; `catching-up` reads the ring; `waiting` needs a packet where decoding can start. */
  #state: 'waiting' | 'catching-up' | 'live' = 'waiting'
  /** The layer that takes over with a key frame. */
  #next: Track | undefined
  #isNextPart = false
  /** Time of the picture that is under way. */
  #pictureTime = -1
  /** The connection did not take what it was given, when that was looked at last. */
  #isSlow = false
  #lastPliMs = Number.NEGATIVE_INFINITY
  #lastNackMs = Number.NEGATIVE_INFINITY
  /** Highest index that the viewer reported. */
  #reportedIndex = -1

  constructor(track: Track, accepted: AcceptedTrack, path: OutTrackPath) {
    const { link, ssrc } = path
    const isVideo = track.codec.kind === 'video'
    const late = link.history && isVideo && accepted.loss.transportCcId !== undefined ? new LatePackets(link.history) : undefined
    this.track = track
    this.source = track
    this.ssrc = ssrc
    this.#isVideo = isVideo
    this.#link = link
    this.#numbering = new OutNumbering(track.ring, track.clockRate, link)
    this.#writer = new PacketWriter(accepted, path, isVideo, late)
    this.#repeats = new OutRepeats(this.#numbering, this.#writer, link, isVideo, late)
    this.#filter = new PictureFilter(track.codec, link)
    this.#needsKeyFrame = (nowMs) => path.needsKeyFrame(nowMs)
  }

  /** Packets sent, with those that were sent again where the viewer takes no stream of retransmissions. */
  get packets(): number {
    return this.#writer.packets
  }

  /** Octets of payload of these. */
  get octets(): number {
    return this.#writer.octets
  }

  /** Packets that NACKs named and that were sent again. */
  get repeated(): number {
    return this.#repeats.repeated
  }

  get takesDescriptor(): boolean {
    return this.#writer.takesDescriptor
  }

  get catchingUp(): boolean {
    return this.#state === 'catching-up' || this.#repeats.isWaiting
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
    this.#numbering.begin(seq, compressForJoin(newest.timestamp), ring)
    this.#state = 'catching-up'
  }

  /** What came meanwhile leaves no gap in the numbering. */
  #resume(): void {
    const { ring } = this.source
    const numbering = this.#numbering
    this.#repeats.clear()
    this.#pictureTime = -1
    const newest = ring.get(ring.newestSeq)
    const seq = ring.randomAccessSeq
    const first = seq === undefined ? undefined : ring.get(seq)
    if (!this.#isVideo || !newest || newest.timestamp <= numbering.sentTimestamp || !first) {
      numbering.goOn(ring.newestSeq + 1, undefined, ring)
      this.#state = 'live'
      return
    }
    const isNewGroup = first.timestamp > numbering.sentTimestamp
    numbering.goOn(isNewGroup ? first.seq : numbering.nextSeq, compressForJoin(newest.timestamp), ring)
    if (isNewGroup) this.#filter.beginAnew()
    this.#state = 'catching-up'
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
      this.#numbering.begin(packet.seq, undefined, this.source.ring)
      this.#state = 'live'
    }
    if (this.#isVideo) {
      if (this.#isNewPicture(packet)) this.#beginPicture(nowMs, packet, to)
      if (this.#filter.isLeftOut) {
        this.#numbering.nextSeq = packet.seq + 1
        return false
      }
      if (this.#link.paceBytes < 0) {
        this.#numbering.nextSeq = packet.seq
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
    const numbering = this.#numbering
    link.refill(nowMs)
    let sent = this.#repeats.sendWaiting(nowMs, maxPackets, ready, to)
    if (this.#state !== 'catching-up') return sent
    while (sent < maxPackets && link.paceBytes >= 0 && numbering.nextSeq <= ring.newestSeq) {
      const packet = ring.get(numbering.nextSeq)
      // What was lost on its way in is missing for everybody: it stays a gap in the numbering.
      if (!packet || !ready.load(packet)) {
        numbering.nextSeq++
        continue
      }
      if (this.#isNewPicture(packet)) this.#beginPicture(nowMs, packet, to)
      if (this.#filter.isLeftOut) {
        numbering.nextSeq++
        continue
      }
      this.#sendNext(nowMs, ready, packet, to)
      sent++
    }
    if (numbering.nextSeq > ring.newestSeq) this.#state = 'live'
    return sent
  }

  /** Whether packets can be sent that the viewer has already. */
  get canPad(): boolean {
    return this.#repeats.canPad
  }

  /**
   * Sends a packet once more that the viewer has, so that there is more on the path.
   * @returns whether there was one
   */
  pad(nowMs: number, ready: OutPacket, to: Destination): boolean {
    return this.#repeats.pad(nowMs, ready, to)
  }

  /**
   * Sends a packet again that a NACK names, or does so as soon as the path can take it, before newer pictures.
   * @returns whether it was sent
   */
  repeat(nowMs: number, seq16: number, ready: OutPacket, to: Destination): boolean {
    this.#lastNackMs = nowMs
    return this.packets > 0 && this.#repeats.ask(nowMs, this.#numbering.indexOf(seq16), ready, to)
  }

  /** @param highestSeq of a receiver report: 16 bits of the number, and its wraps as the viewer counts them */
  handleReport(highestSeq: number): void {
    if (this.packets > 0) this.#reportedIndex = this.#numbering.indexOf(highestSeq)
  }

  /** Nothing new comes, and the viewer has all that there was: old pictures would only be shown a second time. */
  hasAllOfSilent(nowMs: number): boolean {
    const newest = this.source.ring.get(this.source.ring.newestSeq)
    if (!newest || nowMs - newest.arrivalMs < SILENT_MS) return false
    return this.#state === 'live' && this.packets > 0 && this.#reportedIndex === this.#numbering.newestIndex && nowMs - this.#lastNackMs > MISSING_MS
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
    this.#numbering.goOn(first.seq, compressForRepeat(first.timestamp, newest.timestamp), ring)
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
    return !this.#takeOver(nowMs) && (!isPart || this.#filter.isBroken)
  }

  /** Goes on with the part behind the picture that was sent last, if all that this needs was sent. */
  #takePart(part: Track): boolean {
    if (!this.#numbering.sentMarker || this.#filter.isBroken || this.#pictureTime < 0) return false
    this.#goOver(part, part.ring.firstAfter(this.#pictureTime), this.#numbering.compression)
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
    const { sentMarker, sentTimestamp } = this.#numbering
    if (!sentMarker && nowMs - first.arrivalMs < WHOLE_PICTURE_MS && this.#state === 'live') return false
    const isLater = first.timestamp > sentTimestamp
    this.#goOver(this.#next, first.seq, isLater ? undefined : compressForRepeat(first.timestamp, sentTimestamp))
    this.#pictureTime = -1
    this.#filter.beginAnew()
    return true
  }

  #goOver(source: Track, seq: number, compression: TimeCompression | undefined): void {
    this.source = source
    this.#next = undefined
    this.#numbering.goOn(seq, compression, source.ring)
    this.#state = 'catching-up'
  }

  /** Where a source begins anew its first picture may have the time of the last one before. */
  #isNewPicture(packet: Packet): boolean {
    return packet.timestamp !== this.#pictureTime || packet.randomAccess
  }

  /** Decides about a picture as a whole, by its first packet. */
  #beginPicture(nowMs: number, packet: Packet, to: Destination): void {
    const filter = this.#filter
    const link = this.#link
    const wasLeftOut = filter.isLeftOut
    const isSlow = to.connection?.isSlow === true
    this.#pictureTime = packet.timestamp
    this.#isSlow = isSlow
    if (isSlow) link.handleSlowness(nowMs)
    const isOvertaken = (this.source.ring.randomAccessSeq ?? 0) > packet.seq
    filter.decide(nowMs, packet, isOvertaken, isSlow)
    if (this.#state === 'live') link.refill(nowMs)
    if (filter.isBroken && !isOvertaken && !isSlow && link.paceBytes >= 0) this.#needsKeyFrame(nowMs)
    if (!filter.isLeftOut && this.#isVideo) this.#numbering.beginPicture(nowMs, packet, wasLeftOut, this.source.ring)
  }

  /** Sends the packet as the newest one. */
  #sendNext(nowMs: number, ready: OutPacket, packet: Packet, to: Destination): void {
    const numbering = this.#numbering
    const index = numbering.next(packet)
    this.#writer.send(nowMs, ready, packet, index, numbering.sentTimestamp, to)
  }
}
