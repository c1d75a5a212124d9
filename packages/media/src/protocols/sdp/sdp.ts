import { ProtocolError } from '../../bytes/protocol-error.ts'

/** Longest description that is read, in characters. A browser's offer with every codec it knows has about 8,000. */
export const MAX_SDP_LENGTH = 64 * 1024
export const MAX_SDP_LINES = 2000
export const MAX_SDP_MEDIA = 32
export const MAX_SDP_FORMATS = 128

/** `a=name` or `a=name:value`. */
export type SdpAttribute = readonly [name: string, value: string | undefined]

/** `o=`, RFC 8866 section 5.2. The identifiers are numbers of up to 64 bits: they stay text. */
export type SdpOrigin = {
  readonly username: string
  readonly sessionId: string
  readonly sessionVersion: string
  readonly addressType: string
  readonly address: string
}

/** `c=`, RFC 8866 section 5.7. The address keeps its `/ttl`. */
export type SdpConnection = { readonly addressType: string; readonly address: string }

/** One `m=` section, RFC 8866 section 5.14. */
export type SdpMedia = {
  /** `video`, `audio`, `application`. */
  readonly kind: string
  readonly port: number
  /** `RTP/AVP`, `UDP/TLS/RTP/SAVPF`. */
  readonly protocol: string
  /** For RTP the payload types, as text. */
  readonly formats: readonly string[]
  readonly connection: SdpConnection | undefined
  readonly attributes: readonly SdpAttribute[]
}

/** What we use of a session description. Other lines (`i=`, `u=`, `b=`, `k=`, `r=` …) are read over. */
export type SessionDescription = {
  readonly origin: SdpOrigin
  readonly sessionName: string
  readonly connection: SdpConnection | undefined
  readonly attributes: readonly SdpAttribute[]
  readonly media: readonly SdpMedia[]
}

/** For descriptions whose sender left the origin out, as some cameras do. */
export const DEFAULT_ORIGIN: SdpOrigin = { username: '-', sessionId: '0', sessionVersion: '0', addressType: 'IP4', address: '127.0.0.1' }

/**
 * Reads a session description, RFC 8866. Takes lines in any order within their section, and line ends of LF alone, because cameras do so.
 * @throws ProtocolError `sdp/too-long`, `sdp/bad-line`, `sdp/bad-origin`, `sdp/bad-connection`, `sdp/bad-media`
 */
export const decodeSdp = (text: string): SessionDescription => {
  if (text.length > MAX_SDP_LENGTH) throw new ProtocolError('sdp/too-long', `session description of ${text.length} characters: ${MAX_SDP_LENGTH} are the most`)
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.length > MAX_SDP_LINES) throw new ProtocolError('sdp/too-long', `session description of ${lines.length} lines: ${MAX_SDP_LINES} are the most`)
  if (lines[0] !== 'v=0') throw new ProtocolError('sdp/bad-line', `session description begins with ${quote(lines[0] ?? '')} instead of "v=0"`)

  let origin = DEFAULT_ORIGIN
  let sessionName = '-'
  const session: Section = { connection: undefined, attributes: [] }
  const media: (MediaLine & Section)[] = []
  let section = session
  for (let number = 1; number < lines.length; number++) {
    const line = lines[number] as string
    // Padding at the end, which some senders have: zero bytes and blanks.
    if (isBlank(line)) continue
    const type = line[0]
    if (line[1] !== '=') throw new ProtocolError('sdp/bad-line', `line ${number + 1} of the session description is ${quote(line)} instead of "x=value"`)
    const value = line.slice(2)
    if (type === 'o') origin = decodeOrigin(value)
    else if (type === 's' && section === session) sessionName = value.trim() || '-'
    else if (type === 'c') section.connection = decodeConnection(value)
    else if (type === 'a') section.attributes.push(decodeAttribute(value))
    else if (type === 'm') {
      if (media.length === MAX_SDP_MEDIA) throw new ProtocolError('sdp/too-long', `session description with more than ${MAX_SDP_MEDIA} media sections`)
      const added = { ...decodeMediaLine(value), connection: undefined, attributes: [] }
      media.push(added)
      section = added
    }
  }
  return { origin, sessionName, connection: session.connection, attributes: session.attributes, media }
}

