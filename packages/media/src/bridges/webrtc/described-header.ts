/** What a dependency descriptor and a payload have together at most, in bytes, so that the packet fits a datagram. */
export const MAX_DESCRIBED_BYTES = 1420

const HAS_EXTENSION = 0x10
const RTP_HEADER_BYTES = 12

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
export const writeDescriptor = (
  out: Uint8Array,
  at: number,
  id: number,
  descriptor: Uint8Array,
  count: { readonly id: number; readonly seq: number } | undefined,
): number => {
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
