import { ByteWriter } from '../../bytes/byte-writer.ts'
import { encodeUtf8 } from '../../bytes/utf8.ts'
import { crc32 } from './crc32.ts'
import { xorAddress } from './decode-stun.ts'
import { FINGERPRINT_XOR, INTEGRITY_BYTES, MAGIC_COOKIE, STUN_ATTRIBUTE, STUN_HEADER_BYTES } from './stun-constants.ts'
import type { HmacSha1, StunMessage } from './stun-message.ts'
import { parseIpAddress, type TransportAddress } from './transport-address.ts'

/** What MESSAGE-INTEGRITY is made with. */
export type StunIntegrity = { readonly key: Uint8Array; readonly hmacSha1: HmacSha1 }

/**
 * Writes a message with FINGERPRINT, and with MESSAGE-INTEGRITY if there is a key (RFC 8489 section 14).
 * @throws Error if the mapped address is none, or the transaction is not of 12 bytes
 */
export const encodeStun = (message: StunMessage, integrity?: StunIntegrity): Uint8Array => {
  if (message.transactionId.length !== 12) throw new Error(`a transaction id has 12 bytes, not ${message.transactionId.length}`)
  const { method } = message
  const type = (method & 0x000f) | ((method & 0x0070) << 1) | ((method & 0x0f80) << 2) | ((message.class & 1) << 4) | ((message.class & 2) << 7)
  const writer = new ByteWriter(192).u16(type).u16(0).u32(MAGIC_COOKIE).bytes(message.transactionId)
  if (message.software !== undefined) writeAttribute(writer, STUN_ATTRIBUTE.SOFTWARE, encodeUtf8(message.software))
  if (message.username !== undefined) writeAttribute(writer, STUN_ATTRIBUTE.USERNAME, encodeUtf8(message.username))
  if (message.errorCode) writeAttribute(writer, STUN_ATTRIBUTE.ERROR_CODE, errorValue(message.errorCode))
  if (message.unknownAttributes) writeAttribute(writer, STUN_ATTRIBUTE.UNKNOWN_ATTRIBUTES, typesValue(message.unknownAttributes))
  if (message.xorMappedAddress) writeAttribute(writer, STUN_ATTRIBUTE.XOR_MAPPED_ADDRESS, addressValue(message.xorMappedAddress, message.transactionId))
  if (message.priority !== undefined) writer.u16(STUN_ATTRIBUTE.PRIORITY).u16(4).u32(message.priority)
  if (message.useCandidate) writer.u16(STUN_ATTRIBUTE.USE_CANDIDATE).u16(0)
  if (message.iceControlling !== undefined) writer.u16(STUN_ATTRIBUTE.ICE_CONTROLLING).u16(8).u64(message.iceControlling)
  if (message.iceControlled !== undefined) writer.u16(STUN_ATTRIBUTE.ICE_CONTROLLED).u16(8).u64(message.iceControlled)
  if (integrity) {
    // Both checks are made with a length field that ends with the attribute itself.
    patchLength(writer, writer.length + 4 + INTEGRITY_BYTES)
    writeAttribute(writer, STUN_ATTRIBUTE.MESSAGE_INTEGRITY, integrity.hmacSha1(integrity.key, writer.view()))
  }
  patchLength(writer, writer.length + 8)
  const crc = crc32(writer.view())
  return writer
    .u16(STUN_ATTRIBUTE.FINGERPRINT)
    .u16(4)
    .u32((crc ^ FINGERPRINT_XOR) >>> 0)
    .finish()
}

const patchLength = (writer: ByteWriter, end: number): void => {
  const view = writer.view()
  new DataView(view.buffer, view.byteOffset).setUint16(2, end - STUN_HEADER_BYTES)
}

const writeAttribute = (writer: ByteWriter, attribute: number, value: Uint8Array): void => {
  writer
    .u16(attribute)
    .u16(value.length)
    .bytes(value)
    .zeros(-value.length & 3)
}

const errorValue = ({ code, reason }: { readonly code: number; readonly reason: string }): Uint8Array =>
  new ByteWriter(64)
    .u16(0)
    .u8(Math.floor(code / 100))
    .u8(code % 100)
    .bytes(encodeUtf8(reason))
    .finish()

const typesValue = (types: readonly number[]): Uint8Array => {
  const writer = new ByteWriter(16)
  for (const type of types) writer.u16(type)
  return writer.finish()
}

const addressValue = ({ address, port }: TransportAddress, transactionId: Uint8Array): Uint8Array => {
  const bytes = parseIpAddress(address)
  if (!bytes) throw new Error(`${address} is no IP address`)
  xorAddress(bytes, transactionId)
  return new ByteWriter(20)
    .u16(bytes.length === 4 ? 1 : 2)
    .u16(port ^ (MAGIC_COOKIE >>> 16))
    .bytes(bytes)
    .finish()
}
