import { monotonicMs } from '../../net/clock.ts'

/** What one turn of the event loop may spend, in milliseconds: packets of those who watch wait at most so long for it. */
const BUDGET_MS = 2

/**
 * Work that may wait, such as handshakes of those who join: it is done at once while this turn's budget lasts, in its order in later turns
 * otherwise, and between two turns everything else has its turn.
 */
export class TurnBudget {
  readonly #now: () => number
  readonly #waiting: (() => void)[] = []
  #spentMs = 0
  #isTurnBegun = false

  /** @param now in milliseconds */
  constructor(now: () => number = monotonicMs) {
    this.#now = now
  }

  run(task: () => void): void {
    if (this.#waiting.length === 0 && this.#spentMs < BUDGET_MS) this.#do(task)
    else this.#waiting.push(task)
    if (!this.#isTurnBegun) {
      this.#isTurnBegun = true
      setImmediate(this.#nextTurn)
    }
  }

  /** The same for a task with a result. */
  call<Result>(task: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.run(() => {
        try {
          resolve(task())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #do(task: () => void): void {
    const startMs = this.#now()
    try {
      task()
    } finally {
      this.#spentMs += this.#now() - startMs
    }
  }

  readonly #nextTurn = (): void => {
    this.#spentMs = 0
    this.#isTurnBegun = this.#waiting.length > 0
    if (this.#isTurnBegun) setImmediate(this.#nextTurn)
    for (let task = this.#waiting.shift(); task; task = this.#spentMs < BUDGET_MS ? this.#waiting.shift() : undefined) this.#do(task)
  }
}
