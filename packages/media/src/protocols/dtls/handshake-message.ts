import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { DtlsError, malformed } from './dtls-error.ts'

export const HANDSHAKE_HEADER_BYTES = 12

/** A whole message. */
export type HandshakeMessage = {
  readonly type: number
  /** message_seq: counted from 0 by each side. */
  readonly sequence: number
  readonly body: Uint8Array
}

/** A piece of a message, RFC 6347 section 4.2.2. */
export type HandshakeFragment = {
  readonly type: number
  /** Of the whole message. */
  readonly length: number
  readonly sequence: number
  readonly offset: number
  /** A view. */
  readonly bytes: Uint8Array
}

/** The fragments of a record's body. @returns undefined if they do not fill it, or pass the ends of their messages */
export const decodeFragments = (body: Uint8Array): readonly HandshakeFragment[] | undefined => {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const u24 = (at: number): number => (view.getUint16(at) << 8) | view.getUint8(at + 2)
  const fragments: HandshakeFragment[] = []
  for (let at = 0; at < body.length; ) {
    const bytesAt = at + HANDSHAKE_HEADER_BYTES
    if (bytesAt > body.length) return undefined
    const length = u24(at + 1)
    const offset = u24(at + 6)
    const end = bytesAt + u24(at + 9)
    if (end > body.length || offset + (end - bytesAt) > length) return undefined
    fragments.push({ type: body[at] as number, length, sequence: view.getUint16(at + 4), offset, bytes: body.subarray(bytesAt, end) })
    at = end
  }
  return fragments
}

/** A part of a message, by default all of it: that is also the form in which it is hashed, RFC 6347 section 4.2.6. */
export const encodeFragment = ({ type, sequence, body }: HandshakeMessage, start = 0, end = body.length): Uint8Array =>
  new ByteWriter(HANDSHAKE_HEADER_BYTES + end - start)
    .u8(type)
    .u24(body.length)
    .u16(sequence)
    .u24(start)
    .u24(end - start)
    .bytes(body.subarray(start, end))
    .finish()

/** Reads a message's body. @throws DtlsError `dtls/malformed` if it is longer or shorter than what is read */
export const readWhole = <T>(name: string, body: Uint8Array, read: (reader: ByteReader) => T): T => {
  const reader = new ByteReader(body, 'dtls/malformed')
  let value: T
  try {
    value = read(reader)
  } catch (error) {
    if (error instanceof DtlsError || !(error instanceof ProtocolError)) throw error
    throw malformed(`${name}: ${error.message}`)
  }
  if (reader.remaining > 0) throw malformed(`${name} with ${reader.remaining} bytes behind its end`)
  return value
}

/** A vector of numbers of two bytes, with its length before it, RFC 5246 section 4.3. */
export const readU16s = (reader: ByteReader): number[] => {
  const list = new ByteReader(reader.take(reader.u16()), 'dtls/malformed')
  const numbers: number[] = []
  while (list.remaining > 0) numbers.push(list.u16())
  return numbers
}
