import type { SrtpProfile } from '../srtp/srtp-profile.ts'
import type { Signed } from './certificate-messages.ts'
import type { CipherSuite } from './cipher-suites.ts'
import type { Curve } from './curves.ts'
import { ALERT, HANDSHAKE_TYPE } from './dtls-constants.ts'
import type { DtlsCrypto, DtlsJob, DtlsJobResult, KeyShare } from './dtls-crypto.ts'
import { DtlsError } from './dtls-error.ts'
import type { FlightItem } from './flight.ts'
import { encodeFragment, type HandshakeMessage } from './handshake-message.ts'
import { concat, KeySchedule } from './key-schedule.ts'
import type { DtlsRole, Epoch, RecordLayer } from './record-layer.ts'
import { findSignatureScheme } from './signature-schemes.ts'
import type { DtlsSrtpKeys } from './srtp-keys.ts'

/** What a side brings to a handshake. */
export type DtlsOptions = {
  readonly crypto: DtlsCrypto
  /** Our own, ECDSA P-256, in DER. */
  readonly certificate: Uint8Array
  /** Whether the peer's certificate, in DER, is the one that was announced by its fingerprint. */
  readonly acceptsCertificate: (certificate: Uint8Array) => boolean
  /** In our order of preference; a server's counts. */
  readonly srtpProfiles: readonly SrtpProfile[]
}

/** What a handshake waits for: the peer's next message, or the result of a job. What was said before goes out first. */
export type HandshakeStep = { readonly type: 'receive' } | { readonly type: 'job'; readonly job: DtlsJob }
/** A handshake as a sequence of steps; its end are the keys. */
export type Handshake<Result = DtlsSrtpKeys> = Generator<HandshakeStep, Result, HandshakeMessage | DtlsJobResult>

/** What both sides of a handshake do. */
export class HandshakeTalk {
  readonly options: DtlsOptions
  readonly role: DtlsRole
  /** Said, and not sent yet. */
  unsent: FlightItem[] = []
  readonly #records: RecordLayer
  #transcript: Uint8Array[] = []
  #nextSequence = 0
  #epoch: Epoch = 0

  constructor(role: DtlsRole, options: DtlsOptions, records: RecordLayer) {
    this.role = role
    this.options = options
    this.#records = records
  }

  /** All messages so far, of both sides, RFC 6347 section 4.2.6. */
  get transcript(): Uint8Array {
    return concat(this.#transcript)
  }

  /** All messages but the newest. */
  get transcriptBefore(): Uint8Array {
    return concat(this.#transcript.slice(0, -1))
  }

  /** Of what we send. */
  get epoch(): Epoch {
    return this.#epoch
  }

  /** The hello is said anew, with a cookie: what was before does not count, RFC 6347 section 4.2.1. */
  forget(): void {
    this.#transcript = []
  }

  say(type: number, body: Uint8Array): void {
    const message = { type, sequence: this.#nextSequence++, body }
    this.#transcript.push(encodeFragment(message))
    this.unsent.push({ epoch: this.#epoch, message })
  }

  /** ChangeCipherSpec: what is said from now on is protected. */
  protect(): void {
    this.unsent.push({ epoch: this.#epoch, message: 'change-cipher-spec' })
    this.#epoch = 1
  }

  setKeys(suite: CipherSuite, schedule: KeySchedule): void {
    this.#records.setKeys(this.options.crypto, suite, schedule, this.role)
  }

  /**
   * The peer's next message.
   * @param types one of which it has to be of
   * @throws DtlsError `dtls/unexpected`
   */
  *receive(...types: readonly number[]): Handshake<HandshakeMessage> {
    const message = yield { type: 'receive' }
    if (!('body' in message)) throw new Error(`the result of ${message.type}, but a message was waited for`)
    if (!types.includes(message.type)) {
      const expected = types.map(nameOf).join(' or ')
      throw new DtlsError('unexpected', ALERT.UNEXPECTED_MESSAGE, `the peer sends ${nameOf(message.type)} where ${expected} belongs`)
    }
    this.#transcript.push(encodeFragment(message))
    return message
  }

  /** Has a job done. */
  *run<Type extends DtlsJob['type']>(job: DtlsJob & { readonly type: Type }): Handshake<DtlsJobResult & { readonly type: Type }> {
    const result = yield { type: 'job', job }
    if (!isResultOf(job.type, result)) throw new Error(`the result of ${result.type}, but one of ${job.type} was waited for`)
    return result
  }

  /**
   * Verifies a signature of the peer's.
   * @throws DtlsError `dtls/signature`
   */
  *verify(certificate: Uint8Array, { scheme: id, signature }: Signed, message: Uint8Array): Handshake<void> {
    const scheme = findSignatureScheme(id)
    if (!scheme) throw new DtlsError('signature', ALERT.ILLEGAL_PARAMETER, `the peer signs with scheme ${id}, which was not offered`)
    const { valid } = yield* this.run({ type: 'verify', scheme, certificate, message, signature })
    if (!valid) throw new DtlsError('signature', ALERT.DECRYPT_ERROR, "the peer does not prove that it has its certificate's key")
  }

  /**
   * Both halves of the key exchange, and all that was said before: the last was ClientKeyExchange.
   * @throws DtlsError `dtls/key-exchange`
   */
  *agree(suite: CipherSuite, share: KeyShare, curve: Curve, publicKey: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): Handshake<KeySchedule> {
    const transcript = this.transcript
    const { secret } = publicKey.length === curve.publicKeyBytes ? yield* this.run({ type: 'agree', share, publicKey }) : { secret: undefined }
    if (!secret) throw new DtlsError('key-exchange', ALERT.ILLEGAL_PARAMETER, `the peer's public key is no point of ${curve.name}`)
    return new KeySchedule(this.options.crypto, suite, secret, transcript, clientRandom, serverRandom)
  }

  /** @throws DtlsError `dtls/fingerprint` */
  checkCertificate(certificate: Uint8Array): void {
    if (this.options.acceptsCertificate(certificate)) return
    throw new DtlsError('fingerprint', ALERT.BAD_CERTIFICATE, "the peer's certificate is not the one whose fingerprint was announced")
  }

  /**
   * The peer's Finished, and with it the proof that nobody changed what was said.
   * @throws DtlsError `dtls/finished`
   */
  *receiveFinished(schedule: KeySchedule): Handshake<void> {
    const { body } = yield* this.receive(HANDSHAKE_TYPE.FINISHED)
    const label = this.role === 'server' ? 'client finished' : 'server finished'
    if (this.options.crypto.isEqual(body, schedule.verifyData(label, this.transcriptBefore))) return
    throw new DtlsError('finished', ALERT.DECRYPT_ERROR, "the peer's Finished does not fit the handshake")
  }

  sayFinished(schedule: KeySchedule): void {
    this.protect()
    this.say(HANDSHAKE_TYPE.FINISHED, schedule.verifyData(this.role === 'server' ? 'server finished' : 'client finished', this.transcript))
  }
}

const isResultOf = <Type extends DtlsJob['type']>(type: Type, result: HandshakeMessage | DtlsJobResult): result is DtlsJobResult & { readonly type: Type } =>
  result.type === type

const nameOf = (type: number): string => Object.entries(HANDSHAKE_TYPE).find(([, value]) => value === type)?.[0] ?? `message ${type}`
