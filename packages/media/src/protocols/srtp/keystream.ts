import type { AesEcb } from './srtp-crypto.ts'
import { asWords } from './word-memory.ts'

/** Packets for which the key stream is made in one call. */
const BATCH_PACKETS = 16
/** Granularity of the room per packet, in blocks. */
const SLOT_STEP = 8

/**
 * AES in counter mode, RFC 3711 section 4.1.1, for one SSRC. A packet's key stream depends on its index alone, so it is made for the
 * next packets together: a call into OpenSSL costs more than the blocks of a packet.
 */
export class Keystream {
  /** Where `seek` found the key stream. */
  words: Uint32Array = new Uint32Array(0)
  readonly #aesEcb: AesEcb
  readonly #iv: DataView
  #batch: Uint32Array = new Uint32Array(0)
  #batchIndex = 0
  #batchPackets = 0
  #slotBlocks = 0

  /** @param salt 14 bytes */
  constructor(aesEcb: AesEcb, salt: Uint8Array, ssrc: number) {
    this.#aesEcb = aesEcb
    this.#iv = makeIv(salt, ssrc)
  }

  /**
   * Finds the key stream of a packet; it is in `words` until the next call.
   * @param index of the packet: sequence number and roll-over counter, 48 bits
   * @returns position in `words`
   */
  seek(index: number, byteLength: number): number {
    const blocks = (byteLength + 15) >> 4
    const slot = index - this.#batchIndex
    if (slot >= 0 && slot < this.#batchPackets && blocks <= this.#slotBlocks) {
      this.words = this.#batch
      return slot * this.#slotBlocks * 4
    }
    // Sent again: what was made ahead stays good.
    if (slot < 0) return this.seekOne(index, byteLength)
    if (blocks > this.#slotBlocks) {
      this.#slotBlocks = Math.ceil(blocks / SLOT_STEP) * SLOT_STEP
      this.#batch = new Uint32Array(BATCH_PACKETS * this.#slotBlocks * 4)
    }
    this.#batchIndex = index
    this.#batchPackets = BATCH_PACKETS
    const made = this.#make(index, BATCH_PACKETS, this.#slotBlocks)
    this.#batch.set(made)
    free(made)
    this.words = this.#batch
    return 0
  }

  /** As `seek`, for a packet on its own. */
  seekOne(index: number, byteLength: number): number {
    this.words = this.#make(index, 1, (byteLength + 15) >> 4)
    return 0
  }

  /** @returns the key stream, in memory that lives until the next call into the cipher */
  #make(index: number, packets: number, blocks: number): Uint32Array {
    const byteLength = packets * blocks * 16
    if (COUNTERS.byteLength < byteLength) COUNTERS = new DataView(new ArrayBuffer(byteLength))
    const counters = COUNTERS
    const iv = this.#iv
    const word0 = iv.getUint32(0)
    const word1 = iv.getUint32(4)
    for (let packet = 0, at = 0; packet < packets; packet++) {
      const word2 = iv.getUint32(8) ^ Math.floor((index + packet) / 0x10000)
      const word3 = (iv.getUint16(12) ^ ((index + packet) & 0xffff)) << 16
      for (let block = 0; block < blocks; block++, at += 16) {
        counters.setUint32(at, word0)
        counters.setUint32(at + 4, word1)
        counters.setUint32(at + 8, word2)
        counters.setUint32(at + 12, word3 | block)
      }
    }
    return asWords(this.#aesEcb(new Uint8Array(counters.buffer, 0, byteLength)))
  }
}

/** The blocks that are encrypted, for all streams: they are of no use afterwards. */
let COUNTERS = new DataView(new ArrayBuffer(0))

/** Salt and SSRC, to be combined with the index. */
const makeIv = (salt: Uint8Array, ssrc: number): DataView => {
  const iv = new DataView(new ArrayBuffer(16))
  for (const [i, byte] of salt.entries()) iv.setUint8(i, byte)
  iv.setUint32(4, iv.getUint32(4) ^ ssrc)
  return iv
}

/**
 * Frees what a cipher gave. It lies outside of the heap, and as garbage it would bring on a full collection each half second,
 * long before there is other garbage to collect.
 */
const free = (words: Uint32Array): void => {
  if (words.buffer instanceof ArrayBuffer && words.buffer.byteLength === words.byteLength) words.buffer.transfer(0)
}
