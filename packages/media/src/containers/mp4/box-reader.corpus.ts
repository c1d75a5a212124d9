/** Boxes that break the rules, as hex. */
export const BOX_CORPUS: readonly (readonly [name: string, bytes: string, code: string])[] = [
  ['size without type', '00000008', 'mp4/truncated'],
  ['size past the end', '0000000a 6d6f6f66 00', 'mp4/truncated'],
  ['size less than the header', '00000007 6d6f6f66', 'mp4/box-size'],
  ['64-bit size less than its header', '00000001 6d646174 0000000000000008', 'mp4/box-size'],
  ['64-bit size past 2^53', '00000001 6d646174 ffffffffffffffff', 'mp4/truncated'],
  ['more boxes than any file has', '00000008 66726565'.repeat(4097), 'mp4/too-many-boxes'],
]
