const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((letter, value) => [letter, value]))

/** RFC 4648 section 4, with padding. */
export const encodeBase64 = (bytes: Uint8Array): string => {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += ALPHABET[group >> 18]
    text += ALPHABET[(group >> 12) & 63]
    text += left > 1 ? ALPHABET[(group >> 6) & 63] : '='
    text += left > 2 ? ALPHABET[group & 63] : '='
  }
  return text
}

/** Padding may be missing, as some cameras leave it out. Undefined if there are other letters. */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  const letters = text.trim().replace(/={1,2}$/, '')
  if (letters.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4))
  let at = 0
  let bits = 0
  let held = 0
  for (const letter of letters) {
    const value = VALUES.get(letter)
    if (value === undefined) return undefined
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 0xff
    }
  }
  return bytes
}
