import { randomBytes } from 'node:crypto'
import type { ClientIdentity } from '@millrace/media/hub/client-identity.ts'
import type { Hub, Publisher } from '@millrace/media/hub/hub.ts'
import type { Stream, StreamClient } from '@millrace/media/hub/stream.ts'
import { redactUrl } from '../log/redact-url.ts'
import type { EventBus, EventType } from '../net/event-bus.ts'
import { Session, type SessionRole } from './session.ts'
import { addTraffic, mergeTraffic, noTraffic, type Traffic } from './traffic.ts'

/** What was counted so lately is taken for now, in milliseconds: many may ask. */
const FRESH_MS = 100

export type SessionClock = {
  /** Monotonic. */
  nowMs(): number
  /** Milliseconds since 1970 of a moment of the monotonic clock. */
  wallClockMs(nowMs: number): number
}

/** What all sessions of one path and protocol have in common. */
export type TrafficKey = { readonly path: string; readonly protocol: string; readonly role: SessionRole }

/** Everybody who publishes or reads, of every protocol: found in the hub when they come, and told to the event bus. */
export class SessionRegistry {
  readonly #hub: Hub
  readonly #events: EventBus
  readonly #clock: SessionClock
  readonly #byId = new Map<string, Session>()
  readonly #byClient = new Map<ClientIdentity, Session>()
  /** Of sessions that have ended, by the JSON of their key; forgotten with their path. */
  readonly #ended = new Map<string, { readonly key: TrafficKey; readonly traffic: Traffic }>()
  /** Of all that have ended, whose path may be gone; by protocol and role. */
  readonly #endedByProtocol = new Map<string, { readonly key: Omit<TrafficKey, 'path'>; readonly traffic: Traffic }>()
  readonly #stop: (() => void)[]
  #tickMs = Number.NEGATIVE_INFINITY

  constructor(hub: Hub, events: EventBus, clock: SessionClock) {
    this.#hub = hub
    this.#events = events
    this.#clock = clock
    for (const { name, publisher, stream } of hub.list()) {
      if (publisher) this.#came(name, 'publisher', publisher, stream)
      for (const client of stream.clients) this.#came(name, 'reader', client, stream)
    }
    this.#stop = [
      hub.watch({
        publisherCame: (path, publisher, stream) => this.#publisherCame(path, publisher, stream),
        publisherLeft: (path, publisher, _stream, reason) => this.#publisherLeft(path, publisher, reason),
        readerCame: (path, client, stream) => this.#tell('reader-joined', this.#came(path, 'reader', client, stream)),
        readerLeft: (_path, client, reason) => this.#readerLeft(client, reason),
      }),
      hub.onPathChange((path) => this.#forgetGone(path)),
    ]
  }

