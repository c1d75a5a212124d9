import type { Action } from '../config/sections/auth.ts'

export type { Action }

/** What an Authorization header with Digest says, RFC 7616 section 3.4. Who made the challenge has checked the nonce. */
export type DigestProof = {
  readonly username: string
  readonly realm: string
  readonly nonce: string
  /** As in the header; who made the challenge has compared it with the request's. */
  readonly uri: string
  /** Of the request: DESCRIBE, SETUP. */
  readonly method: string
  /** Hexadecimal. */
  readonly response: string
  readonly algorithm: 'MD5' | 'SHA-256'
  readonly qop?: 'auth' | undefined
  readonly cnonce?: string | undefined
  readonly nc?: string | undefined
}

/** As the protocol carried them, not checked. Never to be logged. */
export type Credentials = {
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** Of `Authorization: Bearer`. */
  readonly token?: string | undefined
  /** The URL's query without `?`: `user`, `pass`, `token`, `jwt` and `key` in it are credentials. */
  readonly query?: string | undefined
  readonly digest?: DigestProof | undefined
}

export type AccessProtocol = 'rtsp' | 'rtsps' | 'rtmp' | 'rtmps' | 'webrtc' | 'hls' | 'http' | 'playback' | 'api' | 'metrics'

export type AccessRequest = {
  readonly action: Action
  /** Name of a path; empty where the action has none, such as `api`. */
  readonly path: string
  readonly protocol: AccessProtocol
  /** Without port; IPv4 in IPv6 (`::ffff:10.0.0.7`) counts as IPv4. */
  readonly ip: string
  /** Where the connection comes from, if `ip` is nobody's: attempts are counted by it, and the log names it. */
  readonly source?: string | undefined
  /** Of the session, where it has one already. */
  readonly id?: string | undefined
  readonly userAgent?: string | undefined
  /** Only what is shown depends on it: a denial is neither counted nor told. */
  readonly isProbe?: boolean | undefined
  readonly credentials: Credentials
}

export type AccessGranted = {
  readonly allowed: true
  /** Empty for a client without name. */
  readonly user: string
  /** Milliseconds since 1970 at which the token ends by which access was given. Sessions go on; what is issued on its strength ends with it. */
  readonly expiresAt?: number | undefined
}

export type AccessDenied = {
  readonly allowed: false
  /** For the log; no secrets in it. */
  readonly reason: string
  /** Credentials are missing or wrong (401); false: who it is is known, and may not (403). */
  readonly challenge: boolean
  /** Too many attempts: when to try again, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** Somebody who may do this can prove it by Digest. */
  readonly offersDigest?: boolean | undefined
}

export type AccessDecision = AccessGranted | AccessDenied

/** What an access pass stands for. */
export type PassGrant = {
  readonly action: Action
  readonly path: string
  readonly user: string
  readonly expiresAt?: number | undefined
}

/** Since the start. */
export type AccessCounters = {
  readonly allowed: number
  /** Without credentials, or with wrong ones. */
  readonly unauthorized: number
  /** Known, but not permitted. */
  readonly forbidden: number
  /** Refused unexamined after too many failures. */
  readonly throttled: number
  /** Addresses and users that are slowed now. */
  readonly slowed: number
  /** Passwords that were computed, and not found among those that were right a moment ago. */
  readonly passwordChecks: number
}

/** Decides who may do what. Protocols carry credentials here, and the answer back. */
export type Access = {
  /** Of Basic and Digest. */
  readonly realm: string
  /** Does not reject. */
  authorize(request: AccessRequest): Promise<AccessDecision>
  /** A token that stands for a decision, where credentials cannot be sent again: in the URLs of HLS segments. Safe in URLs. */
  issuePass(grant: PassGrant): string
  /** Whether a token looks like one. */
  isPass(token: string): boolean
  counters(): AccessCounters
  /** Origins of web pages whose scripts may play and publish; `*` for all. */
  readonly allowOrigins: readonly string[]
  /** Whether this address is of a reverse proxy whose X-Forwarded-For is believed. */
  trustsProxy(address: string): boolean
}
