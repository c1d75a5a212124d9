import type { PublishFault, PublishState } from './publish-state.ts'

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 10_000
/** For so long the server may take our own lost session for another publisher. */
const OWN_SESSION_LINGERS_MS = 40_000

export type PublicationListener = {
  live(): void
  interrupted(): void
  /** It is over; nothing else is told afterwards. The publication is still to be closed. */
  failed(fault: PublishFault): void
}

export type Publication = { close(): void }

/** What the publisher stands on; tests give their own. */
export type PublishDependencies = {
  /** Begins a session; never calls the listener before it has returned. */
  open(listener: PublicationListener): Publication
  /** @returns a function that cancels it */
  setTimer(callback: () => void, delayMs: number): () => void
  /** Monotonic, in milliseconds. */
  now(): number
  /** From 0 to 1. */
  random(): number
  onState(state: PublishState): void
}

/** Decides when to try again. Touches neither the network nor the page. */
export class PublishCore {
  readonly #deps: PublishDependencies
  #state: PublishState = { name: 'stopped' }
  #publication: Publication | undefined
  #cancelTimer: (() => void) | undefined
  /** Rises when a publication is given up: what it still tells counts no more. */
  #generation = 0
  #attempts = 0
  /** When there was a session of our own for the last time. */
  #ownSessionMs = Number.NEGATIVE_INFINITY

  constructor(deps: PublishDependencies) {
    this.#deps = deps
  }

  get state(): PublishState {
    return this.#state
  }

  /** Also begins anew, with a new session. */
  start(): void {
    this.#attempts = 0
    this.#open()
  }

  stop(): void {
    this.#leave()
    this.#setState({ name: 'stopped' })
  }

  #open(): void {
    this.#leave()
    this.#setState({ name: 'connecting' })
    const generation = this.#generation
    const tell =
      <Args extends unknown[]>(callback: (...args: Args) => void) =>
      (...args: Args): void => {
        if (generation === this.#generation) callback(...args)
      }
    this.#publication = this.#deps.open({
      live: tell(() => {
        this.#attempts = 0
        this.#setState({ name: 'live' })
      }),
      interrupted: tell(() => this.#setState({ name: 'interrupted' })),
      failed: tell((fault: PublishFault) => this.#failed(fault)),
    })
  }

  #failed(fault: PublishFault): void {
    this.#giveUp()
    const isOwn = fault.kind === 'busy' && this.#deps.now() - this.#ownSessionMs < OWN_SESSION_LINGERS_MS
    if (fault.kind !== 'lost' && fault.kind !== 'cannot-connect' && !isOwn) {
      this.#setState({ name: 'failed', fault })
      return
    }
    this.#setState({ name: 'reconnecting', message: fault.message })
    const delayMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts++)
    this.#cancelTimer = this.#deps.setTimer(() => this.#open(), delayMs * (0.5 + this.#deps.random() / 2))
  }

  /** A session that was not over yet may linger at the server. */
  #leave(): void {
    if (this.#publication !== undefined) this.#ownSessionMs = this.#deps.now()
    this.#giveUp()
  }

  #giveUp(): void {
    this.#generation++
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#publication?.close()
    this.#publication = undefined
  }

  #setState(state: PublishState): void {
    if (this.#state.name === 'live' || this.#state.name === 'interrupted') this.#ownSessionMs = this.#deps.now()
    this.#state = state
    this.#deps.onState(state)
  }
}
