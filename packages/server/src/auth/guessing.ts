import { createHmac, randomBytes } from 'node:crypto'
import { monotonicMs } from '../net/clock.ts'
import { addressGroup } from './addresses.ts'
import { Lines } from './lines.ts'
import { Recent } from './recent.ts'
import { Throttle } from './throttle.ts'

/** Attempts of one address that wait to be examined. */
const MAX_WAITING = 50
const MAX_WELCOME = 20_000
const WELCOME_MS = 24 * 3_600_000
const MAX_WRONG = 20_000
const WRONG_MS = 300_000

/** Slows down who guesses, per address and per user. Who logged in from an address before is not slowed there by what others try with the name. */
export class Guessing {
  readonly #addresses = new Throttle('address')
  readonly #users = new Throttle('user')
  readonly #welcome = new Recent<true>(MAX_WELCOME)
  /** Programs repeat what was refused, some of them eight times at once: that is one guess. */
  readonly #wrong = new Recent<true>(MAX_WRONG)
  readonly #key = randomBytes(32)
  readonly #lines = new Lines(MAX_WAITING)

  /** @returns milliseconds until an attempt is examined again, 0 for now */
  waitMs(ip: string, user: string): number {
    const nowMs = monotonicMs()
    const group = addressGroup(ip)
    const ofUser = user === '' || this.#welcome.get(`${group} ${user}`, nowMs) ? 0 : this.#users.waitMs(user, nowMs)
    return Math.max(this.#addresses.waitMs(group, nowMs), ofUser)
  }

  /** @param attempt that failed, as `attemptOf` names it; the same again is no further failure */
  fail(ip: string, user: string, attempt: string): void {
    const nowMs = monotonicMs()
    if (this.#wrong.get(attempt, nowMs)) return
    this.#wrong.set(attempt, true, nowMs + WRONG_MS)
    this.#addresses.fail(addressGroup(ip), nowMs)
    if (user !== '') this.#users.fail(user.slice(0, 128), nowMs)
  }

  /** Names an attempt without what was given. */
  attemptOf(...parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64')
  }

  isKnownWrong(attempt: string): boolean {
    return this.#wrong.get(attempt, monotonicMs()) ?? false
  }

  succeed(ip: string, user: string): void {
    const nowMs = monotonicMs()
    if (user !== '') this.#welcome.set(`${addressGroup(ip)} ${user}`, true, nowMs + WELCOME_MS)
  }

  /** Runs attempts of one address one after another. @throws BusyError */
  inLine<T>(ip: string, task: () => Promise<T>): Promise<T> {
    return this.#lines.run(addressGroup(ip), task)
  }

  slowed(): number {
    const nowMs = monotonicMs()
    return this.#addresses.slowed(nowMs) + this.#users.slowed(nowMs)
  }
}
