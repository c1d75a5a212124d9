const TABLE = /* @__PURE__ */ (() => {
  const table = new Uint32Array(256)
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
    table[n] = c
  }
  return table
})()

/** CRC-32 of ISO 3309 (reflected, polynomial 0x04C11DB7) over the first `length` bytes. */
export const crc32 = (bytes: Uint8Array, length = bytes.length): number => {
  let crc = 0xffffffff
  for (let i = 0; i < length; i++) crc = (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
