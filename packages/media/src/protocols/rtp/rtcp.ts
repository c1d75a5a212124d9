import { ByteReader } from '../../bytes/byte-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeFeedback, type Feedback, PAYLOAD_FEEDBACK, TRANSPORT_FEEDBACK } from './rtcp-feedback.ts'
import {
  BYE,
  type Bye,
  decodeBye,
  decodeReceiverReport,
  decodeSdes,
  decodeSenderReport,
  RECEIVER_REPORT,
  type ReceiverReport,
  SDES,
  type Sdes,
  SENDER_REPORT,
  type SenderReport,
} from './rtcp-report.ts'

/** A message of a type that we do not use, as XR. */
export type UnknownRtcp = {
  readonly type: 'unknown'
  readonly packetType: number
  /** Report count or feedback message type: the 5 low bits of the first byte. */
  readonly count: number
  /** What follows the 4-byte header, without padding. */
  readonly body: Uint8Array
}

export type RtcpMessage = SenderReport | ReceiverReport | Sdes | Bye | Feedback | UnknownRtcp

/** Messages of one compound packet that are looked at; real ones have up to ten. */
const MAX_MESSAGES = 64

/**
 * Whether bytes on a port that RTP and RTCP share are RTCP: RFC 5761 section 4.
 * @param bytes an RTP or RTCP packet
 */
export const isRtcp = (bytes: Uint8Array): boolean => {
  const second = bytes[1] ?? 0
  return bytes.length >= 4 && second >= 192 && second <= 223
}

/**
 * Decodes a compound packet, RFC 3550 section 6.1, also one of reduced size (RFC 5506).
 * ```
 * |V=2|P|  count  |      PT       |   length in 32-bit words - 1  |
 * ```
 * @throws ProtocolError `rtcp/…`
 */
export const decodeRtcp = (bytes: Uint8Array): RtcpMessage[] => {
  const messages: RtcpMessage[] = []
  const reader = new ByteReader(bytes, 'rtcp/truncated')
  while (reader.remaining > 0) {
    if (messages.length === MAX_MESSAGES) throw new ProtocolError('rtcp/too-many', `more than ${MAX_MESSAGES} messages in one compound RTCP packet`)
    const flags = reader.u8()
    if (flags >> 6 !== 2) throw new ProtocolError('rtcp/version', `RTCP version is ${flags >> 6} at offset ${reader.position - 1}, 2 is known`)
    const packetType = reader.u8()
    let body = reader.take(reader.u16() * 4)
    if (flags & 0x20) {
      const padding = body.at(-1) ?? 0
      if (padding === 0 || padding > body.length) throw new ProtocolError('rtcp/padding', `${padding} bytes of padding in a message of ${body.length}`)
      body = body.subarray(0, body.length - padding)
    }
    messages.push(decodeMessage(packetType, flags & 0x1f, body))
  }
  return messages
}

const decodeMessage = (packetType: number, count: number, body: Uint8Array): RtcpMessage => {
  switch (packetType) {
    case SENDER_REPORT:
      return decodeSenderReport(count, body)
    case RECEIVER_REPORT:
      return decodeReceiverReport(count, body)
    case SDES:
      return decodeSdes(count, body)
    case BYE:
      return decodeBye(count, body)
    case TRANSPORT_FEEDBACK:
    case PAYLOAD_FEEDBACK:
      return decodeFeedback(packetType, count, body) ?? { type: 'unknown', packetType, count, body }
    default:
      return { type: 'unknown', packetType, count, body }
  }
}
