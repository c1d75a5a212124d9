import type { LayerCounters, SessionCounters } from '../net/session-probe.ts'
import type { Session, SessionRole } from '../sessions/session.ts'
import type { Sample } from './columns.ts'
import type { FlightRecorder } from './flight-recorder.ts'
import { PlayerMeter } from './player-report.ts'
import { SampleRing } from './sample-ring.ts'

export type SessionIdentity = {
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

  constructor({ id, path, role, client, startedMs, startedWallMs }: Session) {
    this.identity = { id, path, role, protocol: client.protocol, startedWallMs }
    this.#lastMs = startedMs
  }

  /**
   * Takes one sample.
   * @param tick its number
   * @param now what the session has counted
   */
  sample(tick: number, nowMs: number, now: SessionCounters): void {
    const last = this.#last
    // What a session begins with, the pictures since the last key frame, is not its rate.
    const seconds = Math.max(this.samples.length === 0 ? 1 : 0.001, (nowMs - this.#lastMs) / 1000)
    const rate = (key: 'bytesIn' | 'bytesOut' | 'packets' | 'lost' | 'nacks' | 'plis' | 'repeated' | 'dropped'): number | undefined => {
      const value = now[key]
      return value === undefined ? undefined : Math.max(0, value - (last[key] ?? 0)) / seconds
    }
    const bytes = rate(this.identity.role === 'publisher' ? 'bytesIn' : 'bytesOut')
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
