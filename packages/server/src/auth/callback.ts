import { createHmac, randomBytes } from 'node:crypto'
import type { AuthConfig } from '../config/sections/auth.ts'
import type { AccessRequest } from '../net/access.ts'
import type { Claims } from './claims.ts'
import { BusyError, Limited } from './limited.ts'
import { Permissions } from './permissions.ts'
import { Recent } from './recent.ts'

const MAX_WAITING = 1000
const MAX_REMEMBERED = 10_000

export type CallbackVerdict = 'allowed' | 'refused' | 'no-answer' | 'busy'

/** Asks a web address whether a client may do something, as MediaMTX does (`authHTTPAddress`). */
export class Callback {
  readonly #options: AuthConfig['http']
  readonly #excluded: Permissions
  readonly #limited: Limited
  readonly #known = new Recent<true>(MAX_REMEMBERED)
  readonly #key = randomBytes(32)

  constructor(options: AuthConfig['http']) {
    this.#options = options
    this.#excluded = new Permissions(options.exclude)
    this.#limited = new Limited(options.concurrency, MAX_WAITING)
  }

  /** Whether this is allowed without asking. */
  excludes({ action, path }: AccessRequest): boolean {
    return this.#excluded.allow(action, path)
  }

  /** @param nowMs milliseconds since 1970 */
  async ask(request: AccessRequest, { user, password, token }: Claims, nowMs: number): Promise<CallbackVerdict> {
    const { ip, action, path, protocol, id = null, userAgent = '', credentials } = request
    const query = credentials.query ?? ''
    const entry = this.#entryOf([user, password, token, ip, action, path, protocol, query])
    if (this.#known.get(entry, nowMs)) return 'allowed'
    try {
      const body = JSON.stringify({ user, password, token, ip, action, path, protocol, id, query, userAgent })
      const isAllowed = await this.#limited.run(() => this.#post(body))
      if (isAllowed && this.#options.cache > 0) this.#known.set(entry, true, nowMs + this.#options.cache)
      return isAllowed ? 'allowed' : 'refused'
    } catch (error) {
      return error instanceof BusyError ? 'busy' : 'no-answer'
    }
  }

  /** @throws Error if there is no answer, or one that is the server's own fault */
  async #post(body: string): Promise<boolean> {
    const { address = '', timeout } = this.#options
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(address, { method: 'POST', headers, body, redirect: 'error', signal: AbortSignal.timeout(timeout) })
    await response.body?.cancel()
    if (response.status >= 500) throw new Error(`status ${response.status}`)
    return response.ok
  }

  /** The credentials themselves are not kept. */
  #entryOf(parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64')
  }
}
