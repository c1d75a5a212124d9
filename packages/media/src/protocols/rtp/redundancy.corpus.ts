/** Payloads with redundancy and error correction, whole and broken, in hexadecimal. */
export const RED_PAYLOADS: readonly string[] = [
  // One block alone, as at the start of a stream.
  '6f 01 02 03',
  // Opus of 20 ms before (offset 960, 3 bytes), then the present one.
  'ef 0f 00 03 6f aa bb cc 01 02',
  // Two before.
  'ef 1e 00 02 ef 0f 00 01 6f a1 a2 b1 c1',
  // A block longer than the packet.
  'ef 0f 03 ff 6f 01',
  // Headers without an end.
  'ef 0f 00 03',
  '',
]

export const ULPFEC_PAYLOADS: readonly string[] = [
  // Protects 1, 2 and 4 (mask d0 00), two bytes each.
  '00 60 00 01 00 00 00 00 00 02 00 02 d0 00 12 34',
  // A mask of 48 bits.
  '40 60 ff fe 00 00 00 00 00 01 00 01 80 00 00 00 00 01 77',
  // Protects nothing.
  '00 60 00 01 00 00 00 00 00 00 00 00 00 00',
  // Less data than it says.
  '00 60 00 01 00 00 00 00 00 02 00 09 c0 00 12 34',
  '00',
]
