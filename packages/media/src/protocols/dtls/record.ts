import { ALERT_LEVEL, CONTENT_TYPE } from './dtls-constants.ts'

export const RECORD_HEADER_BYTES = 13

/** RFC 6347 section 4.1: type, version, epoch, sequence number of 48 bits, length. */
export type DtlsRecord = {
  readonly type: number
  readonly version: number
  readonly epoch: number
  readonly sequence: number
  /** A view into the datagram. */
  readonly body: Uint8Array
}

/**
 * The records of a datagram. What cannot be read ends it: nothing is known about where the next record would begin.
 * @returns the records before that, and whether there was such a rest
 */
export const decodeRecords = (datagram: Uint8Array): { readonly records: readonly DtlsRecord[]; readonly broken: boolean } => {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength)
  const records: DtlsRecord[] = []
  for (let at = 0; at < datagram.length; ) {
    const bodyAt = at + RECORD_HEADER_BYTES
    if (bodyAt > datagram.length) return { records, broken: true }
    const type = datagram[at] as number
    const version = view.getUint16(at + 1)
    const end = bodyAt + view.getUint16(at + 11)
    if (type < CONTENT_TYPE.CHANGE_CIPHER_SPEC || type > CONTENT_TYPE.APPLICATION_DATA || version >> 8 !== 0xfe || end > datagram.length) {
      return { records, broken: true }
    }
    const sequence = view.getUint16(at + 5) * 2 ** 32 + view.getUint32(at + 7)
    records.push({ type, version, epoch: view.getUint16(at + 3), sequence, body: datagram.subarray(bodyAt, end) })
    at = end
  }
  return { records, broken: false }
}

export const encodeRecord = ({ type, version, epoch, sequence, body }: DtlsRecord): Uint8Array => {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, type)
  view.setUint16(1, version)
  view.setUint16(3, epoch)
  view.setUint16(5, Math.floor(sequence / 2 ** 32))
  view.setUint32(7, sequence % 2 ** 32)
  view.setUint16(11, body.length)
  bytes.set(body, RECORD_HEADER_BYTES)
  return bytes
}

/** An alert, RFC 5246 section 7.2. */
export const encodeAlert = (level: (typeof ALERT_LEVEL)[keyof typeof ALERT_LEVEL], description: number): Uint8Array => Uint8Array.of(level, description)

/** @returns undefined if it is none */
export const decodeAlert = (body: Uint8Array): { readonly fatal: boolean; readonly description: number } | undefined => {
  const [level, description] = body
  if (body.length !== 2 || description === undefined || (level !== ALERT_LEVEL.WARNING && level !== ALERT_LEVEL.FATAL)) return undefined
  return { fatal: level === ALERT_LEVEL.FATAL, description }
}
