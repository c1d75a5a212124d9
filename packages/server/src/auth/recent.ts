/** Values that hold for some time. When it is full, the oldest makes room. */
export class Recent<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly untilMs: number }>()
  readonly #maxEntries: number

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get(key: string, nowMs: number): T | undefined {
    const entry = this.#entries.get(key)
    if (!entry || entry.untilMs > nowMs) return entry?.value
    this.#entries.delete(key)
    return undefined
  }

  set(key: string, value: T, untilMs: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, untilMs })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#maxEntries && oldest !== undefined) this.#entries.delete(oldest)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
