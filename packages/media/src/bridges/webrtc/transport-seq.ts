/** Bytes of a header extension with the transport-wide count, padded to a word. */
export const TRANSPORT_SEQ_BYTES = 8

const HAS_EXTENSION = 0x10

/**
 * Puts the transport-wide count behind an RTP header without extension: RFC 8285 section 4.2.
 * ```
 * |       0xBE    |    0xDE       |           length=1            |
 * |  ID   | L=1   |transport-wide sequence number | zero padding  |
 * ```
 * @param at where the RTP header begins, of 12 bytes
 * @param id 1 to 14
 */
export const writeTransportSeq = (out: Uint8Array, at: number, id: number, seq: number): void => {
  out[at] = (out[at] as number) | HAS_EXTENSION
  out[at + 12] = 0xbe
  out[at + 13] = 0xde
  out[at + 14] = 0
  out[at + 15] = 1
  out[at + 16] = (id << 4) | 1
  out[at + 17] = seq >>> 8
  out[at + 18] = seq
  out[at + 19] = 0
}
