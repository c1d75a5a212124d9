import type { AuthConfig } from '../config/sections/auth.ts'
import type { Log } from '../log/log.ts'
import type { Access, AccessCounters, AccessDecision, AccessDenied, AccessGranted, AccessRequest, PassGrant } from '../net/access.ts'
import type { EventBus } from '../net/event-bus.ts'
import { isLoopback, NetworkList, plainAddress } from './addresses.ts'
import { Callback } from './callback.ts'
import { type Claims, claimsOf } from './claims.ts'
import { checkDigest, REALM } from './digest.ts'
import { Guessing } from './guessing.ts'
import { BusyError } from './limited.ts'
import { isPass, Passes } from './passes.ts'
import { PasswordChecker } from './password-checker.ts'
import { isStreamKey } from './stream-key.ts'
import { TokenVerifier } from './token-verifier.ts'
import { type Account, UserDirectory } from './user-directory.ts'
import type { UserStore } from './user-store.ts'

type Parts = { readonly config: AuthConfig; readonly store: UserStore; readonly log: Log; readonly events: EventBus }
type Rules = {
  readonly config: AuthConfig
  readonly users: UserDirectory
  readonly tokens: TokenVerifier
  readonly callback: Callback
  readonly proxies: NetworkList
}

/** `source` is known. */
type Asked = AccessRequest & { readonly source: string }
type Attempt = { readonly source: string; readonly user: string; readonly attempt: string }

const ANONYMOUS: AccessGranted = { allowed: true, user: '' }
const WRONG = 'unknown user or wrong password'

/** The one place that decides who may do what. */
export class AccessControl implements Access {
  readonly realm = REALM
  readonly #store: UserStore
  readonly #log: Log
  readonly #events: EventBus
  readonly #passwords = new PasswordChecker()
  readonly #guessing = new Guessing()
  readonly #passes: Passes
  readonly #counts = { allowed: 0, unauthorized: 0, forbidden: 0, throttled: 0 }
  #rules: Rules

  constructor({ config, store, log, events }: Parts) {
    this.#store = store
    this.#log = log
    this.#events = events
    this.#rules = this.#rulesOf(config)
    // Of all users it is the password's hash that changes; whoever is gone has none.
    this.#passes = new Passes((user) => this.#rules.users.find(user)?.pass ?? '')
  }

  /** What is decided from now on is decided by this; who is in stays in. */
  configure(config: AuthConfig): void {
    if (config !== this.#rules.config) this.#rules = this.#rulesOf(config)
  }

  async authorize(request: AccessRequest): Promise<AccessDecision> {
    const ip = plainAddress(request.ip)
    if (this.#rules.config.loopback && isLoopback(ip)) {
      this.#counts.allowed++
      return ANONYMOUS
    }
    const claims = claimsOf(request.credentials)
    const asked = { ...request, ip, source: plainAddress(request.source ?? ip) }
    const decision = await this.#decide(asked, claims)
    if (decision.allowed) this.#counts.allowed++
    else if (!request.isProbe) this.#noteDenial(asked, claims, decision)
    return decision
  }

  issuePass(grant: PassGrant): string {
    return this.#passes.issue(grant, Date.now())
  }

  isPass(token: string): boolean {
    return isPass(token)
  }

  get allowOrigins(): readonly string[] {
    return this.#rules.config.allowOrigins
  }

  trustsProxy(address: string): boolean {
    return this.#rules.proxies.has(address)
  }

  counters(): AccessCounters {
    return { ...this.#counts, slowed: this.#guessing.slowed(), passwordChecks: this.#passwords.checks }
  }

  #rulesOf(config: AuthConfig): Rules {
    const { users, jwt, http, trustedProxies } = config
    return {
      config,
      users: new UserDirectory(users, this.#store),
      tokens: new TokenVerifier(jwt),
      callback: new Callback(http),
      proxies: new NetworkList(trustedProxies),
    }
  }

  async #decide(request: Asked, claims: Claims): Promise<AccessDecision> {
    const { action, path } = request
    if (isPass(claims.token)) return this.#decideByPass(request, claims.token)
    const key = action === 'publish' ? this.#store.streamKey(path) : undefined
    // Nobody guesses 256 bits: there is nothing to slow down.
    if (key !== undefined && [claims.token, claims.password].some((given) => given !== '' && isStreamKey(given, key)))
      return { allowed: true, user: 'stream key' }
    switch (this.#rules.config.method) {
      case 'internal':
        return this.#decideByUsers(request, claims)
      case 'jwt':
        return this.#decideByToken(request, claims)
      case 'http':
        return this.#decideByCallback(request, claims)
    }
  }

  #decideByPass({ action, path, ip }: AccessRequest, token: string): AccessDecision {
    const { users, config } = this.#rules
    const pass = this.#passes.check(token, action, path, Date.now())
    if (!pass) return unauthorized('the pass has ended, or is of another path')
    // What the user may do can have changed since.
    const isPermitted = config.method !== 'internal' || (users.find(pass.user)?.may(action, path, ip) ?? false)
    return isPermitted ? { allowed: true, ...pass } : forbidden(request(action, path))
  }

