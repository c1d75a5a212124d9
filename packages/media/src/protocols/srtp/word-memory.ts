/** The same memory as bytes and as 32-bit words of the machine's order, for loops that combine whole words. */
export type WordMemory = { readonly bytes: Uint8Array; readonly words: Uint32Array }

/** @param byteLength rounded up to whole words */
export const makeWordMemory = (byteLength: number): WordMemory => {
  const words = new Uint32Array((byteLength + 3) >> 2)
  return { bytes: new Uint8Array(words.buffer), words }
}

/** Words over the same bytes; copied if they do not begin at a word. */
export const asWords = (bytes: Uint8Array): Uint32Array => {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
}
