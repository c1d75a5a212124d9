import { ByteReader } from '../../bytes/byte-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'

/** One of the payloads in a packet with redundancy. */
export type RedBlock = {
  readonly payloadType: number
  /** By how much its timestamp is before that of the packet, in ticks; 0 for the last one, which is what the packet is for. */
  readonly timestampOffset: number
  readonly data: Uint8Array
}

const FOLLOWED = 0x80
/** Senders repeat one or two packets before; what has more is no redundancy. */
export const MAX_RED_BLOCKS = 10

/**
 * Payloads of earlier packets once more and then the one of this packet, RFC 2198 section 3:
 * ```
 * |1| block PT (7) | timestamp offset (14) | block length (10) |  …  |0| block PT (7) |  blocks, in the same order
 * ```
 * @returns the blocks in order, oldest first; the data are views of the payload
 * @throws ProtocolError `rtp/red`
 */
export const decodeRed = (payload: Uint8Array): RedBlock[] => {
  const reader = new ByteReader(payload, 'rtp/red')
  const headers: { payloadType: number; timestampOffset: number; length: number }[] = []
  for (;;) {
    const first = reader.u8()
    if ((first & FOLLOWED) === 0) {
      headers.push({ payloadType: first, timestampOffset: 0, length: -1 })
      break
    }
    if (headers.length === MAX_RED_BLOCKS - 1) throw new ProtocolError('rtp/red', `a packet with more than ${MAX_RED_BLOCKS} blocks of redundancy`)
    const rest = (reader.u8() << 16) | reader.u16()
    headers.push({ payloadType: first & 0x7f, timestampOffset: rest >> 10, length: rest & 0x3ff })
  }
  return headers.map(({ length, ...header }) => {
    const start = reader.position
    reader.skip(length < 0 ? reader.remaining : length)
    return { ...header, data: payload.subarray(start, reader.position) }
  })
}
