import { BlockList, isIPv6 } from 'node:net'
import type { Config } from '../config/schema.ts'
import type { ConnectionLimits } from './connection-guard.ts'

/** The limits of the configuration, as the guard takes them. */
export const connectionLimits = ({ connections, connectionsPerAddress, newConnectionsPerSecond, exempt }: Config['limits']): ConnectionLimits => {
  const list = new BlockList()
  for (const network of exempt) {
    const [address = '', prefix] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return {
    maxConnections: connections,
    maxConnectionsPerAddress: connectionsPerAddress,
    maxNewPerSecondPerAddress: newConnectionsPerSecond,
    isExempt: (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'),
  }
}
