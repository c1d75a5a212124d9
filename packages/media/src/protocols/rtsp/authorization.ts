import { decodeBase64 } from '../../bytes/base64.ts'
import { decodeUtf8 } from '../../bytes/utf8.ts'
import { escapeQuotes } from './authentication.ts'
import { readParameters } from './header-parameters.ts'

/** What a client's `Authorization` header says, not checked. */
export type Authorization =
  /** RFC 7617. */
  | { readonly scheme: 'basic'; readonly user: string; readonly password: string }
  /** RFC 6750. */
  | { readonly scheme: 'bearer'; readonly token: string }
  /** RFC 7616 section 3.4. */
  | {
      readonly scheme: 'digest'
      readonly username: string
      readonly realm: string
      readonly nonce: string
      readonly uri: string
      /** Hexadecimal. */
      readonly response: string
      readonly algorithm: 'MD5' | 'SHA-256'
      readonly qop: 'auth' | undefined
      readonly cnonce: string | undefined
      readonly nc: string | undefined
    }

/** Longer headers are no credentials. */
const MAX_LENGTH = 8192

/** @returns undefined for a header that is none of the three, or lacks a part */
export const decodeAuthorization = (header: string): Authorization | undefined => {
  const [, scheme = '', rest = ''] = /^\s*(\w+)\s+(.+?)\s*$/s.exec(header.slice(0, MAX_LENGTH)) ?? []
  switch (scheme.toLowerCase()) {
    case 'basic':
      return decodeBasic(rest)
    case 'bearer':
      return { scheme: 'bearer', token: rest }
    case 'digest':
      return decodeDigest(readParameters(rest))
    default:
      return undefined
  }
}

const decodeBasic = (text: string): Authorization | undefined => {
  const bytes = decodeBase64(text)
  const decoded = bytes && decodeUtf8(bytes)
  const colon = decoded?.indexOf(':') ?? -1
  return decoded === undefined || colon < 0 ? undefined : { scheme: 'basic', user: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

const decodeDigest = (parameters: ReadonlyMap<string, string>): Authorization | undefined => {
  const [username, realm, nonce, uri, response] = ['username', 'realm', 'nonce', 'uri', 'response'].map((name) => parameters.get(name))
  const algorithm = (parameters.get('algorithm') ?? 'MD5').toUpperCase()
  const qop = parameters.get('qop')?.toLowerCase()
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined || response === undefined) return undefined
  if ((algorithm !== 'MD5' && algorithm !== 'SHA-256') || (qop !== undefined && qop !== 'auth')) return undefined
  return { scheme: 'digest', username, realm, nonce, uri, response, algorithm, qop, cnonce: parameters.get('cnonce'), nc: parameters.get('nc') }
}

/** What a server wants to see. */
export type WantedCredentials = {
  readonly realm: string
  /** Digest beside Basic. */
  readonly digest: { readonly nonce: string; readonly isStale: boolean } | undefined
}

/**
 * Values of the `WWW-Authenticate` headers, the strongest first: clients take the first that they know, or the strongest. No qop is offered: few RTSP clients
 * count well, and the nonce is of one connection.
 */
export const encodeChallenges = ({ realm, digest }: WantedCredentials): string[] => {
  const quoted = `realm="${escapeQuotes(realm)}"`
  const basic = `Basic ${quoted}`
  if (!digest) return [basic]
  const common = `Digest ${quoted}, nonce="${escapeQuotes(digest.nonce)}"${digest.isStale ? ', stale=true' : ''}`
  // Without an algorithm it is MD5, and old clients do not know the parameter.
  return [`${common}, algorithm=SHA-256`, common, basic]
}
