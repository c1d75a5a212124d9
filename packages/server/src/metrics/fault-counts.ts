/** How often peers broke their protocols, by protocol and `ProtocolError.code`. */
export class FaultCounts {
  readonly #counts = new Map<string, { readonly protocol: string; readonly code: string; count: number }>()

  /** @returns how many of this code there were */
  add(protocol: string, code: string): number {
    const key = `${protocol} ${code}`
    const entry = this.#counts.get(key) ?? { protocol, code, count: 0 }
    this.#counts.set(key, entry)
    return ++entry.count
  }

  list(): readonly { readonly protocol: string; readonly code: string; readonly count: number }[] {
    return [...this.#counts.values()]
  }
}
