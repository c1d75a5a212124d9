import { CONTENT_TYPE } from '../../src/protocols/dtls/dtls-constants.ts'
import { decodeFragments, encodeFragment } from '../../src/protocols/dtls/handshake-message.ts'
import { concat } from '../../src/protocols/dtls/key-schedule.ts'
import { type DtlsRecord, decodeRecords, encodeRecord } from '../../src/protocols/dtls/record.ts'

const isClearHandshake = ({ type, epoch }: DtlsRecord): boolean => type === CONTENT_TYPE.HANDSHAKE && epoch === 0

/** The datagram with other bodies of the messages of one type that it holds in the clear; `change` may write to what it gets. */
export const changeMessage = (datagram: Uint8Array, type: number, change: (body: Uint8Array) => Uint8Array): Uint8Array =>
  concat(
    decodeRecords(datagram).records.map((record) => {
      const [fragment] = (isClearHandshake(record) && decodeFragments(record.body)) || []
      if (fragment?.type !== type) return encodeRecord(record)
      const body = change(new Uint8Array(fragment.bytes))
      return encodeRecord({ ...record, body: encodeFragment({ type, sequence: fragment.sequence, body }) })
    }),
  )

/** The same in many datagrams: a record each, and clear messages in overlapping pieces of so many bytes, backwards, the first one twice. */
export const shred = (datagram: Uint8Array, pieceBytes: number): Uint8Array[] =>
  decodeRecords(datagram).records.flatMap((record) => {
    if (!isClearHandshake(record)) return [encodeRecord(record)]
    return (decodeFragments(record.body) ?? []).flatMap(({ type, sequence, bytes }) => {
      const pieces: Uint8Array[] = []
      for (let start = 0; start === 0 || start < bytes.length; start += pieceBytes) {
        const end = Math.min(bytes.length, start + pieceBytes + 5)
        pieces.unshift(encodeRecord({ ...record, body: encodeFragment({ type, sequence, body: bytes }, start, end) }))
      }
      return [...pieces, ...pieces.slice(-1)]
    })
  })
