import type { ServerEvent } from '../net/event-bus.ts'

/** Events that who lost the connection can still get. */
export const MAX_KEPT = 1000

export type NumberedEvent = { readonly number: number; readonly event: ServerEvent }

/** The newest events, with numbers that go on. */
export class EventRing {
  #next = 1
  #kept: NumberedEvent[] = []

  push(event: ServerEvent): NumberedEvent {
    const numbered = { number: this.#next++, event }
    this.#kept.push(numbered)
    if (this.#kept.length > 2 * MAX_KEPT) this.#kept = this.#kept.slice(-MAX_KEPT)
    return numbered
  }

  /** The newest number; 0 before the first event. */
  get last(): number {
    return this.#next - 1
  }

  /** @returns what came after a number; undefined if some of it is forgotten, or the number is none of this run */
  after(number: number): readonly NumberedEvent[] | undefined {
    if (!(number <= this.last && number >= this.last - MAX_KEPT)) return undefined
    return this.#kept.filter((kept) => kept.number > number)
  }
}
