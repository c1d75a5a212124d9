import { encodeBase64 } from '../../bytes/base64.ts'
import { encodeUtf8 } from '../../bytes/utf8.ts'

/** What a pure session needs of the runtime's cryptography. */
export type RtspCrypto = {
  /** Hash of the text's UTF-8 bytes, in lower-case hexadecimal digits. */
  hash(algorithm: 'MD5' | 'SHA-256', text: string): string
  /** Unpredictable hexadecimal digits, 16 or more. */
  nonce(): string
}

/** What a server wants to see, RFC 7617 and RFC 7616. */
export type Challenge =
  | { readonly scheme: 'basic'; readonly realm: string }
  | {
      readonly scheme: 'digest'
      readonly realm: string
      readonly nonce: string
      readonly algorithm: 'MD5' | 'SHA-256'
      /** Whether the algorithm ends in `-sess`. */
      readonly isSession: boolean
      readonly opaque: string | undefined
      /** Whether the server offers `qop=auth`. */
      readonly qopAuth: boolean
      readonly stale: boolean
    }

export type Credentials = { readonly username: string; readonly password: string }

/** Challenges that are read of one answer. */
const MAX_CHALLENGES = 8

/** Reads all `WWW-Authenticate` headers of an answer; those that we cannot meet are left out. */
export const decodeChallenges = (headers: readonly string[]): Challenge[] => headers.flatMap(decodeHeader).slice(0, MAX_CHALLENGES)

/** The safest: Digest with SHA-256, then with MD5, then Basic. */
export const bestChallenge = (challenges: readonly Challenge[]): Challenge | undefined => [...challenges].sort((a, b) => strength(b) - strength(a))[0]

/** Makes the `Authorization` headers of a connection. Counts the uses of a nonce. */
export class Authorizer {
  readonly #credentials: Credentials
  readonly #crypto: RtspCrypto
  #challenge: Challenge | undefined
  #uses = 0

  constructor(credentials: Credentials, crypto: RtspCrypto) {
    this.#credentials = credentials
    this.#crypto = crypto
  }

  /**
   * A request was refused with these challenges.
   * @returns whether another attempt makes sense: not if our answer to the same kind of challenge was refused, unless its nonce was stale
   */
  challenged(challenges: readonly Challenge[]): boolean {
    const best = bestChallenge(challenges)
    if (!best) return false
    const isStale = best.scheme === 'digest' && best.stale
    const isNew = this.#challenge === undefined || (best.scheme === 'digest' && this.#challenge.scheme === 'basic')
    // Some servers hand out a new nonce without saying that the old one is stale; once per nonce is enough.
    const isFresh = best.scheme === 'digest' && this.#challenge?.scheme === 'digest' && best.nonce !== this.#challenge.nonce && this.#uses > 1
    this.#challenge = best
    this.#uses = 0
    return isNew || isStale || isFresh
  }

  /** Value of the `Authorization` header, or undefined as long as the server did not ask. */
  authorize(method: string, url: string): string | undefined {
    const challenge = this.#challenge
    if (!challenge) return undefined
    const { username, password } = this.#credentials
    if (challenge.scheme === 'basic') return `Basic ${encodeBase64(encodeUtf8(`${username}:${password}`))}`

    this.#uses++
    const { realm, nonce, algorithm, opaque } = challenge
    const hash = (text: string): string => this.#crypto.hash(algorithm, text)
    const cnonce = this.#crypto.nonce()
    const nc = this.#uses.toString(16).padStart(8, '0')
    const user = hash(`${username}:${realm}:${password}`)
    const ha1 = challenge.isSession ? hash(`${user}:${nonce}:${cnonce}`) : user
    const ha2 = hash(`${method}:${url}`)
    const response = challenge.qopAuth ? hash(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`) : hash(`${ha1}:${nonce}:${ha2}`)
    const parts = [
      `username="${escapeQuotes(username)}"`,
      `realm="${escapeQuotes(realm)}"`,
      `nonce="${escapeQuotes(nonce)}"`,
      `uri="${url}"`,
      `response="${response}"`,
    ]
    // Without an algorithm the challenge is of RFC 2069, and old cameras do not know the parameter: MD5 is left unsaid.
    if (algorithm !== 'MD5' || challenge.isSession) parts.push(`algorithm=${algorithm}${challenge.isSession ? '-sess' : ''}`)
    if (opaque !== undefined) parts.push(`opaque="${escapeQuotes(opaque)}"`)
    if (challenge.qopAuth) parts.push('qop=auth', `nc=${nc}`)
    if (challenge.qopAuth || challenge.isSession) parts.push(`cnonce="${cnonce}"`)
    return `Digest ${parts.join(', ')}`
  }
}

const strength = (challenge: Challenge): number => (challenge.scheme === 'basic' ? 0 : challenge.algorithm === 'MD5' ? 1 : 2)

export const escapeQuotes = (text: string): string => text.replace(/["\\]/g, '\\$&')

/** One header can hold several challenges, divided by the same commas as their parameters. */
const decodeHeader = (header: string): Challenge[] => {
  const found: { scheme: string; parameters: Map<string, string> }[] = []
  const token = /\s*,?\s*(?:([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([A-Za-z][\w-]*)(?=\s|$))/y
  for (let match = token.exec(header); match && match[0] !== ''; match = token.exec(header)) {
    const [, name, quoted, plain, scheme] = match
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: new Map() })
    else if (name !== undefined) found.at(-1)?.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '')
  }
  return found.map(({ scheme, parameters }) => toChallenge(scheme, parameters)).filter((challenge) => challenge !== undefined)
}

const toChallenge = (scheme: string, parameters: ReadonlyMap<string, string>): Challenge | undefined => {
  const realm = parameters.get('realm') ?? ''
  if (scheme === 'basic') return { scheme, realm }
  const nonce = parameters.get('nonce')
  const [, algorithm, session] = /^(MD5|SHA-256)(-sess)?$/i.exec(parameters.get('algorithm') || 'MD5') ?? []
  if (scheme !== 'digest' || nonce === undefined || algorithm === undefined) return undefined
  const qop = parameters.get('qop')
  const qopAuth = (qop ?? '').split(',').some((option) => option.trim().toLowerCase() === 'auth')
  // A server that wants nothing but auth-int wants the body hashed, too, which none is known to do.
  if (qop && !qopAuth) return undefined
  return {
    scheme,
    realm,
    nonce,
    algorithm: algorithm.toUpperCase() === 'MD5' ? 'MD5' : 'SHA-256',
    isSession: session !== undefined,
    opaque: parameters.get('opaque'),
    qopAuth,
    stale: parameters.get('stale')?.toLowerCase() === 'true',
  }
}
