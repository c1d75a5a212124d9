import type { Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import type { OutNumbering } from './out-numbering.ts'
import type { PictureFilter } from './picture-filter.ts'
import { compressForRepeat, type TimeCompression } from './time-compression.ts'

/** A layer takes over with a key frame that came within this time: the pictures since go out at once. */
const FRESH_KEY_MS = 500
/** The end of a picture that is under way is waited for so long before a layer takes over. */
const WHOLE_PICTURE_MS = 100

/** Where the pictures come from that a viewer gets of one track, the track itself or a layer of it, and when another layer can take over. */
export class OutSource {
  track: Track
  /** Time of the picture that is under way; -1 where one begins in any case. */
  pictureTime = -1
  /** The connection did not take what it was given, when that was looked at last. */
  isSlow = false
  /** The layer that takes over with a key frame. */
  #next: Track | undefined
  #isNextPart = false
  readonly #numbering: OutNumbering
  readonly #filter: PictureFilter

  constructor(track: Track, numbering: OutNumbering, filter: PictureFilter) {
    this.track = track
    this.#numbering = numbering
    this.#filter = filter
  }

  /** Another layer waits to take over. */
  get isChanging(): boolean {
    return this.#next !== undefined
  }

  isNext(track: Track): boolean {
    return track === this.#next
  }

  /** Where a source begins anew its first picture may have the time of the last one before. */
  isNewPicture(packet: Packet): boolean {
    return packet.timestamp !== this.pictureTime || packet.randomAccess
  }

  /** Before anything was sent. */
  replace(track: Track): void {
    this.track = track
    this.#next = undefined
  }

  /** @param isPart what is sent now has all of it: it can take over at any picture */
  choose(track: Track, isPart: boolean): void {
    this.#next = track === this.track ? undefined : track
    this.#isNextPart = isPart
  }

  /**
   * Goes over to the layer that is to take over if it has a fresh key frame that can be sent now, and the present picture is whole.
   * @param isLive the end of that picture is about to be sent
   * @returns whether it did
   */
  takeOver(nowMs: number, isLive: boolean): boolean {
    const next = this.#next
    if (!next) return false
    if (this.#isNextPart && this.#takePart(next)) return true
    const seq = next.ring.randomAccessSeq
    const first = seq === undefined ? undefined : next.ring.get(seq)
    if (!first || nowMs - first.arrivalMs > FRESH_KEY_MS || this.isSlow) return false
    const { sentMarker, sentTimestamp } = this.#numbering
    if (!sentMarker && nowMs - first.arrivalMs < WHOLE_PICTURE_MS && isLive) return false
    const isLater = first.timestamp > sentTimestamp
    this.#goOver(next, first.seq, isLater ? undefined : compressForRepeat(first.timestamp, sentTimestamp))
    this.pictureTime = -1
    this.#filter.beginAnew()
    return true
  }

  /** Goes on with the part behind the picture that was sent last, if all that this needs was sent. */
  #takePart(part: Track): boolean {
    if (!this.#numbering.sentMarker || this.#filter.isBroken || this.pictureTime < 0) return false
    this.#goOver(part, part.ring.firstAfter(this.pictureTime), this.#numbering.compression)
    return true
  }

  #goOver(track: Track, seq: number, compression: TimeCompression | undefined): void {
    this.replace(track)
    this.#numbering.goOn(seq, compression, track.ring)
  }
}
