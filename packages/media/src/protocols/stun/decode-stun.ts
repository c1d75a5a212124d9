import { ByteReader } from '../../bytes/byte-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeUtf8 } from '../../bytes/utf8.ts'
import { crc32 } from './crc32.ts'
import {
  FINGERPRINT_XOR,
  INTEGRITY_BYTES,
  MAGIC_COOKIE,
  MAX_STUN_ATTRIBUTES,
  MAX_STUN_BYTES,
  STUN_ATTRIBUTE,
  STUN_HEADER_BYTES,
  STUN_METHOD,
  type StunClass,
  TRANSACTION_ID_BYTES,
} from './stun-constants.ts'
import type { HmacSha1, StunMessage } from './stun-message.ts'
import { formatIpAddress, type TransportAddress } from './transport-address.ts'

/** A message as it was received. */
export type ReceivedStun = StunMessage & {
  /** Where MESSAGE-INTEGRITY begins, undefined if there is none. It is not checked yet: see `hasIntegrity`. */
  readonly integrityAt: number | undefined
  /** Attributes that a receiver must understand and that we do not. */
  readonly unknownRequired: readonly number[]
}

/** Whether a datagram is STUN: first byte 0 to 3 (RFC 7983 section 7) and the magic cookie. */
export const isStun = (bytes: Uint8Array): boolean =>
  bytes.length >= STUN_HEADER_BYTES && (bytes[0] as number) < 4 && bytes[4] === 0x21 && bytes[5] === 0x12 && bytes[6] === 0xa4 && bytes[7] === 0x42

/**
 * Reads one message that fills the datagram. FINGERPRINT is checked if it is there; what follows MESSAGE-INTEGRITY is ignored but for it
 * (RFC 8489 section 14.5).
 * @throws ProtocolError `stun/malformed`, `stun/fingerprint`
 */
export const decodeStun = (bytes: Uint8Array): ReceivedStun => {
  if (!isStun(bytes)) throw malformed('no STUN header with the magic cookie')
  if (bytes.length > MAX_STUN_BYTES) throw malformed(`${bytes.length} bytes, ${MAX_STUN_BYTES} are the most`)
  const reader = new ByteReader(bytes, 'stun/malformed')
  const type = reader.u16()
  const length = reader.u16()
  if (length % 4 !== 0 || length !== bytes.length - STUN_HEADER_BYTES) {
    throw malformed(`length field ${length} in a datagram with ${bytes.length - STUN_HEADER_BYTES} bytes after the header`)
  }
  const method = (type & 0x000f) | ((type >> 1) & 0x0070) | ((type >> 2) & 0x0f80)
  if (method !== STUN_METHOD.BINDING) throw malformed(`method ${method}, only Binding (1) is served`)
  reader.skip(4)
  const message: Writable<ReceivedStun> = {
    class: (((type >> 4) & 1) | ((type >> 7) & 2)) as StunClass,
    method,
    transactionId: reader.take(TRANSACTION_ID_BYTES),
    integrityAt: undefined,
    unknownRequired: [],
  }
  const unknownRequired: number[] = []
  for (let count = 0; reader.remaining > 0; count++) {
    if (count === MAX_STUN_ATTRIBUTES) throw malformed(`more than ${MAX_STUN_ATTRIBUTES} attributes`)
    const at = reader.position
    const attribute = reader.u16()
    const value = reader.take(reader.u16())
    reader.skip(-value.length & 3)
    if (attribute === STUN_ATTRIBUTE.FINGERPRINT) {
      if (reader.remaining > 0) throw malformed('FINGERPRINT is not the last attribute')
      checkFingerprint(bytes, at, value)
    } else if (message.integrityAt !== undefined) {
    } else if (attribute === STUN_ATTRIBUTE.MESSAGE_INTEGRITY) {
      if (value.length !== INTEGRITY_BYTES) throw malformed(`MESSAGE-INTEGRITY of ${value.length} bytes instead of ${INTEGRITY_BYTES}`)
      message.integrityAt = at
    } else if (!readAttribute(message, attribute, value) && attribute < 0x8000) unknownRequired.push(attribute)
  }
  message.unknownRequired = unknownRequired
  return message
}

/**
 * Whether the message carries a MESSAGE-INTEGRITY made with that key. For ICE the key is the password's bytes (RFC 8489 section 9.1).
 * @param bytes what `message` was decoded from
 */
