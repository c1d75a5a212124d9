import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { monotonicMs } from '../net/clock.ts'
import { Limited } from './limited.ts'
import { hashPassword, verifyPassword } from './password-hash.ts'
import { Recent } from './recent.ts'

/** Each takes 19 MiB and a thread of the pool, which files and DNS need too. */
const AT_ONCE = 2
/** At 30 ms each, a second or two of waiting. */
const MAX_WAITING = 100
const MAX_REMEMBERED = 20_000
const REMEMBER_MS = 300_000

/** Checks passwords: few at a time, and those that were right a moment ago from the same address at once. */
export class PasswordChecker {
  readonly #limited = new Limited(AT_ONCE, MAX_WAITING)
  readonly #key = randomBytes(32)
  readonly #right = new Recent<Buffer>(MAX_REMEMBERED)
  #decoy: Promise<string> | undefined
  /** Computed since the start. */
  checks = 0

  /** Whether this was right a moment ago. */
  remembers(address: string, user: string, password: string, hash: string): boolean {
    const mac = this.#right.get(entryOf(address, user), monotonicMs())
    return mac !== undefined && timingSafeEqual(mac, this.#mac(password, hash))
  }

  /** What is remembered of the user at the address cannot be used to try out passwords. */
  forget(address: string, user: string): void {
    this.#right.delete(entryOf(address, user))
  }

  /**
   * @param hash undefined for a user that there is not: takes as long
   * @throws BusyError
   */
  async check(address: string, user: string, password: string, hash: string | undefined): Promise<boolean> {
    if (hash !== undefined && this.remembers(address, user, password, hash)) return true
    this.#decoy ??= hashPassword(randomBytes(16).toString('hex'))
    const compared = hash ?? (await this.#decoy)
    const isRight = await this.#limited.run(() => {
      this.checks++
      return verifyPassword(password, compared)
    })
    if (!isRight || hash === undefined) return false
    this.#right.set(entryOf(address, user), this.#mac(password, hash), monotonicMs() + REMEMBER_MS)
    return true
  }

  /** The password itself is not kept. */
  #mac(password: string, hash: string): Buffer {
    return createHmac('sha256', this.#key).update(`${hash} ${password}`).digest()
  }
}

const entryOf = (address: string, user: string): string => `${address} ${user}`
