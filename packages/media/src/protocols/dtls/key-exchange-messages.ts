import { ByteWriter } from '../../bytes/byte-writer.ts'
import { readSigned, type Signed } from './certificate-messages.ts'
import { malformed } from './dtls-error.ts'
import { readWhole } from './handshake-message.ts'

/** ECCurveType, RFC 8422 section 5.4. */
const NAMED_CURVE = 3

/** RFC 8422 section 5.4. */
export type ServerKeyExchange = Signed & {
  readonly curve: number
  readonly publicKey: Uint8Array
  /** What is signed, with both randoms before it. */
  readonly parameters: Uint8Array
}

/** @throws DtlsError `dtls/malformed` */
export const decodeServerKeyExchange = (body: Uint8Array): ServerKeyExchange =>
  readWhole('ServerKeyExchange', body, (reader) => {
    if (reader.u8() !== NAMED_CURVE) throw malformed('ServerKeyExchange without a named curve')
    const curve = reader.u16()
    const publicKey = reader.take(reader.u8())
    const parameters = body.subarray(0, reader.position)
    return { curve, publicKey, parameters, ...readSigned(reader) }
  })

/** What a server signs of its key, and sends before the signature. */
export const encodeKeyParameters = (curve: number, publicKey: Uint8Array): Uint8Array =>
  new ByteWriter().u8(NAMED_CURVE).u16(curve).u8(publicKey.length).bytes(publicKey).finish()

/** The client's public key, RFC 8422 section 5.7. @throws DtlsError `dtls/malformed` */
export const decodeClientKeyExchange = (body: Uint8Array): Uint8Array => readWhole('ClientKeyExchange', body, (reader) => reader.take(reader.u8()))

export const encodeClientKeyExchange = (publicKey: Uint8Array): Uint8Array => new ByteWriter().u8(publicKey.length).bytes(publicKey).finish()
