import type { Codec } from '../../codecs/codec.ts'
import type { Packet } from '../../hub/packet.ts'
import { NEEDED_BY_NONE, pictureNeed } from './droppable.ts'
import type { ViewerLink } from './viewer-link.ts'

/** Which pictures one viewer goes without where its path is too narrow, so that those that it gets can be decoded. */
export class PictureFilter {
  /** The picture that is under way is left out. */
  isLeftOut = false
  /** A picture that others need was left out: the next one that can be decoded is a key frame. */
  isBroken = false
  /** The lowest temporal layer of which a picture was left out: those behind it may need that one. */
  #lostLayer = NEEDED_BY_NONE
  readonly #codec: Codec
  readonly #link: ViewerLink

  constructor(codec: Codec, link: ViewerLink) {
    this.#codec = codec
    this.#link = link
  }

  /** What comes next begins with a key frame, and nothing before it is missed. */
  beginAnew(): void {
    this.isBroken = this.isLeftOut = false
  }

  /**
   * Decides about a picture as a whole, by its first packet: `isLeftOut`.
   * @param isOvertaken there is a newer key frame
   * @param isSlow a connection has not taken yet what it was given
   */
  decide(nowMs: number, packet: Packet, isOvertaken: boolean, isSlow: boolean): void {
    const mayMiss = this.#link.isNarrow || this.isBroken || isSlow || this.#lostLayer < NEEDED_BY_NONE
    this.isLeftOut = mayMiss && !this.#fits(nowMs, packet, isOvertaken, isSlow)
  }

  #fits(nowMs: number, packet: Packet, isOvertaken: boolean, isSlow: boolean): boolean {
    const link = this.#link
    const { tally } = link
    if (packet.randomAccess) {
      this.isBroken = isSlow || (link.isNarrow && isOvertaken)
      this.#lostLayer = NEEDED_BY_NONE
      tally.onPicture(nowMs, this.isBroken ? 'cut' : 'key-frame')
      return !this.isBroken
    }
    const lateMs = nowMs - packet.arrivalMs
    const { layer, isSync } = pictureNeed(this.#codec, packet.payload)
    const isLost = layer > this.#lostLayer || (layer === this.#lostLayer && layer < NEEDED_BY_NONE && !isSync)
    if (layer > 0 && (isLost || isSlow || !link.hasTimeFor(lateMs, 'droppable'))) {
      this.#lostLayer = Math.min(this.#lostLayer, layer)
      tally.onPicture(nowMs, 'dropped-alone')
      return false
    }
    if (isSync) this.#lostLayer = layer === 0 ? NEEDED_BY_NONE : Math.max(this.#lostLayer, layer + 1)
    if (isSlow || !link.hasTimeFor(lateMs, isOvertaken ? 'overtaken' : 'needed')) this.isBroken = true
    tally.onPicture(nowMs, this.isBroken ? 'cut' : 'sent')
    return !this.isBroken
  }
}
