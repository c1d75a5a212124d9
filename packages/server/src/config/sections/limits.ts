import { isIP } from 'node:net'
import { z } from 'zod'
import { integer, section } from '../fields.ts'

const NETWORK_ERROR = 'must be an IP address or network: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32'

const isNetwork = (text: string): boolean => {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}

/** An IP address or network. */
export const network = z.string({ error: NETWORK_ERROR }).refine(isNetwork, { error: NETWORK_ERROR })

/** What holds floods off. */
export const limitsSection = section({
  connections: integer(10_000, 1, 1_000_000, 'a number of connections').describe('connections of TCP, of all protocols together'),
  connectionsPerAddress: integer(500, 1, 1_000_000, 'a number of connections').describe('connections of one address; a network of IPv6 (/64) counts as one'),
  newConnectionsPerSecond: integer(100, 1, 100_000, 'a number of connections a second').describe(
    'new connections of one address in a second; twice as many may come at once',
  ),
  exempt: z
    .array(network, { error: 'must be a list of IP addresses and networks' })
    .max(64, { error: 'may have 64 entries at most' })
    .default(['127.0.0.0/8', '::1'])
    .describe('addresses and networks that only the limit of all connections holds for: this machine, a reverse proxy'),
}).prefault({})