/** Writes a session description with CRLF line ends, in the order of RFC 8866 section 5. */
export const encodeSdp = (description: SessionDescription): string => {
  const { origin } = description
  const lines = [
    'v=0',
    `o=${origin.username} ${origin.sessionId} ${origin.sessionVersion} IN ${origin.addressType} ${origin.address}`,
    `s=${description.sessionName}`,
  ]
  if (description.connection) lines.push(connectionLine(description.connection))
  lines.push('t=0 0')
  for (const attribute of description.attributes) lines.push(attributeLine(attribute))
  for (const media of description.media) {
    lines.push(`m=${media.kind} ${media.port} ${media.protocol} ${media.formats.join(' ')}`)
    if (media.connection) lines.push(connectionLine(media.connection))
    for (const attribute of media.attributes) lines.push(attributeLine(attribute))
  }
  return `${lines.join('\r\n')}\r\n`
}

type Section = { connection: SdpConnection | undefined; attributes: SdpAttribute[] }
type MediaLine = Pick<SdpMedia, 'kind' | 'port' | 'protocol' | 'formats'>

const isBlank = (line: string): boolean => line.replaceAll('\0', '').trim() === ''

const quote = (text: string): string => JSON.stringify(text.slice(0, 40))

const decodeOrigin = (value: string): SdpOrigin => {
  const parts = value.trim().split(/\s+/)
  // From the end, since cameras put blanks into the user name.
  const [sessionId, sessionVersion, networkType, addressType, address] = parts.slice(-5)
  if (parts.length < 6 || networkType !== 'IN' || !sessionId || !sessionVersion || !addressType || !address) {
    throw new ProtocolError('sdp/bad-origin', `o=${quote(value)} instead of "o=<user> <id> <version> IN IP4|IP6 <address>"`)
  }
  return { username: parts.slice(0, -5).join('-'), sessionId, sessionVersion, addressType, address }
}

const decodeConnection = (value: string): SdpConnection => {
  const [networkType, addressType, address, ...more] = value.trim().split(/\s+/)
  if (networkType !== 'IN' || !addressType || !address || more.length > 0) {
    throw new ProtocolError('sdp/bad-connection', `c=${quote(value)} instead of "c=IN IP4|IP6 <address>"`)
  }
  return { addressType, address }
}

const decodeAttribute = (value: string): SdpAttribute => {
  const colon = value.indexOf(':')
  return colon < 0 ? [value.trim(), undefined] : [value.slice(0, colon).trim(), value.slice(colon + 1).trim()]
}

const decodeMediaLine = (value: string): MediaLine => {
  const [kind, ports, protocol, ...formats] = value.trim().split(/\s+/)
  const port = /^(\d{1,5})(?:\/\d+)?$/.exec(ports ?? '')?.[1]
  if (!kind || port === undefined || Number(port) > 65535 || !protocol || formats.length === 0) {
    throw new ProtocolError('sdp/bad-media', `m=${quote(value)} instead of "m=<kind> <port> <protocol> <formats>"`)
  }
  if (formats.length > MAX_SDP_FORMATS) throw new ProtocolError('sdp/bad-media', `m=${kind} with more than ${MAX_SDP_FORMATS} formats`)
  return { kind, port: Number(port), protocol, formats }
}

const connectionLine = (connection: SdpConnection): string => `c=IN ${connection.addressType} ${connection.address}`
const attributeLine = ([name, value]: SdpAttribute): string => (value === undefined ? `a=${name}` : `a=${name}:${value}`)
