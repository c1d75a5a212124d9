import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub, type Publisher } from '@millrace/media/hub/hub.ts'
import type { StreamClient } from '@millrace/media/hub/stream.ts'
import fc from 'fast-check'
import { EventBus } from '../net/event-bus.ts'
import type { SessionCounters } from '../net/session-probe.ts'
import { SessionRegistry } from '../sessions/session-registry.ts'
import { COLUMNS } from './columns.ts'
import { gatherEvidence } from './evidence.ts'
import { PlayerMeter } from './player-report.ts'
import { MAX_SAMPLES, SampleRing } from './sample-ring.ts'
import { ENDED_KEPT_MS, MAX_SESSIONS, Statistics } from './statistics.ts'

const pcmu = { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 } as const
const camera: Publisher = { protocol: 'rtsp', remote: '192.0.2.10:554', close() {} }

const reader = (counters: () => SessionCounters, id = 'secret'): StreamClient & { id: string; readCounters(): SessionCounters } => ({
  protocol: 'webrtc',
  remote: '192.0.2.20:40000',
  id,
  readCounters: counters,
  end() {},
})

const setUp = () => {
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 5000 })
  const publication = hub.publish('hall', [pcmu], 'units', camera, 0)
  const clock = { ms: 0 }
  const registry = new SessionRegistry(hub, new EventBus(assert.ifError), { nowMs: () => clock.ms, wallClockMs: (nowMs) => nowMs })
  const statistics = new Statistics(registry, (nowMs) => nowMs)
  const { stream } = publication
  const [track] = stream.tracks
  assert.ok(track)
  let pts = 0
  return {
    hub,
    publication,
    statistics,
    /** The second is over. */
    tick: (nowMs: number, loopDelayMs: number) => {
      statistics.tick(nowMs, loopDelayMs)
      clock.ms = nowMs
    },
    stream,
    sound: (bytes: number) => stream.writeUnit(track, { pts: (pts += 160), dts: pts, randomAccess: true, data: [new Uint8Array(bytes)], arrivalMs: 0 }),
  }
}

describe('samples', () => {
  it('keeps the newest hour of values, to the step of their column', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MAX_SAMPLES + 200 }),
        fc.array(fc.double({ min: 0, max: 6000, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (count, values) => {
          const ring = new SampleRing()
          const at = (index: number): number => values[index % values.length] as number
          for (let i = 0; i < count; i++) ring.push({ bitrateKbps: at(i), rttMs: at(i) })
          assert.equal(ring.length, Math.min(count, MAX_SAMPLES))
          const { bitrateKbps = -1, rttMs = -1, lost } = ring.sample(ring.length - 1)
          assert.ok(Math.abs(bitrateKbps - at(count - 1)) <= 0.5)
          assert.ok(Math.abs(rttMs - at(count - 1)) <= 0.051)
          assert.equal(lost, undefined)
          assert.equal(ring.sample(0).bitrateKbps, Math.round(at(count - ring.length)))
        },
      ),
      { numRuns: 30 },
    )
  })

  it('cuts what does not fit, and tells zero from absent', () => {
    const ring = new SampleRing()
    ring.push({ bitrateKbps: 1e9, rttMs: 0, jitterMs: Number.NaN, packets: -3 })
    assert.deepEqual(ring.sample(0), { bitrateKbps: 65_534, rttMs: 0, packets: 0 })
    assert.equal(ring.row(0).length, COLUMNS.length)
  })
})

