import { type AesGcm, GCM_TAG_BYTES } from '@millrace/media/protocols/srtp/srtp-crypto.ts'
import type { WordMemory } from '@millrace/media/protocols/srtp/word-memory.ts'
import type { Addresses } from './addresses.ts'
import type { Address } from './foreign.ts'
import { check, NONE, type OpenSsl } from './openssl.ts'

const NONCE_BYTES = 12
/** `EVP_CTRL_AEAD_SET_TAG` of openssl/evp.h. */
const SET_TAG = 0x11

/** Seals from address to address; the callers have checked the lengths. The tag is at `OpenSsl.tag` then. */
type Seal = (context: Address, nonce: Uint8Array, aad: Address, aadBytes: number, plaintext: Address, byteLength: number, out: Address) => void

/** One function with everything constant that it calls: so V8 makes plain calls into C of it, which halves what they cost. */
const makeSeal = (openssl: OpenSsl): Seal => {
  const { initSeal, updateSeal, finalSeal, getParams } = openssl.functions
  const { iv, length, tag, tagParams } = openssl
  return (context, nonce, aad, aadBytes, plaintext, byteLength, out) => {
    openssl.setIv(nonce, NONCE_BYTES)
    check(initSeal(context, NONE, NONE, NONE, iv), 'a nonce')
    if (aadBytes > 0) check(updateSeal(context, NONE, length, aad, aadBytes), 'a header')
    if (byteLength > 0) check(updateSeal(context, out, length, plaintext, byteLength), 'a packet')
    check(finalSeal(context, tag, length), 'the end of a packet')
    check(getParams(context, tagParams), 'to give a tag')
  }
}

/** @returns what makes AES in GCM mode of a key of 16 or 32 bytes */
export const nativeGcm = (openssl: OpenSsl, addresses: Addresses): ((key: Uint8Array) => AesGcm) => {
  const seal = makeSeal(openssl)
  return (key) => new NativeGcm(key, openssl, addresses, seal)
}

class NativeGcm implements AesGcm {
  readonly #openssl: OpenSsl
  readonly #addresses: Addresses
  readonly #seal: Seal
  readonly #context: Address

  constructor(key: Uint8Array, openssl: OpenSsl, addresses: Addresses, seal: Seal) {
    if (key.length !== 16 && key.length !== 32) throw new RangeError(`a key of ${key.length} bytes`)
    this.#openssl = openssl
    this.#addresses = addresses
    this.#seal = seal
    const { aes128Gcm, aes256Gcm } = openssl.functions
    this.#context = openssl.makeContext(this, key.length === 32 ? aes256Gcm() : aes128Gcm(), key)
  }

  sealPacket(nonce: Uint8Array, out: WordMemory, at: number, clearBytes: number, secret: WordMemory, secretBytes: number): void {
    const packet = this.#addresses.of(out.bytes, at, clearBytes + secretBytes + GCM_TAG_BYTES)
    const plaintext = this.#addresses.of(secret.bytes, 0, secretBytes)
    this.#seal(this.#context, nonce, packet, clearBytes, plaintext, secretBytes, packet + BigInt(clearBytes))
    this.#openssl.copyTag(out.bytes, at + clearBytes + secretBytes, GCM_TAG_BYTES)
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const { address, bytes } = this.#openssl.work
    const end = aad.length + plaintext.length
    if (end + GCM_TAG_BYTES > bytes.length) throw new RangeError(`a packet of ${end} bytes`)
    bytes.set(aad)
    bytes.set(plaintext, aad.length)
    const secret = address + BigInt(aad.length)
    this.#seal(this.#context, nonce, address, aad.length, secret, plaintext.length, secret)
    this.#openssl.copyTag(bytes, end, GCM_TAG_BYTES)
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
}
