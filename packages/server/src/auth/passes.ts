import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Action } from '../config/sections/auth.ts'
import type { PassGrant } from '../net/access.ts'

/** Passes begin with it. */
const MARK = 'mp1.'
/** A lecture day. */
const LIFETIME_MS = 12 * 3_600_000
const MAX_LENGTH = 2048

const claims = z.tuple([z.string(), z.string(), z.string(), z.string(), z.number()])

/**
 * Tokens that stand for a decision: signed, for one action on one path, and of this process: after a restart clients log in again. They carry a stamp of the
 * user's password, so that they end with it.
 */
export class Passes {
  readonly #key = randomBytes(32)
  readonly #stampOf: (user: string) => string

  /** @param stampOf changes when passes of the user are to end */
  constructor(stampOf: (user: string) => string) {
    this.#stampOf = stampOf
  }

  issue({ action, path, user, expiresAt = Number.POSITIVE_INFINITY }: PassGrant, nowMs: number): string {
    const until = Math.min(expiresAt, nowMs + LIFETIME_MS)
    const payload = Buffer.from(JSON.stringify([action, path, user, this.#stamp(user), until])).toString('base64url')
    return `${MARK}${payload}.${this.#sign(payload)}`
  }

  /** @returns undefined for what is no pass, or one that ended; the user where it is one for this */
  check(token: string, action: Action, path: string, nowMs: number): { readonly user: string; readonly expiresAt: number } | undefined {
    const [payload = '', signature = ''] = token.slice(MARK.length).split('.')
    const given = Buffer.from(signature)
    const expected = Buffer.from(this.#sign(payload))
    if (token.length > MAX_LENGTH || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
    const [forAction, forPath, user, stamp, expiresAt] = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')))
    const isGood = forAction === action && forPath === path && expiresAt > nowMs && stamp === this.#stamp(user)
    return isGood ? { user, expiresAt } : undefined
  }

  #stamp(user: string): string {
    return createHmac('sha256', this.#key)
      .update(`stamp ${this.#stampOf(user)}`)
      .digest('base64url')
      .slice(0, 16)
  }

  #sign(payload: string): string {
    return createHmac('sha256', this.#key).update(payload).digest('base64url')
  }
}

export const isPass = (token: string): boolean => token.startsWith(MARK)
