import { formatIpAddress, parseIpAddress, type TransportAddress } from '../stun/transport-address.ts'

/** Longest `a=candidate` that is read, in characters. */
const MAX_CANDIDATE_LENGTH = 512

/** Type preferences of RFC 8445 section 5.1.2.2; TCP's is below that of all ways by UDP, as RFC 6544 section 4.2 wants it. */
const HOST_UDP_PREFERENCE = 126
const HOST_TCP_PREFERENCE = 90
/** RFC 6544 section 4.2: direction preference of a passive host candidate, above the 13 bits that tell candidates apart. */
const PASSIVE_DIRECTION = 4 * 2 ** 13

/** `a=candidate`, RFC 8839 section 5.1 and RFC 6544 section 4.5, as far as it says where a peer can be reached. */
export type Candidate = {
  readonly foundation: string
  readonly transport: 'udp' | 'tcp'
  /** 0 to 2^32 - 1. */
  readonly priority: number
  /** An IP address, or a name that only the peer's network knows (`….local`). */
  readonly address: string
  readonly port: number
  /** `host`, `srflx`, `prflx`, `relay` or one that we do not know. */
  readonly type: string
  /** Of TCP: who opens the connection. */
  readonly tcpType: (typeof TCP_TYPES)[number] | undefined
}

const TCP_TYPES = ['active', 'passive', 'so'] as const

/**
 * Values of the `a=candidate` lines of a server that is reached at those addresses, best first: all by UDP, and then all by TCP, where it
 * waits for connections. Candidates of one address and transport have one foundation (RFC 8445 section 5.1.1.3).
 * @param addresses at most 100
 */
export const hostCandidates = (addresses: readonly TransportAddress[], withTcp: boolean): string[] => {
  const foundations = [...new Set(addresses.map(({ address }) => address))]
  const udp = addresses.map(({ address, port }, position) => {
    const foundation = foundations.indexOf(address) + 1
    return `${foundation} 1 udp ${priority(HOST_UDP_PREFERENCE, 65535 - position)} ${written(address)} ${port} typ host`
  })
  if (!withTcp) return udp
  const tcp = addresses.map(({ address, port }, position) => {
    const foundation = foundations.length + foundations.indexOf(address) + 1
    return `${foundation} 1 tcp ${priority(HOST_TCP_PREFERENCE, PASSIVE_DIRECTION + 8191 - position)} ${written(address)} ${port} typ host tcptype passive`
  })
  return [...udp, ...tcp]
}

/**
 * Reads what follows `a=candidate:`.
 * @returns undefined for one that cannot be used here: another transport or component, or not of this form. It is to be passed over in silence
 * (RFC 9725 section 4.3.2)
 */
export const decodeCandidate = (value: string): Candidate | undefined => {
  if (value.length > MAX_CANDIDATE_LENGTH) return undefined
  const [foundation = '', component, transport = '', priorityText = '', address = '', portText = '', typ, type = '', ...extensions] = value.trim().split(/ +/)
  const lowerTransport = transport.toLowerCase()
  const port = decimal(portText, 65535)
  const rank = decimal(priorityText, 2 ** 32 - 1)
  const usable = /^[\w+/]{1,32}$/.test(foundation) && component === '1' && typ === 'typ' && /^[\w-]{1,32}$/.test(type)
  if (!usable || port === undefined || rank === undefined || !isHost(address) || (lowerTransport !== 'udp' && lowerTransport !== 'tcp')) return undefined
  const common = { foundation, priority: rank, address, port, type }
  if (lowerTransport === 'udp') return { ...common, transport: 'udp', tcpType: undefined }
  const at = extensions.indexOf('tcptype')
  const tcpType = TCP_TYPES.find((known) => at >= 0 && known === extensions[at + 1])
  return tcpType && { ...common, transport: 'tcp', tcpType }
}

/** RFC 8445 section 5.1.2.1, for component 1. */
const priority = (type: number, local: number): number => type * 2 ** 24 + local * 2 ** 8 + 255

/** IPv6 is written in full: some readers know no `::`. */
const written = (address: string): string => {
  const bytes = parseIpAddress(address)
  return bytes?.length === 16 ? formatIpAddress(bytes) : address
}

const decimal = (text: string, most: number): number | undefined => (/^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : undefined)

/** An address, or a domain name: RFC 8839 section 5.1. Browsers hide their addresses behind names of multicast DNS. */
const isHost = (text: string): boolean => parseIpAddress(text) !== undefined || /^(?=.{1,253}$)[a-z\d-]{1,63}(\.[a-z\d-]{1,63})*\.?$/i.test(text)
