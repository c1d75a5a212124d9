import { Limited } from './limited.ts'

/** Tasks of one key run one after another, so that each sees what came of the one before. */
export class Lines {
  readonly #lines = new Map<string, { readonly line: Limited; users: number }>()
  readonly #maxWaiting: number

  /** @param maxWaiting of each key */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting
  }

  /** @throws BusyError; what the task throws */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const entry = this.#lines.get(key) ?? { line: new Limited(1, this.#maxWaiting), users: 0 }
    this.#lines.set(key, entry)
    entry.users++
    try {
      return await entry.line.run(task)
    } finally {
      if (--entry.users === 0) this.#lines.delete(key)
    }
  }
}
