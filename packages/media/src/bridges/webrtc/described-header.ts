import { TRANSPORT_SEQ_BYTES, writeTransportSeq } from './transport-seq.ts'

/** What a dependency descriptor and a payload have together at most, in bytes, so that the packet fits a datagram. */
const MAX_DESCRIBED_BYTES = 1420

const HAS_EXTENSION = 0x10
const RTP_HEADER_BYTES = 12

/** The transport-wide count of a packet, and the identifier that it is sent with. */
export type PacketCount = { readonly id: number; readonly seq: number }

/**
 * Puts what a packet has of header extensions behind an RTP header without any.
 * @param at where the RTP header begins, of 12 bytes
 * @param descriptorId undefined for a receiver that takes none
 * @returns bytes of the extensions, a multiple of 4
 */
export const writeExtensions = (
  out: Uint8Array,
  at: number,
  count: PacketCount | undefined,
  descriptorId: number | undefined,
  descriptor: Uint8Array | undefined,
  payloadBytes: number,
): number => {
  if (descriptorId !== undefined && descriptor && descriptor.length + payloadBytes <= MAX_DESCRIBED_BYTES) {
    return writeDescriptor(out, at, descriptorId, descriptor, count)
  }
  if (!count) return 0
  writeTransportSeq(out, at, count.id, count.seq)
  return TRANSPORT_SEQ_BYTES
}

/**
 * Puts a dependency descriptor behind an RTP header without extension, and the transport-wide count where there is one: the two-byte form of RFC 8285
 * section 4.3, as descriptors may be longer than 16 bytes.
 * ```
 * |       0x10    |    0x00       |            length             |
 * |   ID  | L=2   |transport-wide sequence number |  ID   |   L   | descriptor … | zero padding
 * ```
 * @param at where the RTP header begins, of 12 bytes
 * @returns bytes of the extension, a multiple of 4
 */
export const writeDescriptor = (out: Uint8Array, at: number, id: number, descriptor: Uint8Array, count: PacketCount | undefined): number => {
  out[at] = (out[at] as number) | HAS_EXTENSION
  const start = at + RTP_HEADER_BYTES
  let end = start + 4
  if (count) {
    out.set([count.id, 2, (count.seq >>> 8) & 0xff, count.seq & 0xff], end)
    end += 4
  }
  out[end] = id
  out[end + 1] = descriptor.length
  out.set(descriptor, end + 2)
  end += 2 + descriptor.length
  while ((end - start) % 4 !== 0) out[end++] = 0
  const words = (end - start) / 4 - 1
  out.set([0x10, 0, words >>> 8, words & 0xff], start)
  return end - start
}