describe('reports of a player', () => {
  it('become rates of its own clock, and what happened is counted once', () => {
    const meter = new PlayerMeter()
    assert.ok(meter.push(1000, { timeMs: 0, framesDecoded: 100, freezeCount: 1, packetsLost: 5 }))
    assert.ok(
      meter.push(3000, {
        timeMs: 2000,
        framesDecoded: 150,
        framesReceived: 60,
        freezeCount: 3,
        totalFreezesDuration: 0.5,
        packetsLost: 9,
        jitterBufferDelay: 3,
        jitterBufferEmittedCount: 60,
      }),
    )
    const first = meter.take(3100)
    assert.deepEqual(
      [first.framesDecoded, first.framesReceived, first.freezes, first.frozenMs, first.playerLost, first.jitterBufferMs],
      [25, 30, 2, 500, 4, 50],
    )
    const second = meter.take(4100)
    assert.deepEqual([second.framesDecoded, second.freezes, second.playerLost], [25, 0, 0])
    assert.deepEqual(meter.take(20_000), {}, 'a player that fell silent is not known any more')
  })

  it('are taken once a second', () => {
    const meter = new PlayerMeter()
    assert.deepEqual(
      [0, 200, 950, 1100, 1900].map((nowMs) => meter.push(nowMs, { timeMs: nowMs })),
      [true, false, true, false, true],
    )
  })
})

describe('statistics of the hub’s sessions', () => {
  it('samples publisher and readers once a second', () => {
    const { statistics, stream, sound, tick } = setUp()
    const counters = { bytesOut: 0, packets: 0, nacks: 0, rttMs: 42 }
    stream.addClient(reader(() => ({ ...counters })))
    tick(1000, 0)
    sound(25_000)
    Object.assign(counters, { bytesOut: 12_500, packets: 10, nacks: 3 })
    tick(2000, 7)
    const [publisher, viewer] = statistics.sessions('hall')
    assert.equal(publisher?.identity.role, 'publisher')
    assert.equal(publisher?.newest.bitrateKbps, 200)
    assert.deepEqual(viewer?.newest, { bitrateKbps: 100, packets: 10, nacks: 3, rttMs: 42 })
    assert.equal(viewer?.samples.length, 2)
    assert.deepEqual(statistics.sessions('elsewhere'), [])
  })

  it('keeps sessions for an hour after their end, and gives each its own id', () => {
    const { statistics, stream, tick } = setUp()
    const viewer = reader(() => ({ bytesOut: 1 }))
    stream.addClient(viewer)
    tick(1000, 0)
    stream.removeClient(viewer)
    tick(2000, 0)
    const ended = statistics.sessions('hall').at(-1)
    assert.equal(ended?.endedWallMs, 2000)
    assert.notEqual(ended?.identity.id, viewer.id, 'the id of its resource would let others end it')
    assert.equal(statistics.findPlayer('hall', 'secret'), undefined)
    tick(2000 + ENDED_KEPT_MS, 0)
    assert.ok(statistics.find('hall', ended?.identity.id ?? ''))
    tick(3001 + ENDED_KEPT_MS, 0)
    assert.equal(statistics.find('hall', ended?.identity.id ?? ''), undefined)
  })

  it('is bounded: who ended gives way, who lives does not', () => {
    const { statistics, stream, tick } = setUp()
    const early = reader(() => ({}), 'early')
    stream.addClient(early)
    tick(1000, 0)
    stream.removeClient(early)
    tick(2000, 0)
    for (let i = 0; i < MAX_SESSIONS + 10; i++) stream.addClient(reader(() => ({}), `viewer-${i}`))
    tick(3000, 0)
    const sessions = statistics.sessions('hall')
    assert.equal(sessions.length, MAX_SESSIONS)
    assert.ok(sessions.every(({ endedWallMs }) => endedWallMs === undefined))
  })
})

it('evidence is summed up over the seconds that are known', () => {
  const second = { bitrateKbps: 1000, packets: 100, lost: 1, rttMs: 20 }
  const silent = { bitrateKbps: 0, packets: 0, lost: 0 }
  assert.equal(gatherEvidence([]), undefined)
  const evidence = gatherEvidence([silent, second, silent, second, { ...second, rttMs: 50, playerLost: 9 }, silent, silent])
  assert.deepEqual(
    [evidence?.seconds, evidence?.gaps, evidence?.silentSeconds, evidence?.packets, evidence?.lost, evidence?.rttMs, evidence?.framesDecoded],
    [7, 1, 2, 300, 9, 50, undefined],
  )
})
