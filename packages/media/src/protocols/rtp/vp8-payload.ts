import { ProtocolError } from '../../bytes/protocol-error.ts'

/** The payload descriptor of RFC 7741 section 4.2, which is in front of every piece of a VP8 frame. */
export type Vp8Descriptor = {
  /** Length of the descriptor: the frame's bytes begin there. */
  readonly bytes: number
  /** The payload has the first byte of a frame. */
  readonly startsFrame: boolean
  /** No other frame needs this one. */
  readonly disposable: boolean
  /** 7 or 15 bits that count frames. */
  readonly pictureId: number | undefined
  /** Counts the frames of the base layer, 8 bits. */
  readonly tl0PicIdx: number | undefined
  readonly temporalId: number | undefined
  /** Of a frame above the base layer: it needs frames of the base layer alone, so a receiver can go up to its layer here. */
  readonly layerSync: boolean
}

const HAS_EXTENSION = 0x80
const NON_REFERENCE = 0x20
const PARTITION_START = 0x10
const PARTITION_INDEX = 0x0f
const HAS_PICTURE_ID = 0x80
const HAS_TL0 = 0x40
const HAS_TID = 0x20
const HAS_KEY_INDEX = 0x10
const LONG_PICTURE_ID = 0x80
const OUR_DESCRIPTOR_BYTES = 4

/**
 * ```
 * |X|R|N|S|R| PID |   |I|L|T|K| RSV |   |M| PictureID (7 or 15) |   | TL0PICIDX |   |TID|Y| KEYIDX |
 * ```
 * @throws ProtocolError `rtp/vp8`
 */
export const decodeVp8Descriptor = (payload: Uint8Array): Vp8Descriptor => {
  const first = payload[0] ?? 0
  const extension = first & HAS_EXTENSION ? (payload[1] ?? 0) : 0
  let at = first & HAS_EXTENSION ? 2 : 1
  let pictureId: number | undefined
  if (extension & HAS_PICTURE_ID) {
    const high = payload[at++] ?? 0
    pictureId = high & LONG_PICTURE_ID ? ((high & 0x7f) << 8) | (payload[at++] ?? 0) : high
  }
  const tl0PicIdx = extension & HAS_TL0 ? (payload[at++] ?? 0) : undefined
  const layer = extension & (HAS_TID | HAS_KEY_INDEX) ? (payload[at++] ?? 0) : 0
  if (at >= payload.length) throw new ProtocolError('rtp/vp8', `a VP8 payload descriptor of ${at} bytes in a payload of ${payload.length}`)
  return {
    bytes: at,
    startsFrame: (first & PARTITION_START) !== 0 && (first & PARTITION_INDEX) === 0,
    disposable: (first & NON_REFERENCE) !== 0,
    pictureId,
    tl0PicIdx,
    temporalId: extension & HAS_TID ? layer >> 6 : undefined,
    layerSync: (extension & HAS_TID) !== 0 && (layer & 0x20) !== 0,
  }
}

/**
 * RTP payloads for a VP8 frame. The marker belongs on the last.
 * @param pictureId counts frames; its low 15 bits are sent
 * @param maxPayload bytes of a payload
 */
export const packetizeVp8 = (frame: Uint8Array, pictureId: number, maxPayload: number): Uint8Array[] => {
  const descriptor = Uint8Array.of(HAS_EXTENSION | PARTITION_START, HAS_PICTURE_ID, LONG_PICTURE_ID | ((pictureId >> 8) & 0x7f), pictureId & 0xff)
  return pieces(descriptor, OUR_DESCRIPTOR_BYTES, frame, maxPayload)
}

/** A payload that is too long as several that say the same. @throws ProtocolError `rtp/vp8` */
export const splitVp8Payload = (payload: Uint8Array, maxPayload: number): Uint8Array[] => {
  const { bytes } = decodeVp8Descriptor(payload)
  return pieces(payload, bytes, payload.subarray(bytes), maxPayload)
}

/**
 * The payload without PictureID and TL0PICIDX, which count the pictures of one encoder: where pictures of several follow each other they would
 * mislead. What says which temporal layer it is stays.
 * @returns the payload itself where it has neither, or is broken
 */
export const stripVp8PictureId = (payload: Uint8Array): Uint8Array => {
  const first = payload[0] ?? 0
  const extension = first & HAS_EXTENSION ? (payload[1] ?? 0) : 0
  if ((extension & (HAS_PICTURE_ID | HAS_TL0)) === 0) return payload
  const pictureIdBytes = extension & HAS_PICTURE_ID ? ((payload[2] ?? 0) & LONG_PICTURE_ID ? 2 : 1) : 0
  const left = pictureIdBytes + (extension & HAS_TL0 ? 1 : 0)
  if (payload.length <= 2 + left) return payload
  const stripped = new Uint8Array(payload.length - left)
  stripped[0] = first
  stripped[1] = extension & ~(HAS_PICTURE_ID | HAS_TL0)
  stripped.set(payload.subarray(2 + left), 2)
  return stripped
}

/** Only the first piece starts the partition. */
const pieces = (descriptor: Uint8Array, descriptorBytes: number, data: Uint8Array, maxPayload: number): Uint8Array[] => {
  const payloads: Uint8Array[] = []
  const room = maxPayload - descriptorBytes
  for (let at = 0; at < data.length; at += room) {
    const piece = data.subarray(at, at + room)
    const payload = new Uint8Array(descriptorBytes + piece.length)
    payload.set(descriptor.subarray(0, descriptorBytes))
    if (at > 0) payload[0] = (payload[0] as number) & ~PARTITION_START
    payload.set(piece, descriptorBytes)
    payloads.push(payload)
  }
  return payloads
}
