import { Keystream } from './keystream.ts'
import type { SrtpCrypto } from './srtp-crypto.ts'
import type { WordMemory } from './word-memory.ts'

/** AES in counter mode, RFC 3711 section 4.1.1, with one key: opens the streams of its SSRCs. */
export type CounterMode = (ssrc: number) => CounterModeStream

export type CounterModeStream = {
  /**
   * Encrypts or decrypts the payload of a packet. Up to three bytes behind what is written may be overwritten.
   * @param fromAt a multiple of 4
   * @param toAt a multiple of 4
   */
  crypt(index: number, from: WordMemory, fromAt: number, byteLength: number, to: WordMemory, toAt: number): void
}

/**
 * @param salt 14 bytes
 * @param isStream the packets of an SSRC follow each other, so that it is worth while to make the key stream of the next ones ahead
 */
export const makeCounterMode = (key: Uint8Array, salt: Uint8Array, crypto: SrtpCrypto, isStream: boolean): CounterMode => {
  if (crypto.aesCtr) {
    const aesCtr = crypto.aesCtr(key)
    return (ssrc) => {
      const iv = new PacketIv(salt, ssrc)
      return { crypt: (index, from, fromAt, byteLength, to, toAt) => aesCtr(iv.of(index), from, fromAt, byteLength, to, toAt) }
    }
  }
  const aesEcb = crypto.aesEcb(key)
  return (ssrc) => new MadeAheadStream(new Keystream(aesEcb, salt, ssrc), isStream)
}

class MadeAheadStream implements CounterModeStream {
  readonly #keystream: Keystream
  readonly #isStream: boolean

  constructor(keystream: Keystream, isStream: boolean) {
    this.#keystream = keystream
    this.#isStream = isStream
  }

  crypt(index: number, from: WordMemory, fromAt: number, byteLength: number, to: WordMemory, toAt: number): void {
    const keystream = this.#keystream
    const keyAt = this.#isStream ? keystream.seek(index, byteLength) : keystream.seekOne(index, byteLength)
    const key = keystream.words
    const read = from.words
    const write = to.words
    const readAt = fromAt >> 2
    const writeAt = toAt >> 2
    const words = (byteLength + 3) >> 2
    for (let i = 0; i < words; i++) write[writeAt + i] = (read[readAt + i] as number) ^ (key[keyAt + i] as number)
  }
}

/** The first counter block of a packet: salt, SSRC and index. */
class PacketIv {
  readonly #bytes = new Uint8Array(16)
  readonly #view = new DataView(this.#bytes.buffer)
  /** Salt and SSRC alone where the index is combined with them. */
  readonly #high: number
  readonly #low: number

  constructor(salt: Uint8Array, ssrc: number) {
    this.#bytes.set(salt)
    const view = this.#view
    view.setUint32(4, view.getUint32(4) ^ ssrc)
    this.#high = view.getUint32(8)
    this.#low = view.getUint16(12)
  }

  of(index: number): Uint8Array {
    this.#view.setUint32(8, this.#high ^ Math.floor(index / 0x10000))
    this.#view.setUint16(12, this.#low ^ (index & 0xffff))
    return this.#bytes
  }
}
