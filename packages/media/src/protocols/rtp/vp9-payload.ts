import { ByteReader } from '../../bytes/byte-reader.ts'

/** The payload descriptor of RFC 9628 section 4.2, which is in front of every piece of a VP9 frame. */
export type Vp9Descriptor = {
  /** Length of the descriptor: the frame's bytes begin there. */
  readonly bytes: number
  /** The payload has the first byte of a layer's frame. */
  readonly startsFrame: boolean
  /** The payload has the last byte of a layer's frame. */
  readonly endsFrame: boolean
  /** The frame needs earlier pictures. Not every sender tells it: look into the frame too. */
  readonly interPredicted: boolean
  /** 7 or 15 bits that count pictures. */
  readonly pictureId: number | undefined
  readonly layer: Vp9Layer | undefined
  /** No higher spatial layer of this picture needs this frame. */
  readonly notReference: boolean
  /** In flexible mode: by how much the picture IDs of the pictures that it needs are lower. */
  readonly references: readonly number[]
  /** Sizes of the spatial layers, where the payload has a scalability structure that tells them. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[]
}

export type Vp9Layer = {
  readonly temporalId: number
  /** From here on a receiver can go up to this temporal layer. */
  readonly switchingUp: boolean
  readonly spatialId: number
  /** The frame needs the next lower spatial layer of the same picture. */
  readonly interLayer: boolean
  /** Counts the pictures of the lowest temporal layer, 8 bits; not told in flexible mode. */
  readonly tl0PicIdx: number | undefined
}

const HAS_PICTURE_ID = 0x80
const INTER_PREDICTED = 0x40
const HAS_LAYER = 0x20
const FLEXIBLE = 0x10
const STARTS_FRAME = 0x08
const ENDS_FRAME = 0x04
const HAS_STRUCTURE = 0x02
const NOT_REFERENCE = 0x01
const LONG_PICTURE_ID = 0x80
/** The N bit of the third one must not be set: section 4.2. */
const MAX_REFERENCES = 3
const OUR_DESCRIPTOR_BYTES = 3

const NO_REFERENCES: readonly number[] = []
const NO_SIZES: Vp9Descriptor['sizes'] = []

/**
 * ```
 * |I|P|L|F|B|E|V|Z|   |M| picture ID (7 or 15) |   | TID |U| SID |D|   | TL0PICIDX |   | P_DIFF |N| …   | scalability structure |
 * ```
 * @throws ProtocolError `rtp/vp9`
 */
export const decodeVp9Descriptor = (payload: Uint8Array): Vp9Descriptor => {
  const reader = new ByteReader(payload, 'rtp/vp9')
  const first = reader.u8()
  const flexible = (first & FLEXIBLE) !== 0
  const pictureId = first & HAS_PICTURE_ID ? readPictureId(reader) : undefined
  const layer = first & HAS_LAYER ? readLayer(reader, flexible) : undefined
  const references = flexible && first & INTER_PREDICTED ? readReferences(reader) : NO_REFERENCES
  const sizes = first & HAS_STRUCTURE ? readStructure(reader) : NO_SIZES
  const bytes = reader.position
  reader.u8() // A payload has at least one byte of the frame.
  return {
    bytes,
    startsFrame: (first & STARTS_FRAME) !== 0,
    endsFrame: (first & ENDS_FRAME) !== 0,
    interPredicted: (first & INTER_PREDICTED) !== 0,
    pictureId,
    layer,
    notReference: (first & NOT_REFERENCE) !== 0,
    references,
    sizes,
  }
}

const readPictureId = (reader: ByteReader): number => {
  const high = reader.u8()
  return high & LONG_PICTURE_ID ? ((high & 0x7f) << 8) | reader.u8() : high
}

const readLayer = (reader: ByteReader, flexible: boolean): Vp9Layer => {
  const byte = reader.u8()
  return {
    temporalId: byte >> 5,
    switchingUp: (byte & 0x10) !== 0,
    spatialId: (byte >> 1) & 7,
    interLayer: (byte & 1) !== 0,
    tl0PicIdx: flexible ? undefined : reader.u8(),
  }
}

const readReferences = (reader: ByteReader): number[] => {
  const references: number[] = []
  for (let more = true; more && references.length < MAX_REFERENCES; ) {
    const byte = reader.u8()
    references.push(byte >> 1)
    more = (byte & 1) !== 0
  }
  return references
}

/**
 * ```
 * | N_S |Y|G| - |   | WIDTH (16) | HEIGHT (16) | …   | N_G |   | TID |U| R | - |   | P_DIFF | …
 * ```
 */
const readStructure = (reader: ByteReader): Vp9Descriptor['sizes'] => {
  const head = reader.u8()
  const layers = (head >> 5) + 1
  const sizes: { width: number; height: number }[] = []
  if (head & 0x10) for (let i = 0; i < layers; i++) sizes.push({ width: reader.u16(), height: reader.u16() })
  const pictures = head & 0x08 ? reader.u8() : 0
  for (let i = 0; i < pictures; i++) reader.skip((reader.u8() >> 2) & 3)
  return sizes
}

/**
 * RTP payloads for a VP9 frame without layers. The marker belongs on the last.
 * @param pictureId counts frames; its low 15 bits are sent
 * @param maxPayload bytes of a payload
 */
export const packetizeVp9 = (frame: Uint8Array, pictureId: number, keyFrame: boolean, maxPayload: number): Uint8Array[] => {
  const flags = HAS_PICTURE_ID | STARTS_FRAME | ENDS_FRAME | (keyFrame ? 0 : INTER_PREDICTED)
  const descriptor = Uint8Array.of(flags, LONG_PICTURE_ID | ((pictureId >> 8) & 0x7f), pictureId & 0xff)
  return pieces(descriptor, OUR_DESCRIPTOR_BYTES, frame, maxPayload)
}

/** A payload that is too long as several that say the same. @throws ProtocolError `rtp/vp9` */
export const splitVp9Payload = (payload: Uint8Array, maxPayload: number): Uint8Array[] => {
  const { bytes } = decodeVp9Descriptor(payload)
  // A structure that leaves no room is nothing that senders make: such a payload stays as it is.
  return bytes < maxPayload ? pieces(payload, bytes, payload.subarray(bytes), maxPayload) : [payload]
}

/** Only the first piece starts the frame, only the last one ends it. */
const pieces = (descriptor: Uint8Array, descriptorBytes: number, data: Uint8Array, maxPayload: number): Uint8Array[] => {
  const payloads: Uint8Array[] = []
  const room = maxPayload - descriptorBytes
  for (let at = 0; at < data.length; at += room) {
    const piece = data.subarray(at, at + room)
    const payload = new Uint8Array(descriptorBytes + piece.length)
    payload.set(descriptor.subarray(0, descriptorBytes))
    const unset = (at > 0 ? STARTS_FRAME : 0) | (at + room < data.length ? ENDS_FRAME : 0)
    payload[0] = (payload[0] as number) & ~unset
    payload.set(piece, descriptorBytes)
    payloads.push(payload)
  }
  return payloads
}
