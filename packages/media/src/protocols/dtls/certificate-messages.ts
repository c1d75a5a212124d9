import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { ALERT, CERTIFICATE_TYPES } from './dtls-constants.ts'
import { DtlsError } from './dtls-error.ts'
import { encodeU16s } from './extensions.ts'
import { readU16s, readWhole } from './handshake-message.ts'

/**
 * The first certificate of the list, RFC 5246 section 7.4.2: the peer's own. Those behind it vouch for it, which its fingerprint does already.
 * @throws DtlsError `dtls/no-certificate`, `dtls/malformed`
 */
export const decodeCertificate = (body: Uint8Array): Uint8Array =>
  readWhole('Certificate', body, (reader) => {
    const list = new ByteReader(reader.take(reader.u24()), 'dtls/malformed')
    if (list.remaining === 0) throw new DtlsError('no-certificate', ALERT.BAD_CERTIFICATE, 'the peer has no certificate, whose fingerprint was announced')
    const own = list.take(list.u24())
    while (list.remaining > 0) list.skip(list.u24())
    return own
  })

/** @param certificate in DER */
export const encodeCertificate = (certificate: Uint8Array): Uint8Array =>
  new ByteWriter()
    .u24(certificate.length + 3)
    .u24(certificate.length)
    .bytes(certificate)
    .finish()

/** What a server accepts, RFC 5246 section 7.4.4; it names no authorities. */
export const encodeCertificateRequest = (signatureSchemes: readonly number[]): Uint8Array =>
  new ByteWriter().u8(CERTIFICATE_TYPES.length).bytes(Uint8Array.from(CERTIFICATE_TYPES)).bytes(encodeU16s(signatureSchemes)).u16(0).finish()

/** @returns the signature schemes that the server accepts @throws DtlsError `dtls/malformed` */
export const decodeCertificateRequest = (body: Uint8Array): readonly number[] =>
  readWhole('CertificateRequest', body, (reader) => {
    reader.skip(reader.u8())
    const schemes = readU16s(reader)
    reader.skip(reader.u16())
    return schemes
  })

/** A signature and what it was made with, RFC 5246 section 4.7. */
export type Signed = { readonly scheme: number; readonly signature: Uint8Array }

export const readSigned = (reader: ByteReader): Signed => ({ scheme: reader.u16(), signature: reader.take(reader.u16()) })

/** As it is in a CertificateVerify and at the end of a ServerKeyExchange. */
export const encodeSigned = ({ scheme, signature }: Signed): Uint8Array => new ByteWriter().u16(scheme).u16(signature.length).bytes(signature).finish()

/** RFC 5246 section 7.4.8. @throws DtlsError `dtls/malformed` */
export const decodeCertificateVerify = (body: Uint8Array): Signed => readWhole('CertificateVerify', body, readSigned)
