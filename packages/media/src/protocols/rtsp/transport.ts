import { ProtocolError } from '../../bytes/protocol-error.ts'

/** Two numbers with a dash: channels or ports, RTP first. */
export type Pair = readonly [rtp: number, rtcp: number]

/** One alternative of a `Transport` header, RFC 2326 section 12.39. */
export type RtspTransport = {
  /** `RTP/AVP`, `RTP/SAVP` … without the lower transport. */
  readonly profile: string
  readonly lower: 'udp' | 'tcp'
  readonly delivery: 'unicast' | 'multicast'
  readonly mode?: 'play' | 'record'
  /** Channels of the RTSP connection. */
  readonly interleaved?: Pair
  readonly clientPort?: Pair
  readonly serverPort?: Pair
  /** Address that a server sends from, where it is not that of the connection. */
  readonly source?: string
  readonly ssrc?: number
}

/** Alternatives that are read of one header. */
const MAX_ALTERNATIVES = 16

/**
 * Reads a `Transport` header. Parameters that we do not know are read over.
 * @throws ProtocolError `rtsp/bad-transport`
 */
export const decodeTransport = (header: string): RtspTransport[] => header.split(',').slice(0, MAX_ALTERNATIVES).map(decodeAlternative)

export const encodeTransport = (transport: RtspTransport): string => {
  const parts = [transport.lower === 'tcp' ? `${transport.profile}/TCP` : transport.profile, transport.delivery]
  if (transport.source !== undefined) parts.push(`source=${transport.source}`)
  if (transport.interleaved) parts.push(`interleaved=${transport.interleaved.join('-')}`)
  if (transport.clientPort) parts.push(`client_port=${transport.clientPort.join('-')}`)
  if (transport.serverPort) parts.push(`server_port=${transport.serverPort.join('-')}`)
  if (transport.ssrc !== undefined) parts.push(`ssrc=${transport.ssrc.toString(16).toUpperCase().padStart(8, '0')}`)
  if (transport.mode) parts.push(`mode=${transport.mode}`)
  return parts.join(';')
}

const decodeAlternative = (text: string): RtspTransport => {
  const [specifier, ...parameters] = text.split(';').map((part) => part.trim())
  const [protocol, profile, lower = 'UDP', ...rest] = (specifier ?? '').toUpperCase().split('/')
  if (protocol !== 'RTP' || !profile || (lower !== 'UDP' && lower !== 'TCP') || rest.length > 0) throw badTransport(text)
  const transport: { -readonly [Key in keyof RtspTransport]: RtspTransport[Key] } = {
    profile: `RTP/${profile}`,
    lower: lower === 'TCP' ? 'tcp' : 'udp',
    // RFC 2326 makes multicast the default, and every client that leaves it out means unicast.
    delivery: 'unicast',
  }
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=')
    const name = (equals < 0 ? parameter : parameter.slice(0, equals)).trim().toLowerCase()
    const value =
      equals < 0
        ? ''
        : parameter
            .slice(equals + 1)
            .trim()
            .replaceAll('"', '')
    if (name === 'multicast') transport.delivery = 'multicast'
    else if (name === 'interleaved') transport.interleaved = decodePair(value, 255, text)
    else if (name === 'client_port') transport.clientPort = decodePair(value, 65535, text)
    else if (name === 'server_port') transport.serverPort = decodePair(value, 65535, text)
    else if (name === 'source' && value !== '') transport.source = value
    // Some servers write it with blanks in front, or in fewer than 8 digits.
    else if (name === 'ssrc' && /^[\da-f]{1,8}$/i.test(value)) transport.ssrc = Number.parseInt(value, 16)
    else if (name === 'mode') transport.mode = /record|receive/i.test(value) ? 'record' : 'play'
  }
  return transport
}

/** `a-b`, or `a` for a and the one after it. */
const decodePair = (value: string, max: number, text: string): Pair => {
  const [, first, second] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value) ?? []
  const rtp = Number(first)
  const rtcp = second === undefined ? rtp + 1 : Number(second)
  if (first === undefined || rtp > max || rtcp > max) throw badTransport(text)
  return [rtp, rtcp]
}

const badTransport = (text: string): ProtocolError =>
  new ProtocolError(
    'rtsp/bad-transport',
    `Transport: ${JSON.stringify(text.trim().slice(0, 80))} instead of "RTP/AVP/TCP;unicast;interleaved=0-1" or "RTP/AVP;unicast;client_port=5000-5001"`,
  )
