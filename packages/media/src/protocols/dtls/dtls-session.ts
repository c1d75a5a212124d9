import { ProtocolError } from '../../bytes/protocol-error.ts'
import { alertName } from './alert-names.ts'
import { clientHandshake } from './client-handshake.ts'
import { ALERT, ALERT_LEVEL, CONTENT_TYPE, HANDSHAKE_TYPE } from './dtls-constants.ts'
import type { DtlsJob, DtlsJobResult } from './dtls-crypto.ts'
import { DtlsError } from './dtls-error.ts'
import { encodeFlight, type FlightItem } from './flight.ts'
import { decodeFragments, type HandshakeFragment, type HandshakeMessage } from './handshake-message.ts'
import { type DtlsOptions, type Handshake, HandshakeTalk } from './handshake-talk.ts'
import { Reassembly } from './reassembly.ts'
import { type DtlsRecord, decodeAlert, decodeRecords, encodeAlert } from './record.ts'
import { type DtlsRole, RecordLayer } from './record-layer.ts'
import { serverHandshake } from './server-handshake.ts'
import type { DtlsSrtpKeys } from './srtp-keys.ts'

/** To the first repetition of a flight, in milliseconds; it doubles with each. WebRTC's paths are shorter than the second of RFC 6347 section 4.2.4.1. */
export const FIRST_TIMEOUT_MS = 100
export const MAX_TIMEOUT_MS = 2000
/** A flight is sent again on the peer's demand at most once in this time. */
export const MIN_REPEAT_MS = 40
/** Of a handshake; a good one on a bad path has some 50. What comes past them ends it. */
export const MAX_HANDSHAKE_RECORDS = 1000
/** Protected records that overtook the messages before them: one Finished, and its repetitions. */
export const MAX_EARLY_RECORDS = 4
const MAX_EARLY_BYTES = 256

export type DtlsOutput =
  | { readonly type: 'send'; readonly datagram: Uint8Array }
  /** Give its result to `handleJob`. */
  | { readonly type: 'job'; readonly job: DtlsJob }
  /** The peer is the one that was announced, and nobody is between. */
  | { readonly type: 'connected'; readonly keys: DtlsSrtpKeys }
  /** Nothing follows. `error` is the peer's fault; without it the peer closed. */
  | { readonly type: 'closed'; readonly error: ProtocolError | undefined }

/**
 * One DTLS 1.2 connection for SRTP: one handshake, no renegotiation, no resumption; it carries alerts and nothing else. Pure: after each
 * call take the outputs, and call `handleTimeout` at `timeoutAtMs`. Times are milliseconds of a monotonic clock.
 */
export class DtlsSession {
  readonly #role: DtlsRole
  readonly #records = new RecordLayer()
  readonly #outputs: DtlsOutput[] = []
  /** Until the handshake is over. */
  #running: { readonly talk: HandshakeTalk; readonly handshake: Handshake; readonly reassembly: Reassembly; records: number; early: DtlsRecord[] } | undefined
  #state: 'new' | 'receiving' | 'job' | 'connected' | 'closed' = 'new'
  /** The last one of ours. */
  #flight: readonly FlightItem[] = []
  /** The peer's first message after it. What is before is a flight that the peer sends again, as ours was lost. */
  #answerSequence = 0
  #expectedSequence = 0
  #sentMs = Number.NEGATIVE_INFINITY
  #timeoutMs = FIRST_TIMEOUT_MS
  #timeoutAtMs = Number.POSITIVE_INFINITY
  #discarded = 0

