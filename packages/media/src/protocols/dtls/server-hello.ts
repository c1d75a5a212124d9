import { ByteWriter } from '../../bytes/byte-writer.ts'
import { DTLS_1_2, EXTENSION, RANDOM_BYTES } from './dtls-constants.ts'
import { malformed } from './dtls-error.ts'
import { decodeUseSrtp, encodeUseSrtp, NO_RENEGOTIATION, readExtensions, writeExtensions } from './extensions.ts'
import { readWhole } from './handshake-message.ts'

/** RFC 5246 section 7.4.1.3, with the extensions that we know. */
export type ServerHello = {
  readonly version: number
  readonly random: Uint8Array
  readonly cipherSuite: number
  readonly srtpProfile: number
  readonly extendedMasterSecret: boolean
  readonly secureRenegotiation: boolean
}

/** @throws DtlsError `dtls/malformed`, `dtls/no-srtp` */
export const decodeServerHello = (body: Uint8Array): ServerHello => {
  const { extensions, compression, ...hello } = readWhole('ServerHello', body, (reader) => {
    const version = reader.u16()
    const random = reader.take(RANDOM_BYTES)
    reader.skip(reader.u8())
    return { version, random, cipherSuite: reader.u16(), compression: reader.u8(), extensions: readExtensions(reader) }
  })
  if (compression !== 0) throw malformed(`ServerHello with compression ${compression}, which was not offered`)
  const { profiles, mkiBytes } = decodeUseSrtp(extensions.get(EXTENSION.USE_SRTP))
  const [srtpProfile, more] = profiles
  if (srtpProfile === undefined || more !== undefined || mkiBytes > 0) throw malformed('ServerHello whose use_srtp is not one profile without an identifier')
  return {
    ...hello,
    srtpProfile,
    extendedMasterSecret: extensions.has(EXTENSION.EXTENDED_MASTER_SECRET),
    secureRenegotiation: extensions.has(EXTENSION.RENEGOTIATION_INFO),
  }
}

/** What our servers say: the extended master secret always. */
export const encodeServerHello = (hello: Omit<ServerHello, 'version' | 'extendedMasterSecret'>): Uint8Array => {
  const writer = new ByteWriter()
  writer.u16(DTLS_1_2).bytes(hello.random)
  // No session that could be resumed.
  writer.u8(0)
  writer.u16(hello.cipherSuite).u8(0)
  const extensions = new Map<number, Uint8Array>()
  extensions.set(EXTENSION.USE_SRTP, encodeUseSrtp([hello.srtpProfile]))
  extensions.set(EXTENSION.EXTENDED_MASTER_SECRET, new Uint8Array(0))
  if (hello.secureRenegotiation) extensions.set(EXTENSION.RENEGOTIATION_INFO, NO_RENEGOTIATION)
  writeExtensions(writer, extensions)
  return writer.finish()
}

/** @returns the cookie, RFC 6347 section 4.2.1 @throws DtlsError `dtls/malformed` */
export const decodeHelloVerifyRequest = (body: Uint8Array): Uint8Array =>
  readWhole('HelloVerifyRequest', body, (reader) => {
    reader.u16()
    return reader.take(reader.u8())
  })
