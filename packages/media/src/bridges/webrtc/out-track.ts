import type { Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import { startAfterPause, startForJoin, startForRepeat } from './catch-up-start.ts'
import type { Destination } from './datagram-out.ts'
import { LatePackets } from './late-packets.ts'
import type { AcceptedTrack } from './negotiate.ts'
import { OutNumbering } from './out-numbering.ts'
import type { OutPacket } from './out-packet.ts'
import { OutRepeats } from './out-repeats.ts'
import { OutSource } from './out-source.ts'
import type { OutTrackPath } from './out-track-path.ts'
import { PacketWriter } from './packet-writer.ts'
import { PictureFilter } from './picture-filter.ts'
import type { ViewerLink } from './viewer-link.ts'

/** One PLI in this time is answered. */
const PLI_INTERVAL_MS = 1000
/** A stream that sent nothing for so long is silent: a viewer that has all of it misses nothing. */
const SILENT_MS = 500
/** A viewer that asked for packets within this time may still miss some. */
const MISSING_MS = 1000

/**
 * What a viewer gets of one track, and when: live, or behind, and then how it catches up. From which layer, without which pictures, with which
 * numbers and what of it again is told by its parts.
 */
export class OutTrack {
  readonly track: Track
  readonly ssrc: number
  readonly #isVideo: boolean
  readonly #link: ViewerLink
  readonly #source: OutSource
  readonly #numbering: OutNumbering
  readonly #writer: PacketWriter
  readonly #repeats: OutRepeats
  readonly #filter: PictureFilter
  readonly #needsKeyFrame: (nowMs: number) => void
  /** `live` takes packets as they come; `catching-up` reads the ring; `waiting` needs a packet where decoding can start. */
  #state: 'waiting' | 'catching-up' | 'live' = 'waiting'
  /** A connection did not take what it was given; to be told to the link. */
  #hasSlowness = false
  #lastPliMs = Number.NEGATIVE_INFINITY
  #lastNackMs = Number.NEGATIVE_INFINITY
  /** Highest index that the viewer reported. */
  #reportedIndex = -1

  constructor(track: Track, accepted: AcceptedTrack, path: OutTrackPath) {
    const { link, ssrc } = path
    const isVideo = track.codec.kind === 'video'
    const late = link.history && isVideo && accepted.loss.transportCcId !== undefined ? new LatePackets(link.history) : undefined
    this.track = track
    this.ssrc = ssrc
    this.#isVideo = isVideo
    this.#link = link
    this.#numbering = new OutNumbering(track.ring, track.clockRate, link)
    this.#writer = new PacketWriter(accepted, path, isVideo, late)
    this.#repeats = new OutRepeats(this.#numbering, this.#writer, link, isVideo, late)
    this.#filter = new PictureFilter(track.codec, link)
    this.#source = new OutSource(track, this.#numbering, this.#filter)
    this.#needsKeyFrame = (nowMs) => path.needsKeyFrame(nowMs)
  }

  /** Where its packets are from: the track, or a layer of it. */
  get source(): Track {
    return this.#source.track
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
    if (this.packets > 0) {
      this.#resume()
      return
    }
    if (!this.#isVideo) return
    const { ring } = this.source
    const start = startForJoin(ring)
    if (!start) return
    this.#numbering.begin(start.seq, start.compression, ring)
    this.#state = 'catching-up'
  }

  /** What came meanwhile leaves no gap in the numbering. */
  #resume(): void {
    const { ring } = this.source
    const numbering = this.#numbering
    this.#repeats.clear()
    this.#source.pictureTime = -1
    const start = this.#isVideo ? startAfterPause(ring, numbering.nextSeq, numbering.sentTimestamp) : undefined
    if (start?.isNewGroup) this.#filter.beginAnew()
    if (start) numbering.goOn(start.seq, start.compression, ring)
    else numbering.goOn(ring.newestSeq + 1, undefined, ring)
    this.#state = start ? 'catching-up' : 'live'
  }

  /** Whether packets of the track or one of its layers matter here. */
  takes(from: Track): boolean {
    return from === this.source || this.#source.isNext(from)
  }

  /**
   * A packet of the track or one of its layers just came.
   * @param from the track or layer
   * @returns whether there is a catch-up now
   */
  onPacket(nowMs: number, ready: OutPacket, from: Track, packet: Packet, to: Destination): boolean {
    if (from === this.source) {
      const isBehind = this.sendLive(nowMs, ready, packet, to)
      return (this.#source.isChanging && packet.marker && this.#takeOver(nowMs)) || isBehind
    }
    if (!this.#source.isNext(from) || !packet.randomAccess) return false
    this.#source.isSlow = to.connection?.isSlow === true
    return this.#takeOver(nowMs)
  }

  /**
   * A packet that just came, for a viewer that is up to date.
   * @returns whether there is a catch-up now
   */
  sendLive(nowMs: number, ready: OutPacket, packet: Packet, to: Destination): boolean {
    const isBehind = this.#sendLive(nowMs, ready, packet, to)
    return this.#tellSlowness(nowMs) || isBehind
  }

  #sendLive(nowMs: number, ready: OutPacket, packet: Packet, to: Destination): boolean {
    if (this.#state !== 'live') {
      if (this.#state === 'catching-up' || !packet.randomAccess) return false
      this.#numbering.begin(packet.seq, undefined, this.source.ring)
      this.#state = 'live'
    }
    if (this.#isVideo) {
      if (this.#source.isNewPicture(packet)) this.#beginPicture(nowMs, packet, to)
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
      if (this.#source.isNewPicture(packet)) this.#beginPicture(nowMs, packet, to)
      if (this.#filter.isLeftOut) {
        numbering.nextSeq++
        continue
      }
      this.#sendNext(nowMs, ready, packet, to)
      sent++
    }
    if (numbering.nextSeq > ring.newestSeq) this.#state = 'live'
    this.#tellSlowness(nowMs)
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
    const start = startForRepeat(ring, nowMs)
    if (!start) return false
    this.#lastPliMs = nowMs
    this.#numbering.goOn(start.seq, start.compression, ring)
    this.#source.pictureTime = -1
    this.#state = 'catching-up'
    return true
  }

  /**
   * From which layer the pictures are to come. Before the first packet at once, later with a key frame: until then the present one goes on.
   * @param isPart what is sent now has all of it: it can take over at any picture
   * @returns whether a key frame has to be asked for
   */
  setSource(nowMs: number, source: Track, isPart = false): boolean {
    this.#source.choose(source, isPart)
    if (!this.#source.isChanging) return false
    if (this.packets === 0 && this.#state === 'waiting') {
      this.#source.replace(source)
      return false
    }
    return !this.#takeOver(nowMs) && (!isPart || this.#filter.isBroken)
  }

  /** @returns whether there is a catch-up now, with what the new layer has already */
  #takeOver(nowMs: number): boolean {
    if (!this.#source.takeOver(nowMs, this.#state === 'live')) return false
    this.#state = 'catching-up'
    return true
  }

  /** Decides about a picture as a whole, by its first packet. */
  #beginPicture(nowMs: number, packet: Packet, to: Destination): void {
    const filter = this.#filter
    const link = this.#link
    const wasLeftOut = filter.isLeftOut
    const isSlow = to.connection?.isSlow === true
    this.#source.pictureTime = packet.timestamp
    this.#source.isSlow = isSlow
    this.#hasSlowness ||= isSlow
    const isOvertaken = (this.source.ring.randomAccessSeq ?? 0) > packet.seq
    filter.decide(nowMs, packet, isOvertaken, isSlow)
    if (this.#state === 'live') link.refill(nowMs)
    if (filter.isBroken && !isOvertaken && !isSlow && link.paceBytes >= 0) this.#needsKeyFrame(nowMs)
    if (!filter.isLeftOut && this.#isVideo) this.#numbering.beginPicture(nowMs, packet, wasLeftOut, this.source.ring)
  }

  /**
   * Not while a packet is looked at: another layer may take over at once.
   * @returns whether there is a catch-up now, with that layer
   */
  #tellSlowness(nowMs: number): boolean {
    if (!this.#hasSlowness) return false
    this.#hasSlowness = false
    const { source } = this
    this.#link.handleSlowness(nowMs)
    return this.source !== source
  }

  /** Sends the packet as the newest one. */
  #sendNext(nowMs: number, ready: OutPacket, packet: Packet, to: Destination): void {
    const numbering = this.#numbering
    const index = numbering.next(packet)
    this.#writer.send(nowMs, ready, packet, index, numbering.sentTimestamp, to)
  }
}
