import type { CipherSuite } from './cipher-suites.ts'
import { VERIFY_DATA_BYTES } from './dtls-constants.ts'
import type { DtlsCrypto, HashName } from './dtls-crypto.ts'

const MASTER_SECRET_BYTES = 48

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

export const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** The pseudo-random function, RFC 5246 section 5. */
export const prf = (crypto: DtlsCrypto, hash: HashName, secret: Uint8Array, label: string, seed: Uint8Array, byteLength: number): Uint8Array => {
  const hmac = crypto.hmac(hash, secret)
  const labelled = concat([ascii(label), seed])
  const blocks: Uint8Array[] = []
  let a = labelled
  for (let length = 0; length < byteLength; ) {
    a = hmac(a)
    const block = hmac(concat([a, labelled]))
    blocks.push(block)
    length += block.length
  }
  return concat(blocks).subarray(0, byteLength)
}

/** Keys of one direction's records. */
export type RecordKeys = { readonly key: Uint8Array; readonly iv: Uint8Array }

/** All that is derived from one key exchange. */
export class KeySchedule {
  readonly #crypto: DtlsCrypto
  readonly #suite: CipherSuite
  readonly #masterSecret: Uint8Array
  readonly #clientRandom: Uint8Array
  readonly #serverRandom: Uint8Array

  /**
   * With the extended master secret, RFC 7627 section 4: it is bound to all that was said.
   * @param secret of the key exchange
   * @param transcript all messages up to ClientKeyExchange
   */
  constructor(crypto: DtlsCrypto, suite: CipherSuite, secret: Uint8Array, transcript: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array) {
    this.#crypto = crypto
    this.#suite = suite
    this.#clientRandom = clientRandom
    this.#serverRandom = serverRandom
    const sessionHash = crypto.hash(suite.hash, transcript)
    this.#masterSecret = prf(crypto, suite.hash, secret, 'extended master secret', sessionHash, MASTER_SECRET_BYTES)
  }

  /** RFC 5246 section 6.3. */
  recordKeys(): { readonly client: RecordKeys; readonly server: RecordKeys } {
    const { keyBytes, ivBytes } = this.#suite
    const seed = concat([this.#serverRandom, this.#clientRandom])
    const block = prf(this.#crypto, this.#suite.hash, this.#masterSecret, 'key expansion', seed, 2 * (keyBytes + ivBytes))
    const ivs = 2 * keyBytes
    return {
      client: { key: block.subarray(0, keyBytes), iv: block.subarray(ivs, ivs + ivBytes) },
      server: { key: block.subarray(keyBytes, ivs), iv: block.subarray(ivs + ivBytes) },
    }
  }

  /**
   * What a Finished holds, RFC 5246 section 7.4.9.
   * @param transcript all messages before it
   */
  verifyData(label: 'client finished' | 'server finished', transcript: Uint8Array): Uint8Array {
    const { hash } = this.#suite
    return prf(this.#crypto, hash, this.#masterSecret, label, this.#crypto.hash(hash, transcript), VERIFY_DATA_BYTES)
  }

  /** Keying material for SRTP, RFC 5705 section 4 and RFC 5764 section 4.2. */
  exportSrtp(byteLength: number): Uint8Array {
    const seed = concat([this.#clientRandom, this.#serverRandom])
    return prf(this.#crypto, this.#suite.hash, this.#masterSecret, 'EXTRACTOR-dtls_srtp', seed, byteLength)
  }
}
