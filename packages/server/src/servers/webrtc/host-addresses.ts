import { isIPv4 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import type { TransportAddress } from '@millrace/media/protocols/stun/transport-address.ts'
import type { Interfaces } from './interface-list.ts'

/** In one answer; a machine with many virtual interfaces would make it endless. */
const MAX_ADDRESSES = 16

/** An address of this machine as seen from outside. */
export type AdditionalHost = {
  readonly address: string
  /** Undefined for the same one as inside. */
  readonly port: number | undefined
}

/** A server there is for its own machine alone. */
export const isLoopback = (host: string): boolean => host === '::1' || host.startsWith('127.')

/**
 * Where the port of a server on `host` is bound. Firefox tries no candidate on the loopback, so a server there has to be reached at the
 * machine's other addresses too; `isOwnAddress` keeps the rest of the world out.
 */
export const bindAddress = (host: string): string => {
  if (!isLoopback(host)) return host
  return host === '::1' ? '::' : '0.0.0.0'
}

/** Whether what comes from `address` comes from this machine. */
export const isOwnAddress = (address: string, interfaces: Interfaces): boolean => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return isLoopback(plain) || Object.values(interfaces).some((list = []) => list.some((entry) => entry.address === plain))
}

/**
 * Where players reach the port of a server on `host`, best first: there, or for `0.0.0.0` and `::` at the addresses of all interfaces, IPv4
 * and IPv6 in turn (RFC 8421 section 4), for the loopback at both, and at those that address translation and forwarded ports add.
 */
export const hostAddresses = (host: string, port: number, additional: readonly AdditionalHost[], interfaces: Interfaces): TransportAddress[] => {
  const bound = bindAddress(host)
  const own = [...(host === bound && isEverywhere(host) ? [] : [host]), ...(isEverywhere(bound) ? interfaceAddresses(bound === '::', interfaces) : [])]
  const outside = additional.map((entry) => ({ address: entry.address, port: entry.port ?? port }))
  // What was written down is wanted, whatever else there is.
  const all = [...own.map((address) => ({ address, port })).slice(0, MAX_ADDRESSES - outside.length), ...outside]
  return all.filter((entry, i) => all.findIndex((other) => other.address === entry.address && other.port === entry.port) === i)
}

const isEverywhere = (host: string): boolean => host === '0.0.0.0' || host === '::'

const interfaceAddresses = (withIpv6: boolean, interfaces: Interfaces): string[] => {
  const lists = Object.values(interfaces).map((list = []) => list.filter((entry) => isReachable(entry) && (withIpv6 || entry.family === 'IPv4')))
  const usable = lists.flatMap(withoutTemporary)
  const outside = usable.filter(({ internal }) => !internal)
  // Without a network there is the loopback.
  const found = (outside.length > 0 ? outside : usable).map(({ address }) => address)
  return alternate(
    found.filter(isIPv4),
    found.filter((address) => !isIPv4(address)),
  )
}

/** Link-local addresses (RFC 3927, RFC 4291 section 2.5.6) need a zone that only the peer's machine knows. */
const isReachable = ({ address }: NetworkInterfaceInfo): boolean => !/^(?:fe[89ab][0-9a-f]:|169\.254\.)/i.test(address)

/**
 * One IPv6 address of each of an interface's networks: beside the lasting one systems make temporary ones (RFC 8981), which lead to the same
 * place and go away. The system does not say which they are; one that is made of the hardware address lasts, and the oldest is listed last.
 */
const withoutTemporary = (list: readonly NetworkInterfaceInfo[]): NetworkInterfaceInfo[] => {
  const lasting = new Map<string, NetworkInterfaceInfo>()
  for (const entry of list) {
    const key = entry.family === 'IPv4' ? entry.address : networkOf(entry)
    const known = lasting.get(key)
    if (!known || !isOfHardware(known.address)) lasting.set(key, entry)
  }
  return [...lasting.values()]
}

const networkOf = ({ address, netmask }: NetworkInterfaceInfo): string => {
  const mask = groups(netmask)
  return groups(address)
    .map((group, i) => group & (mask[i] ?? 0))
    .join(':')
}

/** RFC 4291 appendix A: FF FE in the middle of the interface's part. */
const isOfHardware = (address: string): boolean => {
  const [, , , , , second = 0, third = 0] = groups(address)
  return (second & 0xff) === 0xff && third >> 8 === 0xfe
}

/** The eight groups of an IPv6 address as the system writes it. */
const groups = (address: string): number[] => {
  const [head = '', tail] = address.split('::')
  const numbers = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const front = numbers(head)
  if (tail === undefined) return front
  const back = numbers(tail)
  return [...front, ...new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0), ...back]
}

const alternate = (first: readonly string[], second: readonly string[]): string[] => {
  const longest = Math.max(first.length, second.length)
  return Array.from({ length: longest }, (_, i) => [first[i], second[i]].filter((address) => address !== undefined)).flat()
}
