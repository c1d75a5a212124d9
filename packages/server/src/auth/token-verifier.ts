import { createHash } from 'node:crypto'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose'
import { z } from 'zod'
import { ACTIONS, type AuthConfig } from '../config/sections/auth.ts'
import { Permissions } from './permissions.ts'
import { Recent } from './recent.ts'

const CLAIM_KEYS = ['millrace_permissions', 'mediamtx_permissions'] as const
const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512']
const PUBLIC_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
/** Keys are asked for anew after this time, and at once for a key that is not known yet, but not oftener than the second. */
const KEYS_MAX_AGE_MS = 600_000
const KEYS_COOLDOWN_MS = 10_000
/** Clocks differ. */
const CLOCK_TOLERANCE_S = 5
const MAX_REMEMBERED = 5000
const REMEMBER_MS = 60_000

const permissionsSchema = z.array(z.object({ action: z.literal(ACTIONS), path: z.string().default('') })).max(1000)

export type TokenHolder = { readonly user: string; readonly permissions: Permissions /** Milliseconds since 1970. */; readonly expiresAt: number | undefined }

export type TokenVerdict =
  | { readonly ok: true; readonly holder: TokenHolder }
  /** `isGuess`: the signature is wrong. */
  | { readonly ok: false; readonly reason: string; readonly isGuess: boolean }

/** Checks JSON Web Tokens (RFC 7519). */
export class TokenVerifier {
  readonly #claimKeys: readonly string[]
  readonly #options: JWTVerifyOptions
  readonly #key: Uint8Array | JWTVerifyGetKey
  readonly #known = new Recent<TokenHolder>(MAX_REMEMBERED)

  constructor({ jwks, jwksTimeout, secret, issuer, audience, claimKey }: AuthConfig['jwt']) {
    this.#claimKeys = claimKey === undefined ? CLAIM_KEYS : [claimKey]
    this.#options = {
      algorithms: jwks === undefined ? SECRET_ALGORITHMS : PUBLIC_ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    }
    this.#key =
      jwks === undefined
        ? Buffer.from(secret ?? '', 'utf8')
        : createRemoteJWKSet(new URL(jwks), { timeoutDuration: jwksTimeout, cacheMaxAge: KEYS_MAX_AGE_MS, cooldownDuration: KEYS_COOLDOWN_MS })
  }

  /** @param nowMs milliseconds since 1970 */
  async verify(token: string, nowMs: number): Promise<TokenVerdict> {
    const entry = createHash('sha256').update(token).digest('base64')
    const known = this.#known.get(entry, nowMs)
    if (known && (known.expiresAt ?? Number.POSITIVE_INFINITY) > nowMs) return { ok: true, holder: known }
    try {
      // Its overloads differ by the kind of key.
      const { payload } = typeof this.#key === 'function' ? await jwtVerify(token, this.#key, this.#options) : await jwtVerify(token, this.#key, this.#options)
      const holder = this.#holderOf(payload)
      if (!holder) return { ok: false, reason: `the token has no claim ${this.#claimKeys.join(' or ')} with a list of action and path`, isGuess: false }
      this.#known.set(entry, holder, nowMs + REMEMBER_MS)
      return { ok: true, holder }
    } catch (error) {
      return { ok: false, ...reasonOf(error) }
    }
  }

  #holderOf(payload: JWTPayload): TokenHolder | undefined {
    const claim = this.#claimKeys.map((key) => payload[key]).find((value) => value !== undefined)
    const parsed = permissionsSchema.safeParse(typeof claim === 'string' ? jsonOf(claim) : claim)
    if (!parsed.success) return undefined
    try {
      const expiresAt = payload.exp === undefined ? undefined : payload.exp * 1000
      return { user: (payload.sub ?? '').slice(0, 128), permissions: new Permissions(parsed.data), expiresAt }
    } catch {
      // A ~regex that is none, or runs too long.
      return undefined
    }
  }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** None of it repeats what the token holds. */
const reasonOf = (error: unknown): { reason: string; isGuess: boolean } => {
  if (error instanceof errors.JWTExpired) return { reason: 'the token has expired', isGuess: false }
  if (error instanceof errors.JWTClaimValidationFailed) return { reason: `the token's claim ${error.claim} is not what it has to be`, isGuess: false }
  if (error instanceof errors.JWKSTimeout) return { reason: 'the keys for tokens did not come in time', isGuess: false }
  if (error instanceof errors.JWKSNoMatchingKey) return { reason: 'the token is of a key that is not known', isGuess: true }
  if (error instanceof errors.JWSSignatureVerificationFailed) return { reason: "the token's signature is wrong", isGuess: true }
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid || error instanceof errors.JOSEAlgNotAllowed)
    return { reason: 'the token is no JSON Web Token of the kind that is asked for', isGuess: true }
  return { reason: `the keys for tokens cannot be read (${error instanceof errors.JOSEError ? error.code : 'unreachable'})`, isGuess: false }
}
