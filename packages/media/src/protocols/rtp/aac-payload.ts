/**
 * RFC 3640 in mode AAC-hbr (section 3.3.6): sizelength=13, indexlength=3, indexdeltalength=3. Frames are not interleaved.
 * ```
 * | AU-headers-length in bits (16) | AU-size (13) AU-Index (3) | AU-size (13) AU-Index-delta (3) | … | frame | frame | …
 * ```
 */
const LENGTH_BYTES = 2
const AU_HEADER_BYTES = 2
const MAX_FRAME_BYTES = 8191

/**
 * RTP payloads for one AAC frame: one, or several fragments if it is too long. The marker belongs on the last.
 * @param frame without ADTS header; one of more than 8191 bytes, which no AAC has, cannot be told in an AU header and gives none
 * @param maxPayload bytes of a payload
 */
export const packetizeAac = (frame: Uint8Array, maxPayload: number): Uint8Array[] => {
  const payloads: Uint8Array[] = []
  if (frame.length > MAX_FRAME_BYTES) return payloads
  const room = maxPayload - LENGTH_BYTES - AU_HEADER_BYTES
  for (let at = 0; at < frame.length; at += room) {
    const piece = frame.subarray(at, at + room)
    const payload = new Uint8Array(LENGTH_BYTES + AU_HEADER_BYTES + piece.length)
    payload[1] = AU_HEADER_BYTES * 8
    // Each fragment tells the size of the whole frame: section 3.2.3.
    payload[2] = frame.length >> 5
    payload[3] = (frame.length << 3) & 0xff
    payload.set(piece, LENGTH_BYTES + AU_HEADER_BYTES)
    payloads.push(payload)
  }
  return payloads
}

const NONE: Uint8Array[] = []

/** Takes AAC frames out of RTP payloads in order. Never throws: a broken payload counts as a missing one. */
export class AacDepacketizer {
  /** Payloads that were broken, and frames with a fragment missing. */
  dropped = 0
  #fragments: Uint8Array[] = []
  #fragmentBytes = 0
  #frameBytes = 0

  /**
   * @param afterGap the packet before this one is missing
   * @returns the frames that are complete with this packet; the n-th one is n frames after the packet's timestamp
   */
  push(payload: Uint8Array, afterGap: boolean): Uint8Array[] {
    if (afterGap && this.#fragments.length > 0) this.#drop()
    const headerBits = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0)
    const count = headerBits / (AU_HEADER_BYTES * 8)
    const data = LENGTH_BYTES + count * AU_HEADER_BYTES
    if (!Number.isInteger(count) || count === 0 || data > payload.length) return this.#drop()
    if (count === 1) {
      const size = readSize(payload, LENGTH_BYTES)
      if (size > payload.length - data || this.#fragments.length > 0) return this.#takeFragment(payload.subarray(data), size)
    }
    return this.#split(payload, count, data)
  }

  #split(payload: Uint8Array, count: number, data: number): Uint8Array[] {
    if (this.#fragments.length > 0) this.#drop()
    const frames: Uint8Array[] = []
    let at = data
    for (let i = 0; i < count; i++) {
      const size = readSize(payload, LENGTH_BYTES + i * AU_HEADER_BYTES)
      if (at + size > payload.length) {
        this.dropped++
        break
      }
      if (size > 0) frames.push(payload.subarray(at, at + size))
      at += size
    }
    return frames
  }

  #takeFragment(piece: Uint8Array, frameBytes: number): Uint8Array[] {
    if (this.#fragments.length > 0 && frameBytes !== this.#frameBytes) this.#drop()
    this.#frameBytes = frameBytes
    this.#fragments.push(piece)
    this.#fragmentBytes += piece.length
    if (this.#fragmentBytes > frameBytes) return this.#drop()
    if (this.#fragmentBytes < frameBytes) return NONE
    const frame = new Uint8Array(frameBytes)
    let at = 0
    for (const part of this.#fragments) {
      frame.set(part, at)
      at += part.length
    }
    this.#forget()
    return [frame]
  }

  #drop(): Uint8Array[] {
    this.dropped++
    this.#forget()
    return NONE
  }

  #forget(): void {
    this.#fragments = []
    this.#fragmentBytes = 0
  }
}

const readSize = (payload: Uint8Array, at: number): number => ((payload[at] ?? 0) << 5) | ((payload[at + 1] ?? 0) >> 3)
