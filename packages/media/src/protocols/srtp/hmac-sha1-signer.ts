import { SHA1_INITIAL_STATE, sha1Compress } from './sha1-block.ts'
import type { HmacSha1, SrtpCrypto } from './srtp-crypto.ts'
import type { WordMemory } from './word-memory.ts'

/** Bytes in front of a message that the signer overwrites. */
export const HMAC_HEADROOM = 64

const OUTER_BLOCK = new Int32Array(16)
const OUTER_STATE = new Int32Array(5)

/** @param key at most 64 bytes */
export const makeHmacSha1 = (key: Uint8Array, crypto: SrtpCrypto): HmacSha1 => crypto.hmacSha1?.(key) ?? new HmacSha1Signer(key, crypto)

/**
 * HMAC-SHA1 (RFC 2104) over messages that lie in memory with room in front of them. The padded key is put there, so that the inner
 * hash is one call without a copy of the message; the outer hash is one block, which is cheaper here than as a second call.
 */
export class HmacSha1Signer implements HmacSha1 {
  readonly #sha1Hex: SrtpCrypto['sha1Hex']
  readonly #innerKey: Uint8Array
  /** SHA-1's state after the outer padded key. */
  readonly #outerState: Int32Array

  /** @param key at most 64 bytes */
  constructor(key: Uint8Array, crypto: SrtpCrypto) {
    this.#sha1Hex = crypto.sha1Hex
    this.#innerKey = new Uint8Array(HMAC_HEADROOM).fill(0x36)
    const outer = new Uint8Array(HMAC_HEADROOM).fill(0x5c)
    for (const [i, byte] of key.entries()) {
      this.#innerKey[i] = 0x36 ^ byte
      outer[i] = 0x5c ^ byte
    }
    const view = new DataView(outer.buffer)
    this.#outerState = Int32Array.from(SHA1_INITIAL_STATE, (word) => word | 0)
    sha1Compress(
      this.#outerState,
      Int32Array.from({ length: 16 }, (_, i) => view.getInt32(i * 4)),
    )
  }

  sign(memory: WordMemory, start: number, end: number, at: number, tagBytes: number): void {
    const { bytes } = memory
    bytes.set(this.#innerKey, start - HMAC_HEADROOM)
    const inner = this.#sha1Hex(bytes.subarray(start - HMAC_HEADROOM, end))
    for (let i = 0; i < 5; i++) OUTER_BLOCK[i] = hexWord(inner, i * 8)
    OUTER_BLOCK[5] = 0x80000000 | 0
    OUTER_BLOCK[15] = (HMAC_HEADROOM + 20) * 8
    OUTER_STATE.set(this.#outerState)
    sha1Compress(OUTER_STATE, OUTER_BLOCK)
    for (let i = 0; i < tagBytes; i++) bytes[at + i] = (OUTER_STATE[i >> 2] as number) >>> (24 - (i & 3) * 8)
  }
}

/** Value of 8 lower-case hexadecimal digits. */
const hexWord = (text: string, at: number): number => {
  let word = 0
  for (let i = at; i < at + 8; i++) {
    const c = text.charCodeAt(i)
    word = (word << 4) | (c > 57 ? c - 87 : c - 48)
  }
  return word
}