  async #decideByUsers(request: Asked, claims: Claims): Promise<AccessDecision> {
    const { action, path, ip, source, credentials } = request
    const { users } = this.#rules
    if (users.allowsAnybody(action, path, ip)) return ANONYMOUS
    const { digest } = credentials
    const offersDigest = users.offersDigest(action, path, ip)
    if (!digest && claims.user === '') return { ...unauthorized(claims.isNamed ? WRONG : 'no credentials'), offersDigest }
    const name = digest?.username ?? claims.user
    const account = users.find(name)
    // Password and Digest alike: whoever was told to wait may not try out either.
    const isRight = async (): Promise<boolean> =>
      digest ? account?.ha1 !== undefined && checkDigest(digest, account.ha1) : this.#passwords.check(source, name, claims.password, account?.pass)
    const isRemembered = !digest && account?.pass !== undefined && this.#passwords.remembers(source, name, claims.password, account.pass)
    if (isRemembered) return decisionOf(account, request)
    // Clients begin with Digest where it is offered: that the user has none is no guess. Nor does it tell which users there are.
    if (digest && account?.ha1 === undefined) return unauthorized(account ? 'the user has no Digest: see `millrace user password NAME --digest`' : WRONG)
    const attempt = this.#guessing.attemptOf(source, name, digest ? `${digest.nonce} ${digest.response}` : claims.password, account?.pass ?? '')
    return this.#examine({ source, user: name, attempt }, isRight, () => (account ? decisionOf(account, request) : unauthorized(WRONG)), {
      ...unauthorized(WRONG),
      offersDigest,
    })
  }

  async #decideByToken({ action, path, source }: Asked, claims: Claims): Promise<AccessDecision> {
    // Clients that can send nothing but a password send the token as one.
    const token = claims.token || claims.password
    if (token === '') return unauthorized('no token')
    const waitMs = this.#guessing.waitMs(source, '')
    if (waitMs > 0) return throttled(waitMs)
    const verdict = await this.#rules.tokens.verify(token, Date.now())
    if (!verdict.ok) {
      if (verdict.isGuess) this.#guessing.fail(source, '', this.#guessing.attemptOf(source, token))
      return unauthorized(verdict.reason)
    }
    const { user, permissions, expiresAt } = verdict.holder
    return permissions.allow(action, path) ? { allowed: true, user, expiresAt } : forbidden(request(action, path), user)
  }

  async #decideByCallback(asked: Asked, claims: Claims): Promise<AccessDecision> {
    const { callback } = this.#rules
    if (callback.excludes(asked)) return ANONYMOUS
    const waitMs = claims.isNamed ? this.#guessing.waitMs(asked.source, claims.user) : 0
    if (waitMs > 0) return throttled(waitMs)
    const verdict = await callback.ask(asked, claims, Date.now())
    switch (verdict) {
      case 'allowed':
        this.#guessing.succeed(asked.source, claims.user)
        return { allowed: true, user: claims.user.slice(0, 128) }
      case 'refused':
        // The list of paths asks for each of them, and some are not this user's.
        if (claims.isNamed) this.#guessing.fail(asked.source, claims.user, this.#guessing.attemptOf(asked.source, claims.user, claims.password, claims.token))
        return unauthorized(claims.isNamed ? 'auth.http.address refused it' : 'no credentials')
      case 'busy':
        return { ...throttled(1000), reason: 'too many questions to auth.http.address wait for an answer' }
      case 'no-answer':
        return { allowed: false, challenge: false, reason: 'auth.http.address does not answer as it should' }
    }
  }

  /** Attempts of one address are examined one after another, and not at all while it has to wait. */
  async #examine(
    { source, user, attempt }: Attempt,
    isRight: () => Promise<boolean>,
    decide: () => AccessDecision,
    wrong: AccessDenied,
  ): Promise<AccessDecision> {
    try {
      return await this.#guessing.inLine(source, async () => {
        const waitMs = this.#guessing.waitMs(source, user)
        if (waitMs > 0) {
          // Or the remembered password would tell by its answer which guess was right.
          this.#passwords.forget(source, user)
          return throttled(waitMs)
        }
        if (this.#guessing.isKnownWrong(attempt)) return wrong
        if (await isRight()) {
          this.#guessing.succeed(source, user)
          return decide()
        }
        this.#guessing.fail(source, user, attempt)
        return wrong
      })
    } catch (error) {
      if (error instanceof BusyError) return { ...throttled(1000), reason: error.message }
      throw error
    }
  }

  #noteDenial({ action, path, protocol, source, id }: Asked, claims: Claims, { reason, challenge, retryAfterMs }: AccessDenied): void {
    if (retryAfterMs !== undefined) this.#counts.throttled++
    else if (challenge) this.#counts.unauthorized++
    else this.#counts.forbidden++
    const fields = { ...(path !== '' && { path }), protocol, client: source, action }
    // Every client begins without credentials, and whoever is throttled was logged before.
    if ((challenge && !claims.isNamed) || retryAfterMs !== undefined) {
      this.#log.debug(fields, `access denied: ${reason}`)
      return
    }
    this.#log.warn(fields, `access denied: ${reason}`)
    this.#events.publish({ type: 'access-denied', path, protocol, remote: source, reason, ...(id !== undefined && { session: id }) })
  }
}

const unauthorized = (reason: string): AccessDenied => ({ allowed: false, challenge: true, reason })

const throttled = (retryAfterMs: number): AccessDenied => ({ allowed: false, challenge: true, reason: 'too many failed attempts', retryAfterMs })

const forbidden = (what: string, user = ''): AccessDenied => ({ allowed: false, challenge: false, reason: `${user || 'the client'} may not ${what}` })

const request = (action: string, path: string): string => (path === '' ? `use ${action}` : `${action} ${path}`)

const decisionOf = (account: Account, { action, path, ip }: AccessRequest): AccessDecision =>
  account.may(action, path, ip) ? { allowed: true, user: account.name } : forbidden(request(action, path), account.name)
