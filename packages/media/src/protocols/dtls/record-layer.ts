import { ReplayWindow } from '../srtp/replay-window.ts'
import type { CipherSuite } from './cipher-suites.ts'
import { DTLS_1_2 } from './dtls-constants.ts'
import type { DtlsCrypto } from './dtls-crypto.ts'
import type { KeySchedule } from './key-schedule.ts'
import { type DtlsRecord, encodeRecord } from './record.ts'
import { RecordCipher } from './record-cipher.ts'

/** In the clear, and with the keys of the handshake: there is no other handshake, hence no third epoch. */
export type Epoch = 0 | 1

/** A side of a connection. */
export type DtlsRole = 'server' | 'client'

/** Numbers, protects and opens records. */
export class RecordLayer {
  readonly #sequences: [number, number] = [0, 0]
  #sealer: RecordCipher | undefined
  #opener: RecordCipher | undefined
  #replays: ReplayWindow | undefined

  /** Whether protected records can be read. */
  get hasKeys(): boolean {
    return this.#opener !== undefined
  }

  setKeys(crypto: DtlsCrypto, suite: CipherSuite, schedule: KeySchedule, role: DtlsRole): void {
    const { client, server } = schedule.recordKeys()
    this.#sealer = new RecordCipher(crypto, suite, role === 'client' ? client : server)
    this.#opener = new RecordCipher(crypto, suite, role === 'client' ? server : client)
    this.#replays = new ReplayWindow()
  }

  encode(type: number, epoch: Epoch, body: Uint8Array, version: number = DTLS_1_2): Uint8Array {
    const record = { type, version, epoch, sequence: this.#sequences[epoch]++, body }
    if (epoch === 0) return encodeRecord(record)
    if (!this.#sealer) throw new Error('there are no keys to protect a record with')
    return encodeRecord(this.#sealer.seal(record))
  }

  /**
   * Opens a record of epoch 1, RFC 6347 section 4.1.2.6.
   * @returns undefined if it is not authentic, or was there before
   */
  open(record: DtlsRecord): Uint8Array | undefined {
    if (!this.#opener || !this.#replays?.isNew(record.sequence)) return undefined
    const body = this.#opener.open(record)
    if (body) this.#replays.accept(record.sequence)
    return body
  }
}
