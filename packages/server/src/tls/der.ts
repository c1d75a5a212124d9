// The Distinguished Encoding Rules of ITU-T X.690, as far as a certificate needs them.

const element = (tag: number, content: Uint8Array): Buffer => {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content])
  const size = length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 255)
  return Buffer.concat([Buffer.of(tag), size, content])
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => element(0x30, Buffer.concat(items))
export const set = (...items: readonly Uint8Array[]): Buffer => element(0x31, Buffer.concat(items))
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.of(value ? 0xff : 0))
export const octetString = (content: Uint8Array): Buffer => element(0x04, content)
/** @param unused how many of the last bits do not count, 0 to 7 */
export const bitString = (content: Uint8Array, unused = 0): Buffer => element(0x03, Buffer.concat([Buffer.of(unused), content]))
export const utf8String = (text: string): Buffer => element(0x0c, Buffer.from(text))

/** @param bytes a whole number of any size, not negative, the highest byte first */
export const integer = (bytes: Uint8Array): Buffer => {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  return element(0x02, (digits[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits)
}

/** @param dotted `1.2.840.10045.4.3.2` */
export const objectIdentifier = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const groups = [arc & 127]
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 127) | 128)
    bytes.push(...groups)
  }
  return element(0x06, Buffer.from(bytes))
}

/** UTCTime up to 2049, GeneralizedTime from then on: RFC 5280 section 4.1.2.5. */
export const time = (date: Date): Buffer => {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits))
}

/** `[number] EXPLICIT`, around what is inside. */
export const explicit = (number: number, content: Uint8Array): Buffer => element(0xa0 | number, content)

/** `[number] IMPLICIT`, in place of a primitive type's own tag. */
export const implicit = (number: number, content: Uint8Array): Buffer => element(0x80 | number, content)
