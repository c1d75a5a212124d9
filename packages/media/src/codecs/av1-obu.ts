import { ProtocolError } from '../bytes/protocol-error.ts'

/** obu_type, AV1 bitstream specification section 6.2.2. */
export const OBU_TYPE = {
  SEQUENCE_HEADER: 1,
  TEMPORAL_DELIMITER: 2,
  FRAME_HEADER: 3,
  TILE_GROUP: 4,
  METADATA: 5,
  FRAME: 6,
  REDUNDANT_FRAME_HEADER: 7,
  TILE_LIST: 8,
  PADDING: 15,
} as const

const HAS_EXTENSION = 0x04
const HAS_SIZE = 0x02
/** A leb128 has at most 8 bytes (section 4.10.5); no size here needs more than 4. */
const MAX_SIZE_BYTES = 8

/** @returns obu_type; 0 (reserved) for an empty OBU */
export const obuType = (obu: Uint8Array): number => ((obu[0] ?? 0) >> 3) & 0x0f

/** Whether decoding can start at a temporal unit of these OBUs: it brings the sequence header, as encoders send it with key frames alone. */
export const isAv1RandomAccess = (obus: readonly Uint8Array[]): boolean => obus.some((obu) => obuType(obu) === OBU_TYPE.SEQUENCE_HEADER)

/** An unsigned little-endian number of 7 bits a byte, section 4.10.5; undefined if it is cut off or over 32 bits. */
export const readLeb128 = (bytes: Uint8Array, at: number): { readonly value: number; readonly length: number } | undefined => {
  let value = 0
  for (let i = 0; i < MAX_SIZE_BYTES; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return value < 2 ** 32 ? { value, length: i + 1 } : undefined
  }
  return undefined
}

/** Bytes of a number as leb128. */
export const leb128Length = (value: number): number => {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++
  return length
}

/** @returns where it ends */
export const writeLeb128 = (out: Uint8Array, at: number, value: number): number => {
  let rest = value
  let end = at
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[end++] = (rest & 0x7f) | 0x80
  out[end++] = rest
  return end
}

/**
 * An OBU without its size field, which RTP leaves out. Copies only where there is one.
 * @throws ProtocolError `av1/obu` if the size field claims more than there is
 */
export const withoutSizeField = (obu: Uint8Array): Uint8Array => {
  const header = obu[0] ?? 0
  if ((header & HAS_SIZE) === 0) return obu
  const at = header & HAS_EXTENSION ? 2 : 1
  const size = readLeb128(obu, at)
  if (!size || at + size.length + size.value > obu.length) throw new ProtocolError('av1/obu', `an OBU of ${obu.length} bytes claims to be longer`)
  const bare = new Uint8Array(at + size.value)
  bare.set(obu.subarray(0, at))
  bare[0] = header & ~HAS_SIZE
  bare.set(obu.subarray(at + size.length, at + size.length + size.value), at)
  return bare
}

/**
 * Splits a temporal unit in the low-overhead format, section 5.2: OBUs one after another, all with size fields but maybe the last one.
 * @returns the OBUs without size fields; temporal delimiters, padding and tile lists are left out
 * @throws ProtocolError `av1/obu`
 */
export const splitObus = (bytes: Uint8Array): Uint8Array[] => {
  const obus: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const header = bytes[at] as number
    const sizeAt = at + (header & HAS_EXTENSION ? 2 : 1)
    const size = header & HAS_SIZE ? readLeb128(bytes, sizeAt) : { value: bytes.length - sizeAt, length: 0 }
    const end = size ? sizeAt + size.length + size.value : Number.POSITIVE_INFINITY
    if (end > bytes.length || end <= at) throw new ProtocolError('av1/obu', `the OBU at offset ${at} reaches past the end, ${bytes.length - at} bytes are left`)
    const obu = bytes.subarray(at, end)
    if (isTransmitted(obuType(obu))) obus.push(withoutSizeField(obu))
    at = end
  }
  return obus
}

/** Whether RTP and MP4 carry OBUs of that type: the delimiter's work is done by timestamps, and the others are of no use (AV1 RTP specification section 5). */
export const isTransmitted = (type: number): boolean => type !== OBU_TYPE.TEMPORAL_DELIMITER && type !== OBU_TYPE.TILE_LIST && type !== OBU_TYPE.PADDING

/** Puts OBUs without size fields together in the low-overhead format, each with a size field. */
export const joinObus = (obus: readonly Uint8Array[]): Uint8Array => {
  let length = 0
  for (const obu of obus) length += obu.length + leb128Length(Math.max(0, obu.length - headerBytes(obu)))
  const joined = new Uint8Array(length)
  let at = 0
  for (const obu of obus) {
    const head = headerBytes(obu)
    joined.set(obu.subarray(0, head), at)
    joined[at] = (obu[0] ?? 0) | HAS_SIZE
    at = writeLeb128(joined, at + head, Math.max(0, obu.length - head))
    joined.set(obu.subarray(head), at)
    at += Math.max(0, obu.length - head)
  }
  return joined.subarray(0, at)
}

const headerBytes = (obu: Uint8Array): number => Math.min(obu.length, (obu[0] ?? 0) & HAS_EXTENSION ? 2 : 1)
