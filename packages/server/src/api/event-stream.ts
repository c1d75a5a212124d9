import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { EventBus, EventType } from '../net/event-bus.ts'
import { AppProblem } from '../servers/http/app-problem.ts'
import { EventRing, type NumberedEvent } from './event-ring.ts'

const MAX_LISTENERS = 100
/** Who does not read is cut off. */
const MAX_UNSENT_BYTES = 256 * 1024
/** Keeps proxies from ending a silent connection, and finds the dead ones. */
const HEARTBEAT_MS = 15_000

export type EventFilter = { readonly types: readonly EventType[] | undefined; readonly path: string | undefined }

/**
 * What happens, as server-sent events (HTML Living Standard section 9.2): `event:` is its type, `data:` its JSON, `id:` leads on after a lost
 * connection. Where events were forgotten meanwhile, `event: gap` comes first: fetch the lists again.
 */
export class EventStream {
  readonly #ring = new EventRing()
  /** Numbers of another run are not ours. */
  readonly #run = randomBytes(4).toString('hex')
  readonly #listeners = new Map<ServerResponse, EventFilter>()
  readonly #stopListening: () => void
  readonly #heartbeat: NodeJS.Timeout

  constructor(bus: EventBus) {
    this.#stopListening = bus.subscribe((event) => {
      const numbered = this.#ring.push(event)
      for (const [response, filter] of this.#listeners) if (fits(numbered, filter)) this.#send(response, numbered)
    })
    this.#heartbeat = setInterval(() => {
      for (const response of this.#listeners.keys()) write(response, ':\n\n')
    }, HEARTBEAT_MS).unref()
  }

  /** @throws AppProblem 503 if too many listen already */
  checkRoom(): void {
    if (this.#listeners.size < MAX_LISTENERS) return
    throw new AppProblem(503, 'Too many listeners', `${MAX_LISTENERS} listen already; ask the lists instead.`, [], { 'retry-after': '30' })
  }

  /** @param lastId what the client had last; undefined to begin with what happens from now on */
  open(response: ServerResponse, filter: EventFilter, lastId: string | undefined, headers: Readonly<Record<string, string>> = {}): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    response.write(`retry: 2000\nid: ${this.#id(this.#ring.last)}\n\n`)
    if (lastId !== undefined) this.#catchUp(response, filter, lastId)
    this.#listeners.set(response, filter)
    response.on('close', () => this.#listeners.delete(response))
  }

  close(): void {
    this.#stopListening()
    clearInterval(this.#heartbeat)
    for (const response of this.#listeners.keys()) response.end()
  }

  #catchUp(response: ServerResponse, filter: EventFilter, lastId: string): void {
    const [run, number] = lastId.split('-')
    const missed = run === this.#run ? this.#ring.after(Number(number)) : undefined
    if (!missed) write(response, `event: gap\nid: ${this.#id(this.#ring.last)}\ndata: {}\n\n`)
    for (const numbered of missed ?? []) if (fits(numbered, filter)) this.#send(response, numbered)
  }

  #send(response: ServerResponse, { number, event }: NumberedEvent): void {
    write(response, `event: ${event.type}\nid: ${this.#id(number)}\ndata: ${JSON.stringify(event)}\n\n`)
  }

  #id(number: number): string {
    return `${this.#run}-${number}`
  }
}

const fits = ({ event }: NumberedEvent, { types, path }: EventFilter): boolean =>
  (types === undefined || types.includes(event.type)) && (path === undefined || event.path === path)

const write = (response: ServerResponse, text: string): void => {
  if (response.writableLength > MAX_UNSENT_BYTES) response.destroy()
  else response.write(text)
}
