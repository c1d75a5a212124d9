import type { SessionOutput } from '../../bytes/session.ts'

/** What a session has to give, first in, first out. */
export class OutputQueue<Event> {
  #outputs: SessionOutput<Event>[] = []
  #head = 0
  #wakeAtMs = Number.POSITIVE_INFINITY

  send(bytes: Uint8Array): void {
    this.#outputs.push({ type: 'send', bytes })
  }

  event(event: Event): void {
    this.#outputs.push({ type: 'event', event })
  }

  /** Asks to be called at that time, unless an earlier call is due anyway. */
  wakeAt(atMs: number): void {
    if (atMs >= this.#wakeAtMs) return
    this.#wakeAtMs = atMs
    this.#outputs.push({ type: 'wakeAt', atMs })
  }

  /** The call has come: the next `wakeAt` counts again. */
  woken(): void {
    this.#wakeAtMs = Number.POSITIVE_INFINITY
  }

  poll(): SessionOutput<Event> | undefined {
    const output = this.#outputs[this.#head]
    if (output === undefined) {
      this.#outputs = []
      this.#head = 0
      return undefined
    }
    this.#head++
    return output
  }
}