  close(): void {
    for (const stop of this.#stop) stop()
  }

  /** In the order in which they came. */
  list(): Session[] {
    return [...this.#byId.values()]
  }

  find(id: string): Session | undefined {
    return this.#byId.get(id)
  }

  /** @param client a publisher or reader of the hub */
  of(client: ClientIdentity): Session | undefined {
    return this.#byClient.get(client)
  }

  /** For who asks between two ticks: what is shown is not older than a moment. */
  refresh(): void {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#tickMs > FRESH_MS) this.tick(nowMs)
  }

  /** Asks all of them what they have counted. Call it once a second. */
  tick(nowMs: number): void {
    this.#tickMs = nowMs
    for (const session of this.#byId.values()) session.read(nowMs)
  }

  /**
   * Ends a session by the server's will.
   * @param reason told to the client where its protocol can
   * @returns false if there is none of this id, or it is a source of the configuration, which is ended there
   */
  kick(id: string, reason: string): boolean {
    const session = this.#byId.get(id)
    if (!session || session.client.isSource) return false
    if (session.role === 'reader') session.stream.dismissClient(session.client as StreamClient, { code: 'kicked', message: reason })
    else (session.client as Publisher).close(reason)
    return true
  }

  /** What went in and out since the start, by path, protocol and role, for the paths that there are. */
  trafficByPath(): { readonly key: TrafficKey; readonly traffic: Traffic; readonly live: number }[] {
    const found = new Map([...this.#ended].map(([name, { key, traffic }]) => [name, { key, traffic: copyOf(traffic), live: 0 }]))
    for (const session of this.#byId.values()) {
      const key = keyOf(session)
      const entry = found.get(JSON.stringify(key)) ?? { key, traffic: noTraffic(), live: 0 }
      found.set(JSON.stringify(key), entry)
      addTraffic(entry.traffic, session)
      entry.live++
    }
    return [...found.values()]
  }

  /** The same by protocol and role, with paths that are gone. Never falls. */
  trafficByProtocol(): { readonly key: Omit<TrafficKey, 'path'>; readonly traffic: Traffic; readonly live: number }[] {
    const found = new Map([...this.#endedByProtocol].map(([name, { key, traffic }]) => [name, { key, traffic: copyOf(traffic), live: 0 }]))
    for (const session of this.#byId.values()) {
      const key = { protocol: session.client.protocol, role: session.role }
      const entry = found.get(JSON.stringify(key)) ?? { key, traffic: noTraffic(), live: 0 }
      found.set(JSON.stringify(key), entry)
      addTraffic(entry.traffic, session)
      entry.live++
    }
    return [...found.values()]
  }

  #publisherCame(path: string, publisher: Publisher, stream: Stream): void {
    const session = this.#came(path, 'publisher', publisher, stream)
    this.#tell('publisher-connected', session)
    this.#tell('path-ready', session)
  }

  #publisherLeft(path: string, publisher: Publisher, reason: string): void {
    const session = this.#left(publisher, reason)
    if (!session) return
    this.#tell('publisher-left', session, reason)
    this.#events.publish({ type: 'path-not-ready', path, protocol: publisher.protocol, reason })
  }

  #readerLeft(client: StreamClient, reason: string): void {
    const session = this.#left(client, reason)
    if (session) this.#tell('reader-left', session, reason)
  }

  #came(path: string, role: SessionRole, client: ClientIdentity, stream: Stream): Session {
    const startedMs = this.#clock.nowMs()
    const id = randomBytes(9).toString('base64url')
    const session = new Session({ id, path, role, client, stream, startedMs, startedWallMs: this.#clock.wallClockMs(startedMs) })
    this.#byId.set(id, session)
    this.#byClient.set(client, session)
    return session
  }

  #left(client: ClientIdentity, reason: string): Session | undefined {
    const session = this.#byClient.get(client)
    if (!session) return undefined
    session.read(this.#clock.nowMs())
    session.endReason = reason
    this.#byClient.delete(client)
    this.#byId.delete(session.id)
    const key = keyOf(session)
    addTraffic(entryOf(this.#ended, key).traffic, session)
    addTraffic(entryOf(this.#endedByProtocol, { protocol: key.protocol, role: key.role }).traffic, session)
    return session
  }

  #forgetGone(path: string): void {
    if (this.#hub.find(path)) return
    for (const [name, { key }] of this.#ended) if (key.path === path) this.#ended.delete(name)
  }

  #tell(type: EventType, { id, path, client }: Session, reason?: string): void {
    const { protocol, remote, user } = client
    this.#events.publish({ type, path, session: id, protocol, remote: redactUrl(remote), ...(user && { user }), ...(reason && { reason }) })
  }
}

const keyOf = ({ path, role, client }: Session): TrafficKey => ({ path, protocol: client.protocol, role })

const entryOf = <K>(entries: Map<string, { readonly key: K; readonly traffic: Traffic }>, key: K): { readonly key: K; readonly traffic: Traffic } => {
  const name = JSON.stringify(key)
  const entry = entries.get(name) ?? { key, traffic: noTraffic() }
  entries.set(name, entry)
  return entry
}

const copyOf = (traffic: Traffic): Traffic => {
  const copy = noTraffic()
  mergeTraffic(copy, traffic)
  return copy
}
