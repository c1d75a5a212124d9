import { CONTENT_TYPE, DTLS_1_0, DTLS_1_2, HANDSHAKE_TYPE } from './dtls-constants.ts'
import { AEAD_TAG_BYTES } from './dtls-crypto.ts'
import { encodeFragment, HANDSHAKE_HEADER_BYTES, type HandshakeMessage } from './handshake-message.ts'
import { concat } from './key-schedule.ts'
import { RECORD_HEADER_BYTES } from './record.ts'
import type { Epoch, RecordLayer } from './record-layer.ts'

/** Of our datagrams: what passes everywhere, tunnels included. */
export const MAX_DATAGRAM_BYTES = 1200

/** A handshake message, or the ChangeCipherSpec that is none. */
export type FlightItem = { readonly epoch: Epoch; readonly message: HandshakeMessage | 'change-cipher-spec' }

/** What a record adds to a fragment, at most: headers, explicit nonce, tag. */
const OVERHEAD_BYTES = RECORD_HEADER_BYTES + HANDSHAKE_HEADER_BYTES + 8 + AEAD_TAG_BYTES
const MAX_FRAGMENT_BYTES = MAX_DATAGRAM_BYTES - OVERHEAD_BYTES

/**
 * Messages that go out together, RFC 6347 section 4.2.4, in as few datagrams as they need. Each sending gives the records new numbers.
 */
export const encodeFlight = (items: readonly FlightItem[], records: RecordLayer): Uint8Array[] => {
  const datagrams: Uint8Array[] = []
  let parts: Uint8Array[] = []
  let length = 0
  const flush = (): void => {
    if (parts.length > 0) datagrams.push(concat(parts))
    parts = []
    length = 0
  }
  for (const { epoch, message } of items) {
    for (const { type, version, body } of recordBodies(message)) {
      const record = records.encode(type, epoch, body, version)
      if (length + record.length > MAX_DATAGRAM_BYTES) flush()
      parts.push(record)
      length += record.length
    }
  }
  flush()
  return datagrams
}

const recordBodies = (message: FlightItem['message']): { readonly type: number; readonly version: number; readonly body: Uint8Array }[] => {
  if (message === 'change-cipher-spec') return [{ type: CONTENT_TYPE.CHANGE_CIPHER_SPEC, version: DTLS_1_2, body: Uint8Array.of(1) }]
  const version = message.type === HANDSHAKE_TYPE.CLIENT_HELLO ? DTLS_1_0 : DTLS_1_2
  const bodies: Uint8Array[] = []
  let start = 0
  do {
    const end = Math.min(start + MAX_FRAGMENT_BYTES, message.body.length)
    bodies.push(encodeFragment(message, start, end))
    start = end
  } while (start < message.body.length)
  return bodies.map((body) => ({ type: CONTENT_TYPE.HANDSHAKE, version, body }))
}
