import type { EventType } from '../config/event-types.ts'

export { EVENT_TYPES, type EventType } from '../config/event-types.ts'

/** What happened, for hooks, the API's event stream and metrics. No credentials in it. */
export type ServerEvent = {
  readonly type: EventType
  /** ISO 8601, UTC. */
  readonly at: string
  readonly path?: string | undefined
  /** Id of the session, as the API's lists have it. */
  readonly session?: string | undefined
  readonly protocol?: string | undefined
  /** `address:port`. */
  readonly remote?: string | undefined
  readonly user?: string | undefined
  /** Why, for people. */
  readonly reason?: string | undefined
}

/** @param event without `at`: it is now */
export type NewEvent = Omit<ServerEvent, 'at'>

/** Takes an event. What it throws does not reach who told it. */
export type EventListener = (event: ServerEvent) => void

/** Tells everybody who wants to know what happened. In the order of what happened, at once. */
export class EventBus {
  readonly #listeners = new Set<EventListener>()
  readonly #now: () => number
  readonly #onFault: (error: unknown) => void

  /**
   * @param onFault takes what a listener throws
   * @param now milliseconds since 1970
   */
  constructor(onFault: (error: unknown) => void, now: () => number = Date.now) {
    this.#onFault = onFault
    this.#now = now
  }

  publish(event: NewEvent): void {
    const complete: ServerEvent = { at: new Date(this.#now()).toISOString(), ...event }
    for (const listener of this.#listeners) {
      try {
        listener(complete)
      } catch (error) {
        // A listener's mistake must not end the session that the event is about.
        this.#onFault(error)
      }
    }
  }

  /** @returns a function that ends it */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
