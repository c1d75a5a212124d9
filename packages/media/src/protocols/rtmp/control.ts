import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { encodeMessage } from './chunk-writer.ts'
import { CHUNK_STREAM, DEFAULT_CHUNK_SIZE, MESSAGE_TYPE } from './message.ts'

/** Event types of User Control messages, RTMP 1.0 section 7.1.7. */
export const USER_CONTROL = { STREAM_BEGIN: 0, STREAM_EOF: 1, PING_REQUEST: 6, PING_RESPONSE: 7 } as const

/** Limit type of Set Peer Bandwidth, section 5.4.5. */
const LIMIT_DYNAMIC = 2

const FAULT = 'rtmp/control-message'

/** All control messages fit into one chunk of any size. */
const encodeControl = (type: number, payload: Uint8Array): Uint8Array =>
  encodeMessage(CHUNK_STREAM.CONTROL, { type, streamId: 0, timestampMs: 0, payload }, DEFAULT_CHUNK_SIZE)

const u32 = (value: number): Uint8Array => new ByteWriter(4).u32(value).view()

/** Section 5.4.1. */
export const encodeSetChunkSize = (bytes: number): Uint8Array => encodeControl(MESSAGE_TYPE.SET_CHUNK_SIZE, u32(bytes))

/** Section 5.4.3. @param received bytes since the start, modulo 2^32 */
export const encodeAcknowledgement = (received: number): Uint8Array => encodeControl(MESSAGE_TYPE.ACKNOWLEDGEMENT, u32(received % 2 ** 32))

/** Section 5.4.4. */
export const encodeWindowAcknowledgementSize = (bytes: number): Uint8Array => encodeControl(MESSAGE_TYPE.WINDOW_ACKNOWLEDGEMENT_SIZE, u32(bytes))

/** Section 5.4.5, limit type dynamic. */
export const encodeSetPeerBandwidth = (bytes: number): Uint8Array =>
  encodeControl(MESSAGE_TYPE.SET_PEER_BANDWIDTH, new ByteWriter(5).u32(bytes).u8(LIMIT_DYNAMIC).view())

/** Section 7.1.7. @param value message stream ID, or the timestamp of a ping */
export const encodeUserControl = (event: number, value: number): Uint8Array =>
  encodeControl(MESSAGE_TYPE.USER_CONTROL, new ByteWriter(6).u16(event).u32(value).view())

/**
 * The timestamp of a ping request, or undefined for another user control message.
 * @throws ProtocolError `rtmp/control-message`
 */
export const decodePingRequest = (payload: Uint8Array): number | undefined => {
  const reader = new ByteReader(payload, FAULT)
  return reader.u16() === USER_CONTROL.PING_REQUEST ? reader.u32() : undefined
}

/**
 * Window Acknowledgement Size, section 5.4.4; at least 1.
 * @throws ProtocolError `rtmp/control-message`
 */
export const decodeWindowAcknowledgementSize = (payload: Uint8Array): number => Math.max(1, new ByteReader(payload, FAULT).u32())
