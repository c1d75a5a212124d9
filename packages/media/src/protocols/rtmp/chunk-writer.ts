import { MAX_MESSAGE_BYTES, type RtmpMessage } from './message.ts'

/** From here on the timestamp is in the extended field, section 5.3.1.3. */
const EXTENDED_TIMESTAMP = 0xffffff

/**
 * A message as chunks: one of type 0, then as many of type 3 as its length needs (RTMP 1.0 section 5.3.1). With nothing referring to the
 * message before, the bytes can be sent to any peer at any time between two messages.
 * @param chunkStreamId 2 to 63
 * @param chunkSize as announced to the peer by Set Chunk Size
 */
export const encodeMessage = (chunkStreamId: number, message: RtmpMessage, chunkSize: number): Uint8Array => {
  const { payload } = message
  if (payload.length > MAX_MESSAGE_BYTES) throw new Error(`RTMP message of ${payload.length} bytes`)
  const timestamp = message.timestampMs >>> 0
  const extended = timestamp >= EXTENDED_TIMESTAMP
  const continuationBytes = extended ? 5 : 1
  const continuations = Math.max(0, Math.ceil(payload.length / chunkSize) - 1)
  const bytes = new Uint8Array(12 + (extended ? 4 : 0) + continuations * continuationBytes + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, extended ? EXTENDED_TIMESTAMP : timestamp)
  bytes[0] = chunkStreamId
  view.setUint32(4, (payload.length << 8) | message.type)
  view.setUint32(8, message.streamId, true)
  let at = 12
  if (extended) {
    view.setUint32(at, timestamp)
    at += 4
  }
  for (let from = 0; from < payload.length; from += chunkSize) {
    if (from > 0) {
      bytes[at++] = 0xc0 | chunkStreamId
      if (extended) {
        view.setUint32(at, timestamp)
        at += 4
      }
    }
    const part = payload.subarray(from, from + chunkSize)
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
