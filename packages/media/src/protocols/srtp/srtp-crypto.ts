import type { WordMemory } from './word-memory.ts'

/** The primitives that SRTP needs: the pure folders have no cryptography of their own. */
export type SrtpCrypto = {
  /** AES in ECB mode with one key, of 16 or 32 bytes. */
  aesEcb(key: Uint8Array): AesEcb
  /** SHA-1 as 40 hexadecimal digits: the form in which a short digest leaves OpenSSL at the least cost. */
  sha1Hex(message: Uint8Array): string
  /** AES in GCM mode with one key, of 16 or 32 bytes. */
  aesGcm(key: Uint8Array): AesGcm
  /** Where a call costs next to nothing: without it the key stream is made ahead from `aesEcb`, for many packets in one call. */
  aesCtr?(key: Uint8Array): AesCtr
  /** Where a call costs next to nothing: without it HMAC is made of `sha1Hex`. */
  hmacSha1?(key: Uint8Array): HmacSha1
}

/** Encrypts whole blocks of 16 bytes. The result is new memory, aligned to 4 bytes. */
export type AesEcb = (blocks: Uint8Array) => Uint8Array

export const GCM_TAG_BYTES = 16

export type AesGcm = {
  /**
   * Seals a packet whose clear part lies in `out` from `at` on: the encrypted secret part and the tag of 16 bytes are written behind it.
   * @param secret its first bytes; other memory than `out`
   */
  sealPacket(nonce: Uint8Array, out: WordMemory, at: number, clearBytes: number, secret: WordMemory, secretBytes: number): void
  /** @returns the ciphertext and the tag of 16 bytes */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /**
   * Writes the plaintext of ciphertext and tag to `out` from `at` on. What is there is worth nothing if the tag does not fit.
   * @param sealed at least the tag
   * @returns whether the tag fits
   */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, out: Uint8Array, at: number): boolean
}

/** Encrypts or decrypts `byteLength` bytes of `from` to `to`, with the first counter block `iv`. Up to three bytes behind them may be overwritten. */
export type AesCtr = (iv: Uint8Array, from: WordMemory, fromAt: number, byteLength: number, to: WordMemory, toAt: number) => void

export type HmacSha1 = {
  /**
   * Signs `memory` from `start` to `end` and writes the first `tagBytes` bytes of the result to `at`, which may overwrite what was signed.
   * @param start at least `HMAC_HEADROOM`: what is before it may be overwritten
   */
  sign(memory: WordMemory, start: number, end: number, at: number, tagBytes: number): void
}
