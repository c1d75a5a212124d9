/** Failures that cost nothing: people mistype. */
const FREE_FAILURES = { address: 5, user: 20 } as const
const FIRST_DELAY_MS = 1000
/** A user is slowed for everybody who did not log in before: not for long, or an attacker could keep the user out. */
const MAX_DELAY_MS = { address: 300_000, user: 15_000 } as const
/** One failure is forgiven in this time. */
const FORGIVE_MS = 60_000
/** Entries of one table. When it is full, the one that failed least lately makes room. */
const MAX_ENTRIES = 20_000

export type ThrottleKind = keyof typeof FREE_FAILURES

type Entry = { failures: number; lastMs: number; blockedUntilMs: number }

/** Slows down who guesses: after some free attempts each failure doubles the time in which no further attempt is examined. */
export class Throttle {
  readonly #kind: ThrottleKind
  readonly #entries = new Map<string, Entry>()

  constructor(kind: ThrottleKind) {
    this.#kind = kind
  }

  /** @returns milliseconds until an attempt is examined again, 0 for now */
  waitMs(key: string, nowMs: number): number {
    return Math.max(0, (this.#entries.get(key)?.blockedUntilMs ?? 0) - nowMs)
  }

  fail(key: string, nowMs: number): void {
    const known = this.#entries.get(key)
    const forgiven = known ? Math.floor((nowMs - known.lastMs) / FORGIVE_MS) : 0
    const failures = Math.max(0, (known?.failures ?? 0) - forgiven) + 1
    const over = failures - FREE_FAILURES[this.#kind]
    const delayMs = over <= 0 ? 0 : Math.min(MAX_DELAY_MS[this.#kind], FIRST_DELAY_MS * 2 ** (over - 1))
    // Set anew, it is the last of the map: the first is the one that was quiet for the longest time.
    this.#entries.delete(key)
    this.#entries.set(key, { failures, lastMs: nowMs, blockedUntilMs: nowMs + delayMs })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#entries.delete(oldest)
  }

  /** How many are slowed now. */
  slowed(nowMs: number): number {
    let count = 0
    for (const { blockedUntilMs } of this.#entries.values()) if (blockedUntilMs > nowMs) count++
    return count
  }
}
