import { type CounterMode, type CounterModeStream, makeCounterMode } from './counter-mode.ts'
import { writeGcmNonce } from './gcm-nonce.ts'
import { HMAC_HEADROOM, makeHmacSha1 } from './hmac-sha1-signer.ts'
import type { SrtpSessionKeys } from './key-derivation.ts'
import { type AesGcm, GCM_TAG_BYTES, type HmacSha1, type SrtpCrypto } from './srtp-crypto.ts'
import type { SrtpProfile } from './srtp-profile.ts'
import type { WordMemory } from './word-memory.ts'

/** Bytes in front of a packet that `SrtpStream.protect` may overwrite. */
export const SRTP_HEADROOM = HMAC_HEADROOM

/** Protects the packets of one SSRC. */
export type SrtpStream = {
  /**
   * Makes an SRTP packet of an RTP packet: RFC 3711 section 3.3, without allocation but for the cipher's own.
   * @param out where the RTP header, with its extensions, lies already; `SRTP_HEADROOM` bytes before it are free
   * @param at where the header begins, a multiple of 4
   * @param headerBytes a multiple of 4
   * @param payload its first byte is the first of this memory
   * @param index the extended sequence number: its low 16 bits are in the header, and it begins below 32768
   * @returns length of the SRTP packet
   */
  protect(out: WordMemory, at: number, headerBytes: number, payload: WordMemory, payloadBytes: number, index: number): number
}

/** What one peer's packets are protected with, one key for all SSRCs. */
export type SrtpSender = { openStream(ssrc: number): SrtpStream }

export const makeSrtpSender = (profile: SrtpProfile, keys: SrtpSessionKeys, crypto: SrtpCrypto): SrtpSender =>
  profile.aead ? new GcmSender(keys, crypto) : new CounterModeSender(keys, profile.tagBytes, crypto)

class CounterModeSender implements SrtpSender {
  readonly #counterMode: CounterMode
  readonly #signer: HmacSha1
  readonly #tagBytes: number

  constructor(keys: SrtpSessionKeys, tagBytes: number, crypto: SrtpCrypto) {
    this.#counterMode = makeCounterMode(keys.encryption, keys.salt, crypto, true)
    this.#signer = makeHmacSha1(keys.authentication, crypto)
    this.#tagBytes = tagBytes
  }

  openStream(ssrc: number): SrtpStream {
    return new CounterModePackets(this.#counterMode(ssrc), this.#signer, this.#tagBytes)
  }
}

class CounterModePackets implements SrtpStream {
  readonly #stream: CounterModeStream
  readonly #signer: HmacSha1
  readonly #tagBytes: number

  constructor(stream: CounterModeStream, signer: HmacSha1, tagBytes: number) {
    this.#stream = stream
    this.#signer = signer
    this.#tagBytes = tagBytes
  }

  protect(out: WordMemory, at: number, headerBytes: number, payload: WordMemory, payloadBytes: number, index: number): number {
    // What is overwritten behind the payload is where the roll-over counter and the tag go.
    this.#stream.crypt(index, payload, 0, payloadBytes, out, at + headerBytes)
    const end = at + headerBytes + payloadBytes
    const rollOver = Math.floor(index / 0x10000)
    const { bytes } = out
    bytes[end] = rollOver >>> 24
    bytes[end + 1] = rollOver >>> 16
    bytes[end + 2] = rollOver >>> 8
    bytes[end + 3] = rollOver
    this.#signer.sign(out, at, end + 4, end, this.#tagBytes)
    return headerBytes + payloadBytes + this.#tagBytes
  }
}

class GcmSender implements SrtpSender {
  readonly #gcm: AesGcm
  readonly #salt: Uint8Array

  constructor(keys: SrtpSessionKeys, crypto: SrtpCrypto) {
    this.#gcm = crypto.aesGcm(keys.encryption)
    this.#salt = keys.salt
  }

  openStream(ssrc: number): SrtpStream {
    return new GcmStream(this.#gcm, this.#salt, ssrc)
  }
}

class GcmStream implements SrtpStream {
  readonly #gcm: AesGcm
  readonly #salt: Uint8Array
  readonly #ssrc: number
  readonly #nonce = new Uint8Array(12)

  constructor(gcm: AesGcm, salt: Uint8Array, ssrc: number) {
    this.#gcm = gcm
    this.#salt = salt
    this.#ssrc = ssrc
  }

  protect(out: WordMemory, at: number, headerBytes: number, payload: WordMemory, payloadBytes: number, index: number): number {
    writeGcmNonce(this.#nonce, this.#salt, this.#ssrc, index)
    this.#gcm.sealPacket(this.#nonce, out, at, headerBytes, payload, payloadBytes)
    return headerBytes + payloadBytes + GCM_TAG_BYTES
  }
}
