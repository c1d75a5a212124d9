import type { HmacSha1 } from '@millrace/media/protocols/srtp/srtp-crypto.ts'
import type { WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts'
import type { Addresses } from './addresses.ts'
import type { Address } from './foreign.ts'
import { check, NONE, type OpenSsl, SHA1_BYTES } from './openssl.ts'

const BLOCK_BYTES = 16
const KEY_BYTES = 16

/** AES-128 in counter mode with one key. Encryption and decryption are the same. */
export class NativeCtr {
  readonly #openssl: OpenSsl
  readonly #addresses: Addresses
  readonly #context: Address

  constructor(key: Uint8Array, openssl: OpenSsl, addresses: Addresses) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a key of ${key.length} bytes`)
    this.#openssl = openssl
    this.#addresses = addresses
    this.#context = openssl.makeContext(this, openssl.functions.aes128Ctr(), key)
  }

  crypt(counter: Uint8Array, from: WordMemory, fromAt: number, byteLength: number, to: WordMemory, toAt: number): void {
    const openssl = this.#openssl
    const { initSeal, updateSeal } = openssl.functions
    const read = this.#addresses.of(from.bytes, fromAt, byteLength)
    const write = this.#addresses.of(to.bytes, toAt, byteLength)
    openssl.setIv(counter, BLOCK_BYTES)
    check(initSeal(this.#context, NONE, NONE, NONE, openssl.iv), 'a counter block')
    if (byteLength > 0) check(updateSeal(this.#context, write, openssl.length, read, byteLength), 'a packet')
  }
}

/** HMAC-SHA1 with one key. */
export class NativeHmac implements HmacSha1 {
  readonly #openssl: OpenSsl
  readonly #addresses: Addresses
  readonly #context: Address

  /** @param key at most 64 bytes */
  constructor(key: Uint8Array, openssl: OpenSsl, addresses: Addresses) {
    this.#openssl = openssl
    this.#addresses = addresses
    this.#context = openssl.makeHmac(this, key)
  }

  sign(memory: WordMemory, start: number, end: number, at: number, tagBytes: number): void {
    const openssl = this.#openssl
    const { initHmac, updateHmac, finalHmac } = openssl.functions
    if (!(at >= 0 && tagBytes <= SHA1_BYTES && at + tagBytes <= memory.bytes.length)) throw new RangeError(`a tag of ${tagBytes} bytes at ${at}`)
    const message = this.#addresses.of(memory.bytes, start, end - start)
    check(initHmac(this.#context, NONE, 0, NONE, NONE), 'to begin')
    check(updateHmac(this.#context, message, BigInt(end - start)), 'a message')
    check(finalHmac(this.#context, openssl.tag, openssl.length), 'to sign')
    openssl.copyTag(memory.bytes, at, tagBytes)
  }
}
