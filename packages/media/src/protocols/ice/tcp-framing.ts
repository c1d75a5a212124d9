import { ProtocolError } from '../../bytes/protocol-error.ts'

/** Longest frame that is read, in bytes. Packets that go by UDP elsewhere have 1500 at most. */
export const MAX_FRAME_BYTES = 2048
/** What precedes each packet on a connection: RFC 4571 section 2. */
export const FRAME_HEADER_BYTES = 2

/** Cuts what comes from a connection into packets, RFC 4571 section 2. Holds less than one frame. */
export class FrameReader {
  readonly #partial = new Uint8Array(FRAME_HEADER_BYTES + MAX_FRAME_BYTES)
  #partialBytes = 0

  /**
   * @param onPacket gets each packet that is complete, valid until it returns; not those without a byte. Returns false for no more of them
   * @throws ProtocolError `ice/frame-too-long`: where the next packet begins cannot be known, so the connection is of no use any more
   */
  push(chunk: Uint8Array, onPacket: (packet: Uint8Array) => boolean): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#partialBytes === 0) {
        // Most frames come as a whole, and are read where they lie.
        const end = frameEnd(chunk, at, chunk.length)
        if (end !== undefined && end <= chunk.length) {
          if (end > at + FRAME_HEADER_BYTES && !onPacket(chunk.subarray(at + FRAME_HEADER_BYTES, end))) return
          at = end
          continue
        }
      }
      at += this.#collect(chunk, at)
      const end = frameEnd(this.#partial, 0, this.#partialBytes)
      if (end === undefined || end > this.#partialBytes) continue
      this.#partialBytes = 0
      if (end > FRAME_HEADER_BYTES && !onPacket(this.#partial.subarray(FRAME_HEADER_BYTES, end))) return
    }
  }

  /** Takes what is missing of the header, and then of the frame. @returns bytes taken */
  #collect(chunk: Uint8Array, at: number): number {
    const wanted = frameEnd(this.#partial, 0, this.#partialBytes) ?? FRAME_HEADER_BYTES
    const count = Math.min(wanted - this.#partialBytes, chunk.length - at)
    this.#partial.set(chunk.subarray(at, at + count), this.#partialBytes)
    this.#partialBytes += count
    return count
  }
}

/** Writes a packet's frame into `out` at `at`. @throws Error for a packet that no frame holds */
export const writeFrame = (out: Uint8Array, at: number, packet: Uint8Array): void => {
  if (packet.length > 0xffff) throw new Error(`a frame holds 65535 bytes, not ${packet.length}`)
  out[at] = packet.length >> 8
  out[at + 1] = packet.length & 0xff
  out.set(packet, at + FRAME_HEADER_BYTES)
}

/** Where the frame ends that begins at `at`; undefined if its header is not complete at `end`. */
const frameEnd = (bytes: Uint8Array, at: number, end: number): number | undefined => {
  if (end - at < FRAME_HEADER_BYTES) return undefined
  const length = ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  if (length > MAX_FRAME_BYTES) throw new ProtocolError('ice/frame-too-long', `frame of ${length} bytes, ${MAX_FRAME_BYTES} are the most`)
  return at + FRAME_HEADER_BYTES + length
}
