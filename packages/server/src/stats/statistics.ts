import { isSessionProbe } from '../net/session-probe.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionRegistry } from '../sessions/session-registry.ts'
import { FlightRecorder } from './flight-recorder.ts'
import type { PlayerReport } from './player-report.ts'
import { SessionRecord } from './session-record.ts'
import { Timeline } from './timeline.ts'

/** How long a session is shown after its end. */
export const ENDED_KEPT_MS = 3_600_000
/** Sessions that are known at a time; those that ended give way first, and those that come then are not sampled. */
export const MAX_SESSIONS = 1000

/** Sessions that are recorded in detail, or ended and were: about 1 MB each. */
export const MAX_RECORDINGS = 8

/** One sample a second of every session. */
export class Statistics {
  readonly timeline = new Timeline()
  readonly #sessions: SessionRegistry
  readonly #wallClockMs: (nowMs: number) => number
  readonly #live = new Map<Session, SessionRecord>()
  /** In the order of their end. */
  readonly #ended = new Set<SessionRecord>()

  /** @param wallClockMs milliseconds since 1970 of a moment of the monotonic clock */
  constructor(sessions: SessionRegistry, wallClockMs: (nowMs: number) => number) {
    this.#sessions = sessions
    this.#wallClockMs = wallClockMs
  }

  /**
   * Lets all sessions count, and samples them. Call it once a second.
   * @param loopDelayMs how long the event loop was late at worst since the last call
   */
  tick(nowMs: number, loopDelayMs: number): void {
    const wallMs = this.#wallClockMs(nowMs)
    const tick = this.timeline.ticks
    const gone = new Set(this.#live.keys())
    this.#sessions.tick(nowMs)
    for (const session of this.#sessions.list()) {
      this.#record(session)?.sample(tick, nowMs, session.counters)
      gone.delete(session)
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
    const session = this.#sessionOf(record)?.client
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
    const session = this.#sessionOf(record)?.client
    if (session && isSessionProbe(session)) session.record?.(null)
    record.flight = undefined
  }

  #sessionOf(record: SessionRecord): Session | undefined {
    for (const [session, other] of this.#live) if (other === record) return session
    return undefined
  }

  /**
   * A reader by the id of its resource (`/PATH/whep/ID`), which only it and the server know.
   */
  findPlayer(path: string, id: string): Session | undefined {
    return this.#sessions.list().find((session) => session.path === path && isSessionProbe(session.client) && session.client.id === id)
  }

  /**
   * A player reported about itself.
   * @returns false if it came too early after the one before, or the session is not sampled; else why the server sends less than there is,
   * undefined while it sends all
   */
  report(session: Session, report: PlayerReport, nowMs: number): string | undefined | false {
    const record = this.#record(session)
    return record?.player.push(nowMs, report) ? record.reason : false
  }

  #record(session: Session): SessionRecord | undefined {
    let record = this.#live.get(session)
    if (!record) {
      if (this.#live.size + this.#ended.size >= MAX_SESSIONS && !this.#forgetOldest()) return undefined
      record = new SessionRecord(session)
      this.#live.set(session, record)
    }
    record.remote = session.client.remote
    return record
  }

  #forgetOldest(): boolean {
    for (const record of this.#ended) return this.#ended.delete(record)
    return false
  }

  #end(session: Session, wallMs: number): void {
    const record = this.#live.get(session)
    if (!record) return
    this.#live.delete(session)
    record.endedWallMs = wallMs
    // Who left before the first sample has nothing to show.
    if (record.samples.length > 0) this.#ended.add(record)
  }
}
