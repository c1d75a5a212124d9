/** A coded picture. */
export type AssembledFrame = { readonly timestamp: number; readonly data: Uint8Array }

/** Bytes of one frame; a 4K picture of 100 Mbit/s has a tenth of it. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024

/** Puts together the frames of formats whose payloads are a frame's bytes in a row: VP8 and VP9. A frame with a piece missing is dropped and counted. */
export class FrameAssembler {
  /** Frames that were not complete. */
  dropped = 0
  #pieces: Uint8Array[] = []
  #bytes = 0
  #timestamp = Number.NaN
  #open = false
  #damaged = false

  /**
   * @param piece bytes of the frame, without the payload descriptor
   * @param timestamp the same for all pieces of a frame, and of all layers of a picture
   * @param starts the piece is a frame's first
   * @param afterGap the packet before this one is missing, or was broken
   * @returns the frame, if this is its last piece
   */
  push(piece: Uint8Array, timestamp: number, marker: boolean, starts: boolean, afterGap: boolean): AssembledFrame | undefined {
    if (this.#open && timestamp !== this.#timestamp) {
      // Its marker is missing, and maybe more.
      this.dropped++
      this.#reset()
    }
    if (!this.#open) {
      this.#open = true
      this.#timestamp = timestamp
      this.#damaged = !starts
    } else if (afterGap) this.#damaged = true
    this.#bytes += piece.length
    if (this.#bytes > MAX_FRAME_BYTES) this.#damaged = true
    if (this.#damaged) this.#pieces = []
    else this.#pieces.push(piece)
    if (!marker) return undefined
    const frame = this.#damaged ? undefined : { timestamp, data: this.#join() }
    if (!frame) this.dropped++
    this.#reset()
    return frame
  }

  #join(): Uint8Array {
    const [only] = this.#pieces
    if (only && this.#pieces.length === 1) return only
    const data = new Uint8Array(this.#bytes)
    let at = 0
    for (const piece of this.#pieces) {
      data.set(piece, at)
      at += piece.length
    }
    return data
  }

  #reset(): void {
    this.#pieces = []
    this.#bytes = 0
    this.#open = false
    this.#damaged = false
  }
}