  constructor(role: DtlsRole, options: DtlsOptions) {
    this.#role = role
    const talk = new HandshakeTalk(role, options, this.#records)
    const handshake = role === 'server' ? serverHandshake(talk) : clientHandshake(talk)
    this.#running = { talk, handshake, reassembly: new Reassembly(), records: 0, early: [] }
  }

  /** When `handleTimeout` is to be called; infinity for never. */
  get timeoutAtMs(): number {
    return this.#state === 'receiving' ? this.#timeoutAtMs : Number.POSITIVE_INFINITY
  }

  /** Records that were dropped: not readable, not authentic, replayed, out of place, or past a bound. */
  get discarded(): number {
    return this.#discarded
  }

  /** Call until it gives undefined. */
  pollOutput(): DtlsOutput | undefined {
    return this.#outputs.shift()
  }

  /** Begins: a client says its hello, a server waits for one. */
  start(nowMs: number): void {
    if (this.#state === 'new') this.#advance(nowMs, undefined)
  }

  /** @param datagram may be used again by the caller. */
  handleDatagram(nowMs: number, datagram: Uint8Array): void {
    this.start(nowMs)
    const { records, broken } = decodeRecords(datagram)
    if (broken) this.#discarded++
    for (const record of records) {
      if (this.#state === 'closed') return
      this.#handleRecord(nowMs, record)
    }
  }

  handleJob(nowMs: number, result: DtlsJobResult): void {
    if (this.#state === 'job') this.#advance(nowMs, result)
  }

  handleTimeout(nowMs: number): void {
    if (nowMs < this.timeoutAtMs) return
    this.#timeoutMs = Math.min(2 * this.#timeoutMs, MAX_TIMEOUT_MS)
    this.#timeoutAtMs = nowMs + this.#timeoutMs
    this.#sendFlight(nowMs)
  }

  /** Tells the peer that it is over. There is no output `closed`. */
  close(): void {
    if (this.#state === 'closed') return
    if (this.#state === 'connected') this.#sendAlert(ALERT_LEVEL.WARNING, ALERT.CLOSE_NOTIFY)
    this.#forget()
  }

  #handleRecord(nowMs: number, record: DtlsRecord): void {
    const running = this.#running
    if (running && ++running.records > MAX_HANDSHAKE_RECORDS) {
      this.#fail(new DtlsError('flood', ALERT.UNEXPECTED_MESSAGE, `more than ${MAX_HANDSHAKE_RECORDS} DTLS records and no end of the handshake`))
    } else if (record.epoch === 0 && running) this.#handleBody(nowMs, record, record.body)
    else if (record.epoch === 1 && this.#records.hasKeys) {
      const body = this.#records.open(record)
      if (body) this.#handleBody(nowMs, record, body)
      else this.#discarded++
    } else if (record.epoch === 1 && running) this.#keepEarly(running.early, record)
    // In the clear after the handshake: a flight that crossed our last one, or somebody else's.
    else if (record.epoch !== 0) this.#discarded++
  }

  #keepEarly(early: DtlsRecord[], record: DtlsRecord): void {
    if (record.type !== CONTENT_TYPE.HANDSHAKE || record.body.length > MAX_EARLY_BYTES || early.length === MAX_EARLY_RECORDS) this.#discarded++
    else early.push({ ...record, body: new Uint8Array(record.body) })
  }

  /** @param body in the clear */
  #handleBody(nowMs: number, { type, epoch }: DtlsRecord, body: Uint8Array): void {
    if (type === CONTENT_TYPE.ALERT) this.#handleAlert(body)
    else if (type === CONTENT_TYPE.HANDSHAKE && this.#running) this.#handleFragments(nowMs, epoch, decodeFragments(body))
    // Nobody else can have sent it, and it can only be what the final flight answers. A wish to renegotiate gets the same, or nothing.
    else if (type === CONTENT_TYPE.HANDSHAKE) this.#repeat(nowMs)
    // ChangeCipherSpec says nothing: a record's epoch tells whether it is protected. Data other than SRTP is not for us.
    else if (type !== CONTENT_TYPE.CHANGE_CIPHER_SPEC) this.#discarded++
  }

  #handleAlert(body: Uint8Array): void {
    const alert = decodeAlert(body)
    if (!alert) this.#discarded++
    else if (alert.description === ALERT.CLOSE_NOTIFY && this.#state === 'connected') this.#end(undefined)
    else if (alert.fatal || alert.description === ALERT.CLOSE_NOTIFY) {
      this.#end(new ProtocolError('dtls/alert', `the peer broke off DTLS with alert ${alert.description} (${alertName(alert.description)})`))
    }
  }

  #handleFragments(nowMs: number, epoch: number, fragments: readonly HandshakeFragment[] | undefined): void {
    if (!fragments) this.#discarded++
    let isRepeated = false
    for (const fragment of fragments ?? []) {
      // A Finished in the clear proves nothing, and nothing else comes protected.
      const isInPlace = (fragment.type === HANDSHAKE_TYPE.FINISHED) === (epoch === 1)
      const taken = isInPlace ? this.#running?.reassembly.add(fragment) : 'refused'
      if (taken === 'refused') this.#discarded++
      else if (fragment.sequence < this.#answerSequence) isRepeated = true
    }
    this.#receiveMessages(nowMs)
    if (isRepeated && this.#state === 'receiving') this.#repeat(nowMs)
  }

  /** Gives the handshake what it waits for, as far as it is there. */
  #receiveMessages(nowMs: number): void {
    while (this.#state === 'receiving') {
      const message = this.#running?.reassembly.take()
      if (!message) return
      this.#expectedSequence = message.sequence + 1
      this.#advance(nowMs, message)
    }
  }

  #advance(nowMs: number, input: HandshakeMessage | DtlsJobResult | undefined): void {
    const running = this.#running
    if (!running) return
    try {
      const { done, value } = input ? running.handshake.next(input) : running.handshake.next()
      if (running.talk.unsent.length > 0 && (done || value.type === 'receive')) this.#beginFlight(nowMs, running.talk)
      if (done) this.#connect(value)
      else if (value.type === 'job') {
        this.#state = 'job'
        this.#outputs.push(value)
      } else {
        this.#state = 'receiving'
        for (const record of this.#records.hasKeys ? running.early.splice(0) : []) this.#handleRecord(nowMs, record)
        this.#receiveMessages(nowMs)
      }
    } catch (error) {
      if (!(error instanceof DtlsError)) throw error
      this.#fail(error)
    }
  }

  #connect(keys: DtlsSrtpKeys): void {
    this.#state = 'connected'
    // A client's peer has all of it, or it could not have finished; a server's may ask for it once more.
    if (this.#role === 'client') this.#flight = []
    this.#running = undefined
    this.#outputs.push({ type: 'connected', keys })
  }

  #beginFlight(nowMs: number, talk: HandshakeTalk): void {
    this.#flight = talk.unsent
    talk.unsent = []
    this.#answerSequence = this.#expectedSequence
    this.#timeoutMs = FIRST_TIMEOUT_MS
    this.#timeoutAtMs = nowMs + FIRST_TIMEOUT_MS
    this.#sendFlight(nowMs)
  }

  #repeat(nowMs: number): void {
    if (nowMs - this.#sentMs >= MIN_REPEAT_MS) this.#sendFlight(nowMs)
  }

  #sendFlight(nowMs: number): void {
    this.#sentMs = nowMs
    for (const datagram of encodeFlight(this.#flight, this.#records)) this.#outputs.push({ type: 'send', datagram })
  }

  #fail(error: DtlsError): void {
    this.#sendAlert(ALERT_LEVEL.FATAL, error.alert)
    this.#end(error)
  }

  #sendAlert(level: (typeof ALERT_LEVEL)[keyof typeof ALERT_LEVEL], description: number): void {
    const epoch = this.#running ? this.#running.talk.epoch : 1
    this.#outputs.push({ type: 'send', datagram: this.#records.encode(CONTENT_TYPE.ALERT, epoch, encodeAlert(level, description)) })
  }

  #end(error: ProtocolError | undefined): void {
    this.#forget()
    this.#outputs.push({ type: 'closed', error })
  }

  #forget(): void {
    this.#state = 'closed'
    this.#running = undefined
    this.#flight = []
  }
}
