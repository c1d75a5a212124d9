import { ProtocolError } from '../../bytes/protocol-error.ts'
import { type Candidate, decodeCandidate } from './candidate.ts'
import type { IceCredentials } from './ice-lite-agent.ts'

/** In characters. */
export const MAX_SDP_FRAGMENT_LENGTH = 16 * 1024
const MAX_LINES = 512
const MAX_CANDIDATES = 128

/** Body of a trickle or an ICE restart, `application/trickle-ice-sdpfrag`: RFC 8840 section 9. */
export type SdpFragment = {
  /** Whose candidates they are; undefined if the fragment does not say. Browsers trickle with a user name alone, a restart has both. */
  readonly ufrag: string | undefined
  readonly password: string | undefined
  /** Those that can be used; the others are passed over. */
  readonly candidates: readonly Candidate[]
  readonly endOfCandidates: boolean
  /** The first media section, that of the bundle's transport: what follows `m=`, and its `a=mid`. */
  readonly mediaLine: string | undefined
  readonly mid: string | undefined
}

/** @throws ProtocolError `ice/bad-fragment` with what would be right */
export const decodeSdpFragment = (text: string): SdpFragment => {
  if (text.length > MAX_SDP_FRAGMENT_LENGTH) throw bad(`${text.length} characters, ${MAX_SDP_FRAGMENT_LENGTH} are the most`)
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.length > MAX_LINES) throw bad(`${lines.length} lines, ${MAX_LINES} are the most`)
  const candidates: Candidate[] = []
  const first = new Map<string, string>()
  for (const [index, line] of lines.entries()) {
    if (line === '') continue
    const [, type, value] = /^([a-z])=(.*)$/.exec(line) ?? []
    if (type === undefined || value === undefined) throw bad(`line ${index + 1} is not of the form a=…`)
    const colon = type === 'a' ? value.indexOf(':') : -1
    const name = type === 'a' ? value.slice(0, colon < 0 ? undefined : colon) : `${type}=`
    const content = colon < 0 ? value : value.slice(colon + 1)
    if (name === 'candidate') {
      const candidate = decodeCandidate(content)
      if (candidate && candidates.length < MAX_CANDIDATES) candidates.push(candidate)
    } else if (!first.has(name)) first.set(name, content)
  }
  const ufrag = first.get('ice-ufrag')
  if (ufrag !== undefined && !UFRAG.test(ufrag)) throw bad('a=ice-ufrag has not 4 to 256 ice characters')
  const password = first.get('ice-pwd')
  if (password !== undefined && !PASSWORD.test(password)) throw bad('a=ice-pwd has not 22 to 256 ice characters')
  const mediaLine = first.get('m=')
  const mid = first.get('mid')
  return {
    ufrag,
    password,
    candidates,
    endOfCandidates: first.has('end-of-candidates'),
    mediaLine: mediaLine !== undefined && MEDIA_LINE.test(mediaLine) ? mediaLine : undefined,
    mid: mid !== undefined && TOKEN.test(mid) ? mid : undefined,
  }
}

/** What a server says of its side after an ICE restart. */
export type LocalFragment = {
  readonly ice: IceCredentials
  /** Values of `a=candidate`. */
  readonly candidates: readonly string[]
  readonly mediaLine: string | undefined
  readonly mid: string | undefined
}

/** Writes the fragment of a lite agent, whose candidates are all there. */
export const encodeSdpFragment = ({ ice, candidates, mediaLine, mid }: LocalFragment): string => {
  const lines = ['a=ice-lite', 'a=ice-options:ice2']
  if (mid !== undefined) lines.push(`a=group:BUNDLE ${mid}`)
  lines.push(`m=${mediaLine ?? PSEUDO_MEDIA}`)
  if (mid !== undefined) lines.push(`a=mid:${mid}`)
  lines.push(`a=ice-ufrag:${ice.ufrag}`, `a=ice-pwd:${ice.password}`)
  for (const candidate of candidates) lines.push(`a=candidate:${candidate}`)
  lines.push('a=end-of-candidates')
  return `${lines.join('\r\n')}\r\n`
}

/** RFC 8839 section 5.4: what a user name and a password must be made of. */
const UFRAG = /^[\w+/]{4,256}$/
const PASSWORD = /^[\w+/]{22,256}$/
/** Of `m=`: kind, port, protocol, formats. */
const MEDIA_LINE = /^[a-z]{1,16} \d{1,5} [\w/]{1,64}(?: [\w-]{1,64}){1,64}$/
const TOKEN = /^[\w.!#$%&'*+^`{|}~-]{1,64}$/
/** RFC 8840 section 9: where nothing is said of the media. */
const PSEUDO_MEDIA = 'audio 9 RTP/AVP 0'

const bad = (what: string): ProtocolError => new ProtocolError('ice/bad-fragment', `ICE fragment: ${what}`)
