import { type AesGcm, GCM_TAG_BYTES } from '@millrace/media/protocols/srtp/srtp-crypto.ts'
import type { WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts'
import type { Addresses } from './addresses.ts'
import type { Address } from './foreign.ts'
import { check, NONE, type OpenSsl } from './openssl.ts'

const NONCE_BYTES = 12
/** `EVP_CTRL_AEAD_GET_TAG` and `EVP_CTRL_AEAD_SET_TAG` of openssl/evp.h. */
const GET_TAG = 0x10
const SET_TAG = 0x11

/** AES in GCM mode with one key. */
export class NativeGcm implements AesGcm {
  readonly #openssl: OpenSsl
  readonly #addresses: Addresses
  readonly #context: Address

  /** @param key 16 or 32 bytes */
  constructor(key: Uint8Array, openssl: OpenSsl, addresses: Addresses) {
    if (key.length !== 16 && key.length !== 32) throw new RangeError(`a key of ${key.length} bytes`)
    this.#openssl = openssl
    this.#addresses = addresses
    const { aes128Gcm, aes256Gcm } = openssl.functions
    this.#context = openssl.makeContext(this, key.length === 32 ? aes256Gcm() : aes128Gcm(), key)
  }

  sealPacket(nonce: Uint8Array, out: WordMemory, at: number, clearBytes: number, secret: WordMemory, secretBytes: number): void {
    const packet = this.#addresses.of(out.bytes, at, clearBytes + secretBytes + GCM_TAG_BYTES)
    const plaintext = this.#addresses.of(secret.bytes, 0, secretBytes)
    this.#seal(nonce, packet, clearBytes, plaintext, secretBytes, packet + BigInt(clearBytes))
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const { address, bytes } = this.#openssl.work
    const end = aad.length + plaintext.length
    if (end + GCM_TAG_BYTES > bytes.length) throw new RangeError(`a packet of ${end} bytes`)
    bytes.set(aad)
    bytes.set(plaintext, aad.length)
    const secret = address + BigInt(aad.length)
    this.#seal(nonce, address, aad.length, secret, plaintext.length, secret)
    return new Uint8Array(bytes.subarray(aad.length, end + GCM_TAG_BYTES))
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, out: Uint8Array, at: number): boolean {
    const openssl = this.#openssl
    const { initOpen, updateOpen, control, finalOpen } = openssl.functions
    const { address, bytes } = openssl.work
    const secretBytes = sealed.length - GCM_TAG_BYTES
    if (secretBytes < 0 || aad.length + sealed.length > bytes.length) throw new RangeError(`a packet of ${aad.length + sealed.length} bytes`)
    bytes.set(aad)
    bytes.set(sealed, aad.length)
    const secret = address + BigInt(aad.length)
    openssl.setIv(nonce, NONCE_BYTES)
    check(initOpen(this.#context, NONE, NONE, NONE, openssl.iv), 'a nonce')
    if (aad.length > 0) check(updateOpen(this.#context, NONE, openssl.length, address, aad.length), 'a header')
    if (secretBytes > 0) check(updateOpen(this.#context, secret, openssl.length, secret, secretBytes), 'a packet')
    check(control(this.#context, SET_TAG, GCM_TAG_BYTES, secret + BigInt(secretBytes)), 'a tag')
    if (finalOpen(this.#context, openssl.tag, openssl.length) !== 1) return false
    out.set(bytes.subarray(aad.length, aad.length + secretBytes), at)
    return true
  }

  /** The callers have checked the lengths. */
  #seal(nonce: Uint8Array, aad: Address, aadBytes: number, plaintext: Address, byteLength: number, out: Address): void {
    const openssl = this.#openssl
    const { initSeal, updateSeal, control, finalSeal } = openssl.functions
    openssl.setIv(nonce, NONCE_BYTES)
    check(initSeal(this.#context, NONE, NONE, NONE, openssl.iv), 'a nonce')
    if (aadBytes > 0) check(updateSeal(this.#context, NONE, openssl.length, aad, aadBytes), 'a header')
    if (byteLength > 0) check(updateSeal(this.#context, out, openssl.length, plaintext, byteLength), 'a packet')
    check(finalSeal(this.#context, openssl.tag, openssl.length), 'the end of a packet')
    check(control(this.#context, GET_TAG, GCM_TAG_BYTES, out + BigInt(byteLength)), 'to give a tag')
  }
}
