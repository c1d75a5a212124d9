import { type CounterMode, type CounterModeStream, makeCounterMode } from './counter-mode.ts'
import { writeGcmNonce } from './gcm-nonce.ts'
import { HMAC_HEADROOM, makeHmacSha1 } from './hmac-sha1-signer.ts'
import type { SrtpSessionKeys } from './key-derivation.ts'
import { type AesGcm, GCM_TAG_BYTES, type HmacSha1, type SrtpCrypto } from './srtp-crypto.ts'
import type { SrtpProfile } from './srtp-profile.ts'
import { makeWordMemory } from './word-memory.ts'

/** What identifies a packet to its cipher. */
export type PacketPosition = { readonly ssrc: number; readonly index: number }

/** SSRCs whose streams are kept: as many as a receiver tells apart. */
const MAX_STREAMS = 32

/**
 * Seals single packets, which is for RTCP, and opens what comes in. The packets that go out by the thousand take `SrtpSender`.
 * A packet is a clear part, a secret part, and a trailer that is authenticated but not sent here: the roll-over counter or the SRTCP index.
 */
export type PacketCipher = {
  readonly tagBytes: number
  /** @returns the encrypted secret part followed by the tag */
  seal(position: PacketPosition, clear: Uint8Array, secret: Uint8Array, trailer: Uint8Array): Uint8Array
  /** @returns clear and secret part, undefined if the packet is not authentic */
  open(position: PacketPosition, clear: Uint8Array, sealed: Uint8Array, trailer: Uint8Array): Uint8Array | undefined
}

/** @param purpose the trailer is part of what GCM authenticates for SRTCP only: RFC 7714 section 17 */
export const makePacketCipher = (profile: SrtpProfile, keys: SrtpSessionKeys, crypto: SrtpCrypto, purpose: 'rtp' | 'rtcp'): PacketCipher =>
  profile.aead ? new GcmPacketCipher(keys, crypto, purpose === 'rtcp') : new CounterModePacketCipher(keys, profile.tagBytes, crypto, purpose === 'rtp')

class CounterModePacketCipher implements PacketCipher {
  readonly tagBytes: number
  readonly #counterMode: CounterMode
  readonly #streams = new Map<number, CounterModeStream>()
  readonly #signer: HmacSha1

  constructor(keys: SrtpSessionKeys, tagBytes: number, crypto: SrtpCrypto, isStream: boolean) {
    this.tagBytes = tagBytes
    this.#counterMode = makeCounterMode(keys.encryption, keys.salt, crypto, isStream)
    this.#signer = makeHmacSha1(keys.authentication, crypto)
  }

  seal({ ssrc, index }: PacketPosition, clear: Uint8Array, secret: Uint8Array, trailer: Uint8Array): Uint8Array {
    const { at, end } = this.#lay(clear, secret, trailer)
    this.#stream(ssrc).crypt(index, SCRATCH, at, secret.length, SCRATCH, at)
    // The words of the key stream may have reached into the trailer.
    SCRATCH.bytes.set(trailer, end)
    this.#sign(end, trailer)
    return new Uint8Array(SCRATCH.bytes.subarray(at, end + this.tagBytes))
  }

  open({ ssrc, index }: PacketPosition, clear: Uint8Array, sealed: Uint8Array, trailer: Uint8Array): Uint8Array | undefined {
    const secretBytes = sealed.length - this.tagBytes
    const { at, end } = this.#lay(clear, sealed.subarray(0, secretBytes), trailer)
    this.#sign(end, trailer)
    const { bytes } = SCRATCH
    let difference = 0
    for (let i = 0; i < this.tagBytes; i++) difference |= (bytes[end + i] as number) ^ (sealed[secretBytes + i] as number)
    if (difference !== 0) return undefined
    this.#stream(ssrc).crypt(index, SCRATCH, at, secretBytes, SCRATCH, at)
    return new Uint8Array(bytes.subarray(HMAC_HEADROOM, end))
  }

  /** Only for what we send, or what proved authentic: others cannot make us keep any. */
  #stream(ssrc: number): CounterModeStream {
    const known = this.#streams.get(ssrc)
    if (known) return known
    const stream = this.#counterMode(ssrc)
    if (this.#streams.size < MAX_STREAMS) this.#streams.set(ssrc, stream)
    return stream
  }

  /**
   * Puts the parts one behind the other into `SCRATCH`, from `HMAC_HEADROOM` on.
   * @returns where the secret part begins, and where it ends
   */
  #lay(clear: Uint8Array, secret: Uint8Array, trailer: Uint8Array): { readonly at: number; readonly end: number } {
    const at = HMAC_HEADROOM + clear.length
    const end = at + secret.length
    if (SCRATCH.bytes.length < end + TRAILER_AND_TAG_BYTES) SCRATCH = makeWordMemory(end + TRAILER_AND_TAG_BYTES)
    const { bytes } = SCRATCH
    bytes.set(clear, HMAC_HEADROOM)
    bytes.set(secret, at)
    bytes.set(trailer, end)
    return { at, end }
  }

  /** Puts the tag in place of the trailer. */
  #sign(end: number, trailer: Uint8Array): void {
    this.#signer.sign(SCRATCH, HMAC_HEADROOM, end + trailer.length, end, this.tagBytes)
  }
}

const TRAILER_AND_TAG_BYTES = 32
const COMMON_PACKET_BYTES = 2048

/** One packet is worked on at a time, so all share the memory for it. Header and extension are whole words long, so the secret part begins at a word. */
let SCRATCH = makeWordMemory(HMAC_HEADROOM + COMMON_PACKET_BYTES)

class GcmPacketCipher implements PacketCipher {
  readonly tagBytes = GCM_TAG_BYTES
  readonly #gcm: AesGcm
  readonly #salt: Uint8Array
  readonly #trailerCounts: boolean
  readonly #nonce = new Uint8Array(12)

  constructor(keys: SrtpSessionKeys, crypto: SrtpCrypto, trailerCounts: boolean) {
    this.#gcm = crypto.aesGcm(keys.encryption)
    this.#salt = keys.salt
    this.#trailerCounts = trailerCounts
  }

  seal({ ssrc, index }: PacketPosition, clear: Uint8Array, secret: Uint8Array, trailer: Uint8Array): Uint8Array {
    writeGcmNonce(this.#nonce, this.#salt, ssrc, index)
    return this.#gcm.seal(this.#nonce, this.#aad(clear, trailer), secret)
  }

  open({ ssrc, index }: PacketPosition, clear: Uint8Array, sealed: Uint8Array, trailer: Uint8Array): Uint8Array | undefined {
    writeGcmNonce(this.#nonce, this.#salt, ssrc, index)
    const out = new Uint8Array(clear.length + sealed.length - GCM_TAG_BYTES)
    if (!this.#gcm.open(this.#nonce, this.#aad(clear, trailer), sealed, out, clear.length)) return undefined
    out.set(clear)
    return out
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
