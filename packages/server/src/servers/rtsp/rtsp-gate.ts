import { randomBytes } from 'node:crypto'
import { decodeAuthorization, encodeChallenges } from '@millrace/media/protocols/rtsp/authorization.ts'
import type { RtspHeader } from '@millrace/media/protocols/rtsp/headers.ts'
import type { Claim } from '@millrace/media/protocols/rtsp/rtsp-server-session.ts'
import { pathNameOf, splitTrackControl } from '@millrace/media/protocols/rtsp/rtsp-url.ts'
import type { Access, AccessDenied, Credentials, DigestProof } from '../../net/access.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { Remote } from './parts.ts'

/** A nonce is of one connection; after this time the client gets another one. */
const NONCE_LIFETIME_MS = 300_000
/** Refusals after which a connection is closed. */
const MAX_REFUSALS = 8

/** How a request is refused. */
export type RtspRefusal = {
  readonly status: 401 | 403
  readonly reason: string
  readonly headers: readonly RtspHeader[]
  readonly thenClose: boolean
}

/** Carries one connection's credentials to who decides, by Basic (RFC 7617), Digest (RFC 7616), Bearer or the URL's query. */
export class RtspGate {
  readonly #access: Access
  readonly #remote: Remote
  readonly #protocol: 'rtsp' | 'rtsps'
  #nonce = { text: '', untilMs: 0 }
  #granted = ''
  #refusals = 0
  /** Of whom was let in; empty for nobody. */
  user = ''
  userAgent = ''

  constructor(access: Access, remote: Remote, protocol: 'rtsp' | 'rtsps') {
    this.#access = access
    this.#remote = remote
    this.#protocol = protocol
  }

  /** @returns undefined for a client that may */
  async authorize(action: 'publish' | 'read', path: string, claim: Claim): Promise<RtspRefusal | undefined> {
    if (this.#granted === `${action} ${path}`) return undefined
    const given = this.#credentialsOf(claim)
    if (given === 'stale') return this.#refuse(401, 'the nonce is old', this.#challenges(true, true))
    const { userAgent } = claim
    const decision = await this.#access.authorize({ action, path, protocol: this.#protocol, ip: this.#remote.address, userAgent, credentials: given })
    if (!decision.allowed) return this.#answer(action, path, decision, given.digest !== undefined)
    this.#granted = `${action} ${path}`
    this.user = decision.user
    this.userAgent = userAgent
    return undefined
  }

  #answer(action: string, path: string, { challenge, retryAfterMs, offersDigest = false }: AccessDenied, hasTriedDigest: boolean): RtspRefusal {
    if (retryAfterMs !== undefined) {
      const seconds = String(Math.ceil(retryAfterMs / 1000))
      return { status: 403, reason: `too many attempts: try again in ${seconds} s`, headers: [['Retry-After', seconds]], thenClose: true }
    }
    if (!challenge) return this.#refuse(403, `you may not ${action} ${path}: who runs this server can permit it`, [])
    const detail = `to ${action} ${path}, give a user and password: rtsp://USER:PASSWORD@...`
    // Whoever could not do it by Digest may be able to by Basic, which clients take where it stands alone.
    return this.#refuse(401, detail, this.#challenges(offersDigest && !hasTriedDigest, false))
  }

  #refuse(status: 401 | 403, reason: string, headers: readonly RtspHeader[]): RtspRefusal {
    return { status, reason, headers, thenClose: ++this.#refusals >= MAX_REFUSALS }
  }

  #challenges(withDigest: boolean, isStale: boolean): RtspHeader[] {
    if (withDigest && monotonicMs() >= this.#nonce.untilMs) {
      this.#nonce = { text: randomBytes(16).toString('hex'), untilMs: monotonicMs() + NONCE_LIFETIME_MS }
    }
    const digest = withDigest ? { nonce: this.#nonce.text, isStale } : undefined
    return encodeChallenges({ realm: this.#access.realm, digest }).map((challenge) => ['WWW-Authenticate', challenge])
  }

  #credentialsOf({ method, url, authorization }: Claim): Credentials | 'stale' {
    const query = /\?([^/]*)/.exec(url)?.[1] ?? ''
    const decoded = decodeAuthorization(authorization)
    switch (decoded?.scheme) {
      case 'basic':
        return { query, user: decoded.user, password: decoded.password }
      case 'bearer':
        return { query, token: decoded.token }
      case 'digest': {
        // Of another connection, or of before: to be done again, and no guess.
        if (decoded.nonce !== this.#nonce.text || monotonicMs() >= this.#nonce.untilMs) return 'stale'
        const { scheme: _scheme, ...proof } = decoded
        return isSamePath(proof.uri, url) ? { query, digest: { ...proof, method } satisfies DigestProof } : { query }
      }
      default:
        return { query }
    }
  }
}

/** Some clients name the stream where the request names its track. */
const isSamePath = (a: string, b: string): boolean => pathOf(a) === pathOf(b)

const pathOf = (url: string): string => pathNameOf(splitTrackControl(url).base)
