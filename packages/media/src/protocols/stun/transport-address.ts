/** An IP address in text form, IPv6 without brackets and zone, and a port. */
export type TransportAddress = { readonly address: string; readonly port: number }

/** For maps and logs: `192.0.2.1:5000`, `[2001:db8::1]:5000`. */
export const addressKey = ({ address, port }: TransportAddress): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)

/**
 * The address's bytes in network order: 4, or 16 for IPv6. An IPv4 address mapped into IPv6 counts as IPv4. A zone is cut off.
 * @returns undefined if the text is no address
 */
export const parseIpAddress = (text: string): Uint8Array | undefined => {
  const [address] = text.split('%', 1)
  if (address === undefined) return undefined
  if (!address.includes(':')) return parseIpv4(address)
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return mapped ? parseIpv4(mapped) : parseIpv6(address)
}

/** Text of 4 or 16 bytes of address; IPv6 as eight groups without leading zeros. */
export const formatIpAddress = (bytes: Uint8Array): string => {
  if (bytes.length === 4) return bytes.join('.')
  return hexGroups(bytes)
}

/** @param bytes an even number of them */
const hexGroups = (bytes: Uint8Array): string => {
  const groups: string[] = []
  for (let i = 0; i < bytes.length; i += 2) groups.push((((bytes[i] as number) << 8) | (bytes[i + 1] as number)).toString(16))
  return groups.join(':')
}

const parseIpv4 = (text: string): Uint8Array | undefined => {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  return parts?.every((part) => part < 256) ? Uint8Array.from(parts) : undefined
}

const parseIpv6 = (text: string): Uint8Array | undefined => {
  // RFC 4291 section 2.2: the last 32 bits may be written as IPv4, which systems do for some prefixes.
  const dotted = parseIpv4(text.slice(text.lastIndexOf(':') + 1))
  if (dotted) return parseIpv6(`${text.slice(0, text.lastIndexOf(':') + 1)}${hexGroups(dotted)}`)
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')))
  if (!head) return undefined
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (tail ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...new Array<string>(missing).fill('0'), ...(tail ?? [])]
  const bytes = new Uint8Array(16)
  for (const [i, group] of groups.entries()) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined
    const value = Number.parseInt(group, 16)
    bytes[i * 2] = value >> 8
    bytes[i * 2 + 1] = value
  }
  return bytes
}
