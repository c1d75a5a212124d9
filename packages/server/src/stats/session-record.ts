import { isSessionProbe, type LayerCounters, type SessionCounters } from '../net/session-probe.ts'
import type { Sample } from './columns.ts'
import type { FlightRecorder } from './flight-recorder.ts'
import { PlayerMeter } from './player-report.ts'
import { SampleRing } from './sample-ring.ts'

export type SessionRole = 'publisher' | 'reader'

export type SessionIdentity = {
  /** Random, and no secret: it is not the address that ends the session. */
  readonly id: string
  readonly path: string
  readonly role: SessionRole
  readonly protocol: string
  readonly startedWallMs: number
}

/** What is known of one publisher or reader. */
export class SessionRecord {
  readonly identity: SessionIdentity
  readonly samples = new SampleRing()
  readonly player = new PlayerMeter()
  /** The number of the first tick that sampled it. */
  firstTick = -1
  /** Addresses change: this is the newest. */
  remote = ''
  endedWallMs: number | undefined
  /** Why less is sent than there is, as of the newest sample. */
  reason: string | undefined
  /** Of a publisher's simulcast, as of the newest sample. */
  layers: readonly LayerCounters[] | undefined
  /** What happens in detail, where somebody asked for it. */
  flight: FlightRecorder | undefined
  #last: SessionCounters = {}
  #lastMs: number

  /**
   * @param nowMs monotonic; the session began in the second before
   * @param bytesIn what the hub has counted up to now, for a publisher: a stream goes on where its publisher comes back
   */
  constructor(identity: SessionIdentity, bytesIn: number | undefined, nowMs: number) {
    this.identity = identity
    this.#last = { bytes: bytesIn }
    this.#lastMs = bytesIn === undefined ? nowMs - 1000 : nowMs
  }

  /**
   * Takes one sample.
   * @param tick its number
   * @param bytesIn what the hub counted of a publisher, for those that count nothing themselves
   */
  sample(tick: number, nowMs: number, session: object, bytesIn: number | undefined): void {
    const now = countersOf(session, bytesIn)
    const last = this.#last
    const seconds = Math.max(0.001, (nowMs - this.#lastMs) / 1000)
    const rate = (key: 'bytes' | 'packets' | 'lost' | 'nacks' | 'plis' | 'repeated' | 'dropped'): number | undefined => {
      const value = now[key]
      return value === undefined ? undefined : Math.max(0, value - (last[key] ?? 0)) / seconds
    }
    const bytes = rate('bytes')
    const sample: Sample = {
      ...this.player.take(nowMs),
      bitrateKbps: bytes === undefined ? undefined : (bytes * 8) / 1000,
      packets: rate('packets'),
      lost: rate('lost'),
      nacks: rate('nacks'),
      plis: rate('plis'),
      repeated: rate('repeated'),
      dropped: rate('dropped'),
      rttMs: now.rttMs,
      jitterMs: now.jitterMs,
      estimateKbps: now.estimateBps === undefined ? undefined : now.estimateBps / 1000,
      layer: now.layer,
    }
    if (this.firstTick < 0) this.firstTick = tick
    this.samples.push(sample)
    this.reason = now.reason
    this.layers = now.layers
    this.#last = now
    this.#lastMs = nowMs
  }

  /** The newest sample; empty before the first. */
  get newest(): Sample {
    return this.samples.length === 0 ? {} : this.samples.sample(this.samples.length - 1)
  }
}

const countersOf = (session: object, bytesIn: number | undefined): SessionCounters => {
  const counters = isSessionProbe(session) ? session.readCounters() : {}
  return counters.bytes === undefined && bytesIn !== undefined ? { ...counters, bytes: bytesIn } : counters
}
