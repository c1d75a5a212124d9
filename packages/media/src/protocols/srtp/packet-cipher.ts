import { writeGcmNonce } from './gcm-nonce.ts'
import { HMAC_HEADROOM, HmacSha1Signer } from './hmac-sha1-signer.ts'
import type { SrtpSessionKeys } from './key-derivation.ts'
import { Keystream } from './keystream.ts'
import { type AesGcm, GCM_TAG_BYTES, type SrtpCrypto } from './srtp-crypto.ts'
import type { SrtpProfile } from './srtp-profile.ts'
import { makeWordMemory } from './word-memory.ts'

/** What identifies a packet to its cipher. */
export type PacketPosition = { readonly ssrc: number; readonly index: number }

/**
 * Seals and opens single packets, plainly: for RTCP, which is rare, and for what comes in. The packets that go out by the thousand take `SrtpSender`.
 * A packet is a clear part, a secret part, and a trailer that is authenticated but not sent here: the roll-over counter or the SRTCP index.
 */
export type PacketCipher = {
  readonly tagBytes: number
  /** @returns the encrypted secret part followed by the tag */
  seal(position: PacketPosition, clear: Uint8Array, secret: Uint8Array, trailer: Uint8Array): Uint8Array
  /** @returns the secret part, undefined if the packet is not authentic */
  open(position: PacketPosition, clear: Uint8Array, sealed: Uint8Array, trailer: Uint8Array): Uint8Array | undefined
}

/** @param purpose the trailer is part of what GCM authenticates for SRTCP only: RFC 7714 section 17 */
export const makePacketCipher = (profile: SrtpProfile, keys: SrtpSessionKeys, crypto: SrtpCrypto, purpose: 'rtp' | 'rtcp'): PacketCipher =>
  profile.aead ? new GcmPacketCipher(keys, crypto, purpose === 'rtcp') : new CounterModePacketCipher(keys, profile.tagBytes, crypto)

class CounterModePacketCipher implements PacketCipher {
  readonly tagBytes: number
  readonly #keys: SrtpSessionKeys
  readonly #aesEcb: ReturnType<SrtpCrypto['aesEcb']>
  readonly #signer: HmacSha1Signer

  constructor(keys: SrtpSessionKeys, tagBytes: number, crypto: SrtpCrypto) {
    this.tagBytes = tagBytes
    this.#keys = keys
    this.#aesEcb = crypto.aesEcb(keys.encryption)
    this.#signer = new HmacSha1Signer(keys.authentication, crypto)
  }

  seal(position: PacketPosition, clear: Uint8Array, secret: Uint8Array, trailer: Uint8Array): Uint8Array {
    const encrypted = this.#xor(position, secret)
    return concat(encrypted, this.#tag(clear, encrypted, trailer))
  }

  open(position: PacketPosition, clear: Uint8Array, sealed: Uint8Array, trailer: Uint8Array): Uint8Array | undefined {
    const encrypted = sealed.subarray(0, sealed.length - this.tagBytes)
    const expected = this.#tag(clear, encrypted, trailer)
    let difference = 0
    for (let i = 0; i < this.tagBytes; i++) difference |= (expected[i] as number) ^ (sealed[encrypted.length + i] as number)
    return difference === 0 ? this.#xor(position, encrypted) : undefined
  }

  #xor({ ssrc, index }: PacketPosition, bytes: Uint8Array): Uint8Array {
    const keystream = new Keystream(this.#aesEcb, this.#keys.salt, ssrc)
    const at = keystream.seekOne(index, bytes.length) * 4
    const key = new Uint8Array(keystream.words.buffer, keystream.words.byteOffset + at)
    return bytes.map((byte, i) => byte ^ (key[i] as number))
  }

  #tag(clear: Uint8Array, encrypted: Uint8Array, trailer: Uint8Array): Uint8Array {
    const end = HMAC_HEADROOM + clear.length + encrypted.length + trailer.length
    const memory = makeWordMemory(end + this.tagBytes)
    memory.bytes.set(clear, HMAC_HEADROOM)
    memory.bytes.set(encrypted, HMAC_HEADROOM + clear.length)
    memory.bytes.set(trailer, end - trailer.length)
    this.#signer.sign(memory, HMAC_HEADROOM, end, end, this.tagBytes)
    return memory.bytes.subarray(end, end + this.tagBytes)
  }
}

class GcmPacketCipher implements PacketCipher {
  readonly tagBytes = GCM_TAG_BYTES
  readonly #gcm: AesGcm
  readonly #salt: Uint8Array
  readonly #trailerCounts: boolean

  constructor(keys: SrtpSessionKeys, crypto: SrtpCrypto, trailerCounts: boolean) {
    this.#gcm = crypto.aesGcm(keys.encryption)
    this.#salt = keys.salt
    this.#trailerCounts = trailerCounts
  }

  seal(position: PacketPosition, clear: Uint8Array, secret: Uint8Array, trailer: Uint8Array): Uint8Array {
    const out = new Uint8Array(secret.length + GCM_TAG_BYTES)
    this.#gcm.seal(this.#nonce(position), this.#aad(clear, trailer), secret, out, 0)
    return out
  }

  open(position: PacketPosition, clear: Uint8Array, sealed: Uint8Array, trailer: Uint8Array): Uint8Array | undefined {
    return this.#gcm.open(this.#nonce(position), this.#aad(clear, trailer), sealed)
  }

  #nonce({ ssrc, index }: PacketPosition): Uint8Array {
    const nonce = new Uint8Array(12)
    writeGcmNonce(nonce, this.#salt, ssrc, index)
    return nonce
  }

  #aad(clear: Uint8Array, trailer: Uint8Array): Uint8Array {
    return this.#trailerCounts ? concat(clear, trailer) : clear
  }
}

const concat = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
