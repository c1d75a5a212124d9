/** RTP or RTCP within the RTSP connection, RFC 2326 section 10.12. */
export type InterleavedFrame = { readonly type: 'interleaved'; readonly channel: number; readonly payload: Uint8Array }

/** `$`, channel, and 16 bits of length. */
export const INTERLEAVED_HEADER_BYTES = 4
export const INTERLEAVED_MAGIC = 0x24

/** @param channel 0 to 255 @param payloadBytes at most 65535 */
export const writeInterleavedHeader = (out: Uint8Array, channel: number, payloadBytes: number): void => {
  out[0] = INTERLEAVED_MAGIC
  out[1] = channel
  out[2] = payloadBytes >> 8
  out[3] = payloadBytes & 0xff
}

/** A frame of its own, for RTCP and other rare ones. */
export const encodeInterleaved = (channel: number, payload: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(INTERLEAVED_HEADER_BYTES + payload.length)
  writeInterleavedHeader(frame, channel, payload.length)
  frame.set(payload, INTERLEAVED_HEADER_BYTES)
  return frame
}
