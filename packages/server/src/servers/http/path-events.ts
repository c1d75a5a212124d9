import type { ServerResponse } from 'node:http'
import type { Hub } from '@millrace/media/hub/hub.ts'
import { HttpError } from './http-error.ts'
import { isReady } from './live-paths.ts'

/** Pages that wait at the same time; the ones above it poll. */
const MAX_LISTENERS = 2000
/** Unsent bytes after which a listener is cut off; an event has less than 400. */
const MAX_UNSENT_BYTES = 16 * 1024
/** Keeps proxies from closing a silent connection, and finds the dead ones. */
const HEARTBEAT_MS = 15_000
/** Changes within this time are one event for those who listen to all paths. */
const LIST_DEBOUNCE_MS = 300

/**
 * Server-sent events (HTML Living Standard section 9.2) that tell waiting pages when a path becomes ready or not:
 * `event: path`, `data: {"name":"camera1","ready":true}`. Who names no path gets `event: paths` when the list is to be fetched again.
 */
export class PathEvents {
  readonly #hub: Hub
  readonly #maxListeners: number
  readonly #byPath = new Map<string, Set<ServerResponse>>()
  readonly #toAll = new Set<ServerResponse>()
  readonly #stopListening: () => void
  readonly #heartbeat: NodeJS.Timeout
  #listTimer: NodeJS.Timeout | undefined
  #count = 0

  constructor(hub: Hub, maxListeners = MAX_LISTENERS) {
    this.#hub = hub
    this.#maxListeners = maxListeners
    this.#stopListening = hub.onPathChange((name) => this.#changed(name))
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref()
  }

  get listeners(): number {
    return this.#count
  }

  /** @throws HttpError 503 if too many listen already */
  checkRoom(): void {
    if (this.#count >= this.#maxListeners) throw new HttpError(503, 'Too many pages are waiting here; ask /_/paths instead.', { 'retry-after': '30' })
  }

  /**
   * Answers a request with an event stream, beginning with how things stand.
   * @param pathName checked; undefined for all paths
   */
  open(response: ServerResponse, pathName: string | undefined, headers: Readonly<Record<string, string>> = {}): void {
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    const listeners = pathName === undefined ? this.#toAll : this.#listenersOf(pathName)
    listeners.add(response)
    this.#count++
    response.on('close', () => {
      listeners.delete(response)
      this.#count--
      if (pathName !== undefined && listeners.size === 0) this.#byPath.delete(pathName)
    })
    response.write('retry: 2000\n\n')
    send(response, pathName === undefined ? LIST_EVENT : this.#pathEvent(pathName))
  }

  /** Ends all event streams. */
  close(): void {
    this.#stopListening()
    clearInterval(this.#heartbeat)
    clearTimeout(this.#listTimer)
    for (const response of this.#all()) response.end()
  }

  #listenersOf(pathName: string): Set<ServerResponse> {
    const listeners = this.#byPath.get(pathName) ?? new Set()
    this.#byPath.set(pathName, listeners)
    return listeners
  }

  #all(): ServerResponse[] {
    return [...this.#toAll, ...[...this.#byPath.values()].flatMap((listeners) => [...listeners])]
  }

  #changed(name: string): void {
    if (this.#toAll.size > 0) {
      this.#listTimer ??= setTimeout(() => {
        this.#listTimer = undefined
        for (const response of this.#toAll) send(response, LIST_EVENT)
      }, LIST_DEBOUNCE_MS).unref()
    }
    const listeners = this.#byPath.get(name)
    if (!listeners) return
    const event = this.#pathEvent(name)
    for (const response of listeners) send(response, event)
  }

  #pathEvent(name: string): string {
    return `event: path\ndata: ${JSON.stringify({ name, ready: isReady(this.#hub, name) })}\n\n`
  }

  #beat(): void {
    for (const response of this.#all()) send(response, ':\n\n')
  }
}

const LIST_EVENT = 'event: paths\ndata: {}\n\n'

const send = (response: ServerResponse, event: string): void => {
  if (response.writableLength > MAX_UNSENT_BYTES) response.destroy()
  else response.write(event)
}
