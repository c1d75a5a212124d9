import { BlockList, isIP } from 'node:net'

/** An address as rules and tables know it: IPv4 in IPv6 (`::ffff:10.0.0.7`) is IPv4, without zone. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '')

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

/** Whether an address is in one of some networks. */
export class NetworkList {
  readonly #networks = new BlockList()

  /** @param networks `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32` */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', prefix] = network.split('/')
      const family = familyOf(address)
      this.#networks.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family)
    }
  }

  has(address: string): boolean {
    const plain = plainAddress(address)
    return isIP(plain) !== 0 && this.#networks.check(plain, familyOf(plain))
  }
}

const LOOPBACK = new NetworkList(['127.0.0.0/8', '::1'])

/** Whether the client is on this machine. */
export const isLoopback = (address: string): boolean => address === '127.0.0.1' || address === '::1' || LOOPBACK.has(address)

/** What attempts are counted by: an address, or the network of IPv6 (/64) that one client has all of. */
export const addressGroup = (address: string): string => {
  const plain = plainAddress(address)
  if (isIP(plain) !== 6) return plain
  const [head = '', tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const filled = tail === undefined ? groups : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0'), ...rest]
  return `${filled
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
