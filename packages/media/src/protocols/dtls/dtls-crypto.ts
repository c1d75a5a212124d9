import type { CurveName } from './curves.ts'
import type { SignatureScheme } from './signature-schemes.ts'

export type HashName = 'sha256' | 'sha384'
export type AeadName = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'

export const AEAD_TAG_BYTES = 16
export const AEAD_NONCE_BYTES = 12

/** One key in one direction. */
export type Aead = {
  /** @returns the ciphertext with the tag of 16 bytes behind it */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** @returns the plaintext, undefined if the tag does not fit */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
}

/** The cheap primitives, a few microseconds each: the pure folders have no cryptography of their own. */
export type DtlsCrypto = {
  random(byteLength: number): Uint8Array
  hash(name: HashName, message: Uint8Array): Uint8Array
  /** HMAC with one key. */
  hmac(name: HashName, key: Uint8Array): (message: Uint8Array) => Uint8Array
  aead(name: AeadName, key: Uint8Array): Aead
  /** In a time that does not tell where they differ. */
  isEqual(a: Uint8Array, b: Uint8Array): boolean
}

/** Our half of a key exchange. It is used once. */
export type KeyShare = {
  readonly curve: CurveName
  /** A point, uncompressed for P-256. */
  readonly publicKey: Uint8Array
  /** Whatever `agree` needs of it. */
  readonly secret: unknown
}

/**
 * The dear primitives, 20 to 100 microseconds each: the session asks for them, and goes on when it is given the result.
 * What the peer has sent may be no good: then there is no secret, and no valid signature.
 */
export type DtlsJob =
  | { readonly type: 'key-share'; readonly curve: CurveName }
  | { readonly type: 'agree'; readonly share: KeyShare; readonly publicKey: Uint8Array }
  /** With the key of our certificate, ECDSA with SHA-256, in DER. */
  | { readonly type: 'sign'; readonly message: Uint8Array }
  | {
      readonly type: 'verify'
      readonly scheme: SignatureScheme
      /** In DER. */
      readonly certificate: Uint8Array
      readonly message: Uint8Array
      readonly signature: Uint8Array
    }

export type DtlsJobResult =
  | { readonly type: 'key-share'; readonly share: KeyShare }
  | { readonly type: 'agree'; readonly secret: Uint8Array | undefined }
  | { readonly type: 'sign'; readonly signature: Uint8Array }
  | { readonly type: 'verify'; readonly valid: boolean }
