import { ByteWriter } from '../../bytes/byte-writer.ts'
import { DTLS_1_2, EMPTY_RENEGOTIATION_INFO, EXTENSION, RANDOM_BYTES } from './dtls-constants.ts'
import {
  decodeU16s,
  decodeUseSrtp,
  type Extensions,
  encodeU16s,
  encodeUseSrtp,
  NO_RENEGOTIATION,
  POINT_FORMATS,
  readExtensions,
  writeExtensions,
} from './extensions.ts'
import { readU16s, readWhole } from './handshake-message.ts'

/** RFC 6347 section 4.2.1, with the extensions that we know. */
export type ClientHello = {
  readonly version: number
  readonly random: Uint8Array
  readonly cookie: Uint8Array
  readonly cipherSuites: readonly number[]
  readonly groups: readonly number[]
  /** For the server's signature; empty for those of RFC 5246's defaults. */
  readonly signatureSchemes: readonly number[]
  readonly srtpProfiles: readonly number[]
  readonly extendedMasterSecret: boolean
  /** It knows RFC 5746. */
  readonly secureRenegotiation: boolean
}

/** @throws DtlsError `dtls/malformed`, `dtls/no-srtp` */
export const decodeClientHello = (body: Uint8Array): ClientHello => {
  const { extensions, ...hello } = readWhole('ClientHello', body, (reader) => {
    const version = reader.u16()
    const random = reader.take(RANDOM_BYTES)
    reader.skip(reader.u8())
    const cookie = reader.take(reader.u8())
    const cipherSuites = readU16s(reader)
    // Compression: everyone offers none, and nothing else is known here.
    reader.skip(reader.u8())
    return { version, random, cookie, cipherSuites, extensions: readExtensions(reader) }
  })
  return {
    ...hello,
    groups: decodeU16s('supported_groups', extensions.get(EXTENSION.SUPPORTED_GROUPS)),
    signatureSchemes: decodeU16s('signature_algorithms', extensions.get(EXTENSION.SIGNATURE_ALGORITHMS)),
    srtpProfiles: decodeUseSrtp(extensions.get(EXTENSION.USE_SRTP)).profiles,
    extendedMasterSecret: extensions.has(EXTENSION.EXTENDED_MASTER_SECRET),
    secureRenegotiation: extensions.has(EXTENSION.RENEGOTIATION_INFO) || hello.cipherSuites.includes(EMPTY_RENEGOTIATION_INFO),
  }
}

/** What our clients say. */
export const encodeClientHello = (
  hello: Pick<ClientHello, 'random' | 'cookie' | 'cipherSuites' | 'groups' | 'signatureSchemes' | 'srtpProfiles'>,
): Uint8Array => {
  const writer = new ByteWriter()
  writer.u16(DTLS_1_2).bytes(hello.random)
  // No session to resume.
  writer.u8(0)
  writer.u8(hello.cookie.length).bytes(hello.cookie)
  writer.bytes(encodeU16s(hello.cipherSuites))
  writer.u8(1).u8(0)
  const extensions: Extensions = new Map<number, Uint8Array>([
    [EXTENSION.SUPPORTED_GROUPS, encodeU16s(hello.groups)],
    [EXTENSION.EC_POINT_FORMATS, POINT_FORMATS],
    [EXTENSION.SIGNATURE_ALGORITHMS, encodeU16s(hello.signatureSchemes)],
    [EXTENSION.USE_SRTP, encodeUseSrtp(hello.srtpProfiles)],
    [EXTENSION.EXTENDED_MASTER_SECRET, new Uint8Array(0)],
    [EXTENSION.RENEGOTIATION_INFO, NO_RENEGOTIATION],
  ])
  writeExtensions(writer, extensions)
  return writer.finish()
}
