/** The primitives that SRTP needs: the pure folders have no cryptography of their own. */
export type SrtpCrypto = {
  /** AES in ECB mode with one key, of 16 or 32 bytes. */
  aesEcb(key: Uint8Array): AesEcb
  /** SHA-1 as 40 hexadecimal digits: the form in which a short digest leaves OpenSSL at the least cost. */
  sha1Hex(message: Uint8Array): string
  /** AES in GCM mode with one key, of 16 or 32 bytes. */
  aesGcm(key: Uint8Array): AesGcm
}

/** Encrypts whole blocks of 16 bytes. The result is new memory, aligned to 4 bytes. */
export type AesEcb = (blocks: Uint8Array) => Uint8Array

export const GCM_TAG_BYTES = 16

export type AesGcm = {
  /** Writes the ciphertext and the tag of 16 bytes to `out` from `at` on. `plaintext` may lie in `out`. */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, out: Uint8Array, at: number): void
  /** @returns the plaintext, undefined if the tag does not fit */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
}
