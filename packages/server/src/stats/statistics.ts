import { randomBytes } from 'node:crypto'
import type { Hub } from '@millrace/media/hub/hub.ts'
import { isSessionProbe } from '../net/session-probe.ts'
import { FlightRecorder } from './flight-recorder.ts'
import type { PlayerReport } from './player-report.ts'
import { SessionRecord, type SessionRole } from './session-record.ts'
import { Timeline } from './timeline.ts'

/** How long a session is shown after its end. */
export const ENDED_KEPT_MS = 3_600_000
/** Sessions that are known at a time; those that ended give way first, and those that come then are not sampled. */
export const MAX_SESSIONS = 1000

/** Sessions that are recorded in detail, or ended and were: about 1 MB each. */
export const MAX_RECORDINGS = 8

type Source = { readonly protocol: string; readonly remote: string }

/** One sample a second of every publisher and reader of the hub. */
export class Statistics {
  readonly timeline = new Timeline()
  readonly #hub: Hub
  readonly #wallClockMs: (nowMs: number) => number
  /** By the publisher or reader itself. */
  readonly #live = new Map<Source, SessionRecord>()
  /** In the order of their end. */
  readonly #ended = new Set<SessionRecord>()

  /** @param wallClockMs milliseconds since 1970 of a moment of the monotonic clock */
  constructor(hub: Hub, wallClockMs: (nowMs: number) => number) {
    this.#hub = hub
    this.#wallClockMs = wallClockMs
  }

  /**
   * Samples all sessions. Call it once a second.
   * @param loopDelayMs how long the event loop was late at worst since the last call
   */
  tick(nowMs: number, loopDelayMs: number): void {
    const wallMs = this.#wallClockMs(nowMs)
    const tick = this.timeline.ticks
    const gone = new Set(this.#live.keys())
    for (const { name, publisher, stream } of this.#hub.list()) {
      if (publisher) {
        const known = this.#live.has(publisher)
        const record = this.#record(name, 'publisher', publisher, stream.bytesIn, nowMs)
        // What it sent before is not known apart from what an earlier publisher sent.
        if (known) record?.sample(tick, nowMs, publisher, stream.bytesIn)
        gone.delete(publisher)
      }
      for (const client of stream.readers) {
        this.#record(name, 'reader', client, undefined, nowMs)?.sample(tick, nowMs, client, undefined)
        gone.delete(client)
      }
    }
    this.timeline.push(wallMs, loopDelayMs)
    for (const session of gone) this.#end(session, wallMs)
    for (const record of this.#ended) {
      if (wallMs - (record.endedWallMs ?? wallMs) <= ENDED_KEPT_MS) break
      this.#ended.delete(record)
    }
  }

  /** Publisher first, then who came last; those that ended after those that live. */
  sessions(path: string): SessionRecord[] {
    const rank = (record: SessionRecord): number => (record.endedWallMs === undefined ? 0 : 2) + (record.identity.role === 'publisher' ? 0 : 1)
    return [...this.#live.values(), ...this.#ended]
      .filter((record) => record.identity.path === path)
      .sort((a, b) => rank(a) - rank(b) || b.identity.startedWallMs - a.identity.startedWallMs)
  }

  find(path: string, id: string): SessionRecord | undefined {
    return this.sessions(path).find((record) => record.identity.id === id)
  }

  /**
   * Begins to keep the last minute of a session in detail. Does nothing where it is kept already.
   * @returns why it cannot be, for people
   */
  startRecording(record: SessionRecord, now: () => number): string | undefined {
    if (record.flight) return undefined
    const session = this.#sessionOf(record)
    if (!session) return 'the session is over'
    if (!isSessionProbe(session) || !session.record) return `there is nothing to record of ${record.identity.protocol}`
    const recorded = [...this.#ended, ...this.#live.values()].filter(({ flight }) => flight)
    if (recorded.length >= MAX_RECORDINGS) {
      const [oldest] = recorded.filter(({ endedWallMs }) => endedWallMs !== undefined)
      if (!oldest) return `${MAX_RECORDINGS} sessions are being recorded: end one of them with DELETE`
      oldest.flight = undefined
    }
    record.flight = new FlightRecorder(now)
    session.record(record.flight)
    return undefined
  }

  /** What was recorded is forgotten. */
  stopRecording(record: SessionRecord): void {
    const session = this.#sessionOf(record)
    if (session && isSessionProbe(session)) session.record?.(null)
    record.flight = undefined
  }

  #sessionOf(record: SessionRecord): object | undefined {
    for (const [session, other] of this.#live) if (other === record) return session
    return undefined
  }

  /**
   * A reader by the id of its resource (`/PATH/whep/ID`), which only it and the server know.
   */
  findPlayer(path: string, id: string): Source | undefined {
    for (const client of this.#hub.find(path)?.clients ?? []) if (isSessionProbe(client) && client.id === id) return client
    return undefined
  }

  /**
   * A player reported about itself.
   * @returns false if it came too early after the one before, or the session is not sampled; else why the server sends less than there is,
   * undefined while it sends all
   */
  report(path: string, session: Source, report: PlayerReport, nowMs: number): string | undefined | false {
    const record = this.#record(path, 'reader', session, undefined, nowMs)
    return record?.player.push(nowMs, report) ? record.reason : false
  }

  #record(path: string, role: SessionRole, session: Source, bytesIn: number | undefined, nowMs: number): SessionRecord | undefined {
    let record = this.#live.get(session)
    if (!record) {
      if (this.#live.size + this.#ended.size >= MAX_SESSIONS && !this.#forgetOldest()) return undefined
      const identity = { id: randomBytes(9).toString('base64url'), path, role, protocol: session.protocol, startedWallMs: this.#wallClockMs(nowMs) }
      record = new SessionRecord(identity, bytesIn, nowMs)
      this.#live.set(session, record)
    }
    record.remote = session.remote
    return record
  }

  #forgetOldest(): boolean {
    for (const record of this.#ended) return this.#ended.delete(record)
    return false
  }

  #end(session: Source, wallMs: number): void {
    const record = this.#live.get(session)
    if (!record) return
    this.#live.delete(session)
    record.endedWallMs = wallMs
    // Who left before the first sample has nothing to show.
    if (record.samples.length > 0) this.#ended.add(record)
  }
}
