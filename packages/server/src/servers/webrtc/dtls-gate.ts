import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'

/** Content types, RFC 6347 section 4.1. */
export const RECORD_TYPE = { ALERT: 21, HANDSHAKE: 22 } as const

/** Handshake types, RFC 5246 section 7.4. */
export const HANDSHAKE_TYPE = {
  CERTIFICATE: 11,
  SERVER_KEY_EXCHANGE: 12,
  SERVER_HELLO_DONE: 14,
  CERTIFICATE_VERIFY: 15,
  FINISHED: 20,
} as const

const RECORD_HEADER_BYTES = 13
const HANDSHAKE_HEADER_BYTES = 12
const FATAL = 2

/** A handshake message: certificates are the longest ones. */
const MAX_MESSAGE_BYTES = 16 * 1024
/** Messages that wait for an earlier one. */
const MAX_MESSAGES_AHEAD = 8
const MAX_FRAGMENTS = 64

/** What the gate lets through. */
export type DtlsInput = {
  /** Records for the DTLS library: complete handshake messages, each once and in order, and encrypted records. */
  readonly records: readonly Buffer[]
  /** The peer sent something again: our last flight was lost. */
  readonly repeated: boolean
}

type Reassembly = { readonly type: number; readonly body: Buffer; readonly fragments: { start: number; end: number }[] }

/**
 * Stands between the network and the DTLS library, whose own reading of the handshake is trusting: it takes fragments without bound,
 * messages in any order and more than once, restarts on any ClientHello, and an unencrypted Finished or alert as good. Here messages
 * are put together within bounds and delivered in order, Finished and later alerts only if they are encrypted, and everything else is dropped.
 */
export class DtlsGate {
  #nextMessage = 0
  #lastType = 0
  #established = false
  #messages = new Map<number, Reassembly>()
  /** A Finished that overtook the messages before it. */
  #early: Buffer | undefined
  readonly #lastClear: number

  /** @param lastClear type of the last message that the peer sends in the clear: what follows it is its Finished */
  constructor(lastClear: number) {
    this.#lastClear = lastClear
  }

  /** The handshake is done: only repetitions, encrypted alerts, and nothing that begins anew. */
  establish(): void {
    this.#established = true
    this.#messages.clear()
    this.#early = undefined
  }

  /** @throws ProtocolError `dtls/malformed`, `dtls/alert` if the peer refuses the handshake */
  take(datagram: Buffer): DtlsInput {
    const records: Buffer[] = []
    let repeated = false
    for (let at = 0; at < datagram.length; ) {
      if (at + RECORD_HEADER_BYTES > datagram.length) throw new ProtocolError('dtls/malformed', 'DTLS record with a cut header')
      const end = at + RECORD_HEADER_BYTES + datagram.readUInt16BE(at + 11)
      if (end > datagram.length) throw new ProtocolError('dtls/malformed', 'DTLS record longer than its datagram')
      const record = datagram.subarray(at, end)
      at = end
      const type = record[0]
      const encrypted = record.readUInt16BE(3) > 0
      if (type === RECORD_TYPE.HANDSHAKE && encrypted) {
        if (this.#established) repeated = true
        else if (this.#lastType === this.#lastClear) records.push(record)
        else this.#early = Buffer.from(record)
      } else if (type === RECORD_TYPE.HANDSHAKE) {
        if (this.#takeMessages(record)) repeated = true
        this.#deliver(records)
      } else if (type === RECORD_TYPE.ALERT) {
        if (encrypted === this.#established) this.#takeAlert(record, records)
      }
    }
    return { records, repeated }
  }

  #takeAlert(record: Buffer, records: Buffer[]): void {
    if (this.#established) records.push(record)
    else if (record[RECORD_HEADER_BYTES] === FATAL) {
      throw new ProtocolError('dtls/alert', `the peer broke off the DTLS handshake with alert ${record[RECORD_HEADER_BYTES + 1]}`)
    }
  }

  /**
   * Takes the fragments of one record.
   * @returns whether some belong to a message that was delivered before
   */
  #takeMessages(record: Buffer): boolean {
    let repeated = false
    for (let at = RECORD_HEADER_BYTES; at < record.length; ) {
      if (at + HANDSHAKE_HEADER_BYTES > record.length) throw new ProtocolError('dtls/malformed', 'DTLS handshake message with a cut header')
      const type = record[at] as number
      const length = record.readUIntBE(at + 1, 3)
      const sequence = record.readUInt16BE(at + 4)
      const start = record.readUIntBE(at + 6, 3)
      const bodyAt = at + HANDSHAKE_HEADER_BYTES
      const size = record.readUIntBE(at + 9, 3)
      at = bodyAt + size
      if (at > record.length || start + size > length) throw new ProtocolError('dtls/malformed', 'DTLS handshake fragment longer than its record or message')
      if (length > MAX_MESSAGE_BYTES) throw new ProtocolError('dtls/malformed', `DTLS handshake message of ${length} bytes`)
      if (this.#established || sequence < this.#nextMessage) repeated = true
      else if (sequence < this.#nextMessage + MAX_MESSAGES_AHEAD) this.#addFragment(sequence, type, length, start, record.subarray(bodyAt, at))
    }
    return repeated
  }

  #addFragment(sequence: number, type: number, length: number, start: number, bytes: Buffer): void {
    // A Finished in the clear proves nothing.
    if (type === HANDSHAKE_TYPE.FINISHED) return
    const message = this.#messages.get(sequence) ?? { type, body: Buffer.alloc(length), fragments: [] }
    this.#messages.set(sequence, message)
    if (message.type !== type || message.body.length !== length || message.fragments.length === MAX_FRAGMENTS) return
    message.body.set(bytes, start)
    message.fragments.push({ start, end: start + bytes.length })
  }

  #deliver(records: Buffer[]): void {
    for (;;) {
      const message = this.#messages.get(this.#nextMessage)
      if (!message || !isComplete(message)) break
      this.#messages.delete(this.#nextMessage)
      records.push(wholeRecord(message, this.#nextMessage))
      this.#nextMessage++
      this.#lastType = message.type
    }
    if (this.#early && this.#lastType === this.#lastClear) {
      records.push(this.#early)
      this.#early = undefined
    }
  }
}

const isComplete = (message: Reassembly): boolean => {
  let covered = 0
  for (const { start, end } of message.fragments.sort((a, b) => a.start - b.start)) {
    if (start > covered) return false
    covered = Math.max(covered, end)
  }
  return message.fragments.length > 0 && covered === message.body.length
}

/** One record with one message in one fragment. */
const wholeRecord = ({ type, body }: Reassembly, sequence: number): Buffer => {
  const record = Buffer.alloc(RECORD_HEADER_BYTES + HANDSHAKE_HEADER_BYTES + body.length)
  record[0] = RECORD_TYPE.HANDSHAKE
  record.writeUInt16BE(0xfefd, 1)
  record.writeUInt16BE(HANDSHAKE_HEADER_BYTES + body.length, 11)
  const at = RECORD_HEADER_BYTES
  record[at] = type
  record.writeUIntBE(body.length, at + 1, 3)
  record.writeUInt16BE(sequence, at + 4)
  record.writeUIntBE(body.length, at + 9, 3)
  body.copy(record, at + HANDSHAKE_HEADER_BYTES)
  return record
}