export const hasIntegrity = (bytes: Uint8Array, message: ReceivedStun, key: Uint8Array, hmacSha1: HmacSha1): boolean => {
  const at = message.integrityAt
  if (at === undefined) return false
  const signed = new Uint8Array(bytes.subarray(0, at))
  // The length field covers everything up to and with MESSAGE-INTEGRITY, and not what follows it.
  new DataView(signed.buffer).setUint16(2, at + 4 + INTEGRITY_BYTES - STUN_HEADER_BYTES)
  const expected = hmacSha1(key, signed)
  let difference = expected.length ^ INTEGRITY_BYTES
  for (let i = 0; i < INTEGRITY_BYTES; i++) difference |= (expected[i] as number) ^ (bytes[at + 4 + i] as number)
  return difference === 0
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const malformed = (what: string): ProtocolError => new ProtocolError('stun/malformed', `STUN message: ${what}`)

const checkFingerprint = (bytes: Uint8Array, at: number, value: Uint8Array): void => {
  if (value.length !== 4) throw malformed(`FINGERPRINT of ${value.length} bytes instead of 4`)
  const sent = new DataView(value.buffer, value.byteOffset).getUint32(0)
  if (sent !== (crc32(bytes, at) ^ FINGERPRINT_XOR) >>> 0) throw new ProtocolError('stun/fingerprint', 'STUN message: FINGERPRINT does not fit the content')
}

/** @returns false for a type that we do not know */
const readAttribute = (message: Writable<ReceivedStun>, attribute: number, value: Uint8Array): boolean => {
  const reader = new ByteReader(value, 'stun/malformed')
  switch (attribute) {
    case STUN_ATTRIBUTE.USERNAME:
      message.username = decodeUtf8(value)
      return true
    case STUN_ATTRIBUTE.SOFTWARE:
      message.software = decodeUtf8(value)
      return true
    case STUN_ATTRIBUTE.XOR_MAPPED_ADDRESS:
      message.xorMappedAddress = readXorAddress(reader, message.transactionId)
      return true
    case STUN_ATTRIBUTE.PRIORITY:
      message.priority = reader.u32()
      return true
    case STUN_ATTRIBUTE.USE_CANDIDATE:
      message.useCandidate = true
      return true
    case STUN_ATTRIBUTE.ICE_CONTROLLING:
      message.iceControlling = reader.u64()
      return true
    case STUN_ATTRIBUTE.ICE_CONTROLLED:
      message.iceControlled = reader.u64()
      return true
    case STUN_ATTRIBUTE.ERROR_CODE: {
      reader.skip(2)
      message.errorCode = { code: (reader.u8() & 7) * 100 + reader.u8(), reason: decodeUtf8(reader.rest()) }
      return true
    }
    case STUN_ATTRIBUTE.UNKNOWN_ATTRIBUTES: {
      const types: number[] = []
      while (reader.remaining > 0) types.push(reader.u16())
      message.unknownAttributes = types
      return true
    }
    // Understood in that they change nothing here: they belong to long-term credentials and to the newer integrity.
    case STUN_ATTRIBUTE.REALM:
    case STUN_ATTRIBUTE.NONCE:
    case STUN_ATTRIBUTE.MESSAGE_INTEGRITY_SHA256:
      return true
    default:
      return false
  }
}

/** RFC 8489 section 14.2: combined with the cookie, and for IPv6 with the transaction too, so that no router rewrites it. */
const readXorAddress = (reader: ByteReader, transactionId: Uint8Array): TransportAddress => {
  reader.skip(1)
  const family = reader.u8()
  if (family !== 1 && family !== 2) throw malformed(`XOR-MAPPED-ADDRESS with family ${family}, 1 and 2 exist`)
  const port = reader.u16() ^ (MAGIC_COOKIE >>> 16)
  const bytes = new Uint8Array(reader.take(family === 1 ? 4 : 16))
  xorAddress(bytes, transactionId)
  return { address: formatIpAddress(bytes), port }
}

/** Applies or undoes the combination of XOR-MAPPED-ADDRESS in place. */
export const xorAddress = (bytes: Uint8Array, transactionId: Uint8Array): void => {
  for (let i = 0; i < bytes.length; i++) {
    const mask = i < 4 ? MAGIC_COOKIE >>> (24 - i * 8) : (transactionId[i - 4] as number)
    bytes[i] = (bytes[i] as number) ^ mask
  }
}
