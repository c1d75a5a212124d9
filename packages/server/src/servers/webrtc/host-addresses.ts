import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Candidates in one answer; a machine with many virtual interfaces would make it endless. */
const MAX_ADDRESSES = 16

/**
 * Addresses at which players can reach a port that is bound to `host`: that one, or for an unspecified one those of all interfaces.
 * @param additional as configured, for address translation and forwarded ports
 */
export const hostAddresses = (host: string, additional: readonly string[]): string[] => {
  const addresses = host === '0.0.0.0' || host === '::' ? interfaceAddresses(host === '::') : [host]
  return [...new Set([...addresses, ...additional])].slice(0, MAX_ADDRESSES)
}

const interfaceAddresses = (withIpv6: boolean): string[] => {
  const entries = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const usable = entries.filter(({ address, family }) => family === 'IPv4' || (withIpv6 && !/^fe80:/i.test(address)))
  const outside = usable.filter(({ internal }) => !internal).map(({ address }) => address)
  // Without a network, or for a browser on the same machine that has lost its network, there is the loopback.
  const found = outside.length > 0 ? outside : usable.map(({ address }) => address)
  return found.sort((a, b) => Number(isIPv4(b)) - Number(isIPv4(a)))
}
