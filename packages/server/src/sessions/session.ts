import type { ClientIdentity } from '@millrace/media/hub/client-identity.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { isSessionProbe, type SessionCounters } from '../net/session-probe.ts'

/** Bandwidth is a mean over this time, in milliseconds. */
export const BANDWIDTH_MS = 5000
/** What a session begins with, the pictures since the last key frame, is not its bandwidth. */
const LEAST_BANDWIDTH_MS = 1000
/** Readings that follow sooner replace the one before. */
const READING_INTERVAL_MS = 900

export type SessionRole = 'publisher' | 'reader'

/** Bits per second. */
export type Bandwidth = { readonly in: number; readonly out: number }

type Reading = { readonly atMs: number; readonly bytesIn: number; readonly bytesOut: number }

export type SessionStart = {
  readonly id: string
  readonly path: string
  readonly role: SessionRole
  /** The publisher or reader of the hub itself. */
  readonly client: ClientIdentity
  readonly stream: Stream
  readonly startedMs: number
  /** Milliseconds since 1970. */
  readonly startedWallMs: number
}

/** One publisher or reader of a path, from when the hub got it until it left. */
export class Session {
  /** Random, and no secret: it is not the address that ends the session. */
  readonly id: string
  readonly path: string
  readonly role: SessionRole
  readonly client: ClientIdentity
  readonly stream: Stream
  readonly startedMs: number
  readonly startedWallMs: number
  /** For people; set when it has ended. */
  endReason: string | undefined
  /** What the stream had counted before this publisher. */
  readonly #streamBytesBefore: number
  /** Of a connection that was used before this session. */
  readonly #before: Reading
  #counters: SessionCounters = { bytesIn: 0, bytesOut: 0 }
  /** Oldest first. */
  readonly #readings: Reading[]

  constructor(start: SessionStart) {
    this.id = start.id
    this.path = start.path
    this.role = start.role
    this.client = start.client
    this.stream = start.stream
    this.startedMs = start.startedMs
    this.startedWallMs = start.startedWallMs
    this.#streamBytesBefore = start.stream.bytesIn
    const { bytesIn = 0, bytesOut = 0 } = this.#ask()
    this.#before = { atMs: start.startedMs, bytesIn, bytesOut }
    this.#readings = [{ atMs: start.startedMs, bytesIn: 0, bytesOut: 0 }]
  }

  /** As of the newest `read`. */
  get counters(): SessionCounters {
    return this.#counters
  }

  get bytesIn(): number {
    return this.#counters.bytesIn ?? 0
  }

  get bytesOut(): number {
    return this.#counters.bytesOut ?? 0
  }

  /** Asks the client what it has counted. At least once a second, and at its end. */
  read(nowMs: number): void {
    const counters = this.#ask()
    const { bytesIn = 0, bytesOut = 0 } = counters
    this.#counters = { ...counters, bytesIn: Math.max(0, bytesIn - this.#before.bytesIn), bytesOut: Math.max(0, bytesOut - this.#before.bytesOut) }
    const readings = this.#readings
    const [before, newest] = [readings.at(-2), readings.at(-1)]
    if (before && newest && newest.atMs - before.atMs < READING_INTERVAL_MS) readings.pop()
    readings.push({ atMs: nowMs, bytesIn: this.bytesIn, bytesOut: this.bytesOut })
    // The last one that is old enough is where the time begins.
    while (readings[1] && nowMs - readings[1].atMs >= BANDWIDTH_MS) readings.shift()
  }

  #ask(): SessionCounters {
    const { client, role, stream } = this
    const counters = isSessionProbe(client) ? client.readCounters() : {}
    // Who counts nothing itself is a source without a transport: what the stream got is what came.
    return role === 'publisher' && counters.bytesIn === undefined ? { ...counters, bytesIn: stream.bytesIn - this.#streamBytesBefore } : counters
  }

  /** Over the last seconds, or since the start if that is later. */
  get bandwidth(): Bandwidth {
    const [first] = this.#readings
    const last = this.#readings.at(-1)
    if (!first || !last || last.atMs <= first.atMs) return { in: 0, out: 0 }
    const durationMs = Math.max(LEAST_BANDWIDTH_MS, last.atMs - first.atMs)
    const rate = (bytes: number): number => Math.max(0, Math.round((bytes * 8000) / durationMs))
    return { in: rate(last.bytesIn - first.bytesIn), out: rate(last.bytesOut - first.bytesOut) }
  }
}
