import type { CipherSuite } from './cipher-suites.ts'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Aead, type DtlsCrypto } from './dtls-crypto.ts'
import type { RecordKeys } from './key-schedule.ts'
import type { DtlsRecord } from './record.ts'

/** Protects the records of one direction, or opens them. */
export class RecordCipher {
  readonly #aead: Aead
  readonly #iv: Uint8Array
  /** GCM: the part of the nonce that each record carries, RFC 5288 section 3. ChaCha20: none, RFC 7905 section 2. */
  readonly #explicitBytes: number

  constructor(crypto: DtlsCrypto, suite: CipherSuite, { key, iv }: RecordKeys) {
    this.#aead = crypto.aead(suite.aead, key)
    this.#iv = iv
    this.#explicitBytes = AEAD_NONCE_BYTES - suite.ivBytes
  }

  /** The record with its body protected. */
  seal(record: DtlsRecord): DtlsRecord {
    const counter = counterOf(record)
    const explicit = counter.subarray(0, this.#explicitBytes)
    const sealed = this.#aead.seal(this.#nonce(counter, explicit), additionalData(counter, record, record.body.length), record.body)
    const body = new Uint8Array(explicit.length + sealed.length)
    body.set(explicit)
    body.set(sealed, explicit.length)
    return { ...record, body }
  }

  /** @returns the plaintext, undefined if the record is not authentic */
  open(record: DtlsRecord): Uint8Array | undefined {
    const { body } = record
    const length = body.length - this.#explicitBytes - AEAD_TAG_BYTES
    if (length < 0) return undefined
    const counter = counterOf(record)
    const nonce = this.#nonce(counter, body.subarray(0, this.#explicitBytes))
    return this.#aead.open(nonce, additionalData(counter, record, length), body.subarray(this.#explicitBytes))
  }

  #nonce(counter: Uint8Array, explicit: Uint8Array): Uint8Array {
    const nonce = new Uint8Array(AEAD_NONCE_BYTES)
    nonce.set(this.#iv)
    if (this.#explicitBytes > 0) nonce.set(explicit, this.#iv.length)
    else for (let i = 0; i < 8; i++) nonce[4 + i] = (nonce[4 + i] as number) ^ (counter[i] as number)
    return nonce
  }
}

/** Epoch and sequence number, as one number of 64 bits. */
const counterOf = ({ epoch, sequence }: DtlsRecord): Uint8Array => {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, epoch)
  view.setUint16(2, Math.floor(sequence / 2 ** 32))
  view.setUint32(4, sequence % 2 ** 32)
  return bytes
}

/** RFC 5246 section 6.2.3.3, with the counter of RFC 6347 section 4.1.2.1. */
const additionalData = (counter: Uint8Array, { type, version }: DtlsRecord, length: number): Uint8Array => {
  const bytes = new Uint8Array(13)
  bytes.set(counter)
  bytes.set([type, version >> 8, version & 0xff, length >> 8, length & 0xff], 8)
  return bytes
}
