/** What a signature is made with; RFC 5246 section 7.4.1.4.1, RFC 8446 section 4.2.3. */
export type SignatureScheme = {
  readonly id: number
  readonly key: 'ecdsa' | 'rsa'
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  readonly pss: boolean
}

/** ecdsa_secp256r1_sha256: our certificate's. In TLS 1.2 it says nothing about the curve. */
export const OUR_SIGNATURE_SCHEME: SignatureScheme = { id: 0x0403, key: 'ecdsa', hash: 'sha256', pss: false }

/** What we verify: browsers have ECDSA certificates, GStreamer and others RSA ones. SHA-1 is not among them. */
const SIGNATURE_SCHEMES: readonly SignatureScheme[] = [
  OUR_SIGNATURE_SCHEME,
  { id: 0x0804, key: 'rsa', hash: 'sha256', pss: true },
  { id: 0x0401, key: 'rsa', hash: 'sha256', pss: false },
  { id: 0x0503, key: 'ecdsa', hash: 'sha384', pss: false },
  { id: 0x0805, key: 'rsa', hash: 'sha384', pss: true },
  { id: 0x0501, key: 'rsa', hash: 'sha384', pss: false },
  { id: 0x0603, key: 'ecdsa', hash: 'sha512', pss: false },
  { id: 0x0806, key: 'rsa', hash: 'sha512', pss: true },
  { id: 0x0601, key: 'rsa', hash: 'sha512', pss: false },
]

export const OFFERED_SIGNATURE_SCHEMES: readonly number[] = SIGNATURE_SCHEMES.map(({ id }) => id)

export const findSignatureScheme = (id: number): SignatureScheme | undefined => SIGNATURE_SCHEMES.find((scheme) => scheme.id === id)
