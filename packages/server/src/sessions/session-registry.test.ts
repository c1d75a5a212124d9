import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import { EventBus, type ServerEvent } from '../net/event-bus.ts'
import type { SessionCounters } from '../net/session-probe.ts'
import { SessionRegistry } from './session-registry.ts'

const PCMU = { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 } as const

const setUp = () => {
  const clock = { ms: 0 }
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 0 })
  const events = new EventBus(assert.ifError, () => 0)
  const heard: ServerEvent[] = []
  events.subscribe((event) => heard.push(event))
  const registry = new SessionRegistry(hub, events, { nowMs: () => clock.ms, wallClockMs: (nowMs) => nowMs })
  const closed: string[] = []
  const publish = (more: object = {}) =>
    hub.publish('hall', [PCMU], 'units', { protocol: 'rtsp', remote: 'rtsp://me:secret@192.0.2.1/x', close: (why) => closed.push(why), ...more }, clock.ms)
  const reader = (counters: SessionCounters, more: object = {}) => {
    const ends: string[] = []
    return {
      protocol: 'rtmp',
      remote: '192.0.2.9:5',
      user: 'ann',
      readCounters: () => counters,
      end: ({ message }: { message: string }) => ends.push(message),
      ends,
      ...more,
    }
  }
  return { clock, hub, heard, registry, closed, publish, reader }
}

describe('the session registry', () => {
  it('knows everybody once, with their bytes and bandwidth', () => {
    const { clock, registry, publish, reader } = setUp()
    const { stream } = publish()
    const counters = { bytesIn: 500, bytesOut: 1000 }
    stream.addClient(reader(counters))
    for (let second = 1; second <= 8; second++) {
      clock.ms = second * 1000
      const [track] = stream.tracks
      if (track) stream.writeUnit(track, { pts: 0, dts: 0, randomAccess: true, data: [new Uint8Array(250)], arrivalMs: 0 })
      counters.bytesOut += second < 4 ? 1000 : 2000
      registry.tick(clock.ms)
    }
    const [publisher, viewer] = registry.list()
    assert.deepEqual([publisher?.role, publisher?.bytesIn, publisher?.bandwidth], ['publisher', 2000, { in: 2000, out: 0 }])
    assert.deepEqual([viewer?.role, viewer?.bytesIn, viewer?.bytesOut], ['reader', 0, 13_000], 'what the connection carried before does not count')
    assert.deepEqual(viewer?.bandwidth, { in: 0, out: 16_000 }, 'of the last five seconds')
    clock.ms = 8050
    counters.bytesOut += 500
    registry.refresh()
    assert.equal(viewer?.bytesOut, 13_000, 'a moment ago is now')
    clock.ms = 8500
    registry.refresh()
    assert.equal(viewer?.bytesOut, 13_500)
    assert.equal(viewer?.bandwidth.out, Math.round(((500 + 4 * 2000 + 2000) * 8000) / 5500))
    assert.equal(registry.find(viewer?.id ?? ''), viewer)
  })

  it('tells who comes and goes, and why, without credentials', () => {
    const { heard, registry, publish, reader } = setUp()
    const publication = publish()
    const viewer = reader({})
    publication.stream.addClient(viewer)
    const [camera, watching] = registry.list().map(({ id }) => id)
    publication.stream.removeClient(viewer, 'it said goodbye')
    publication.close(5, 'the camera is off')
    const at = '1970-01-01T00:00:00.000Z'
    const publisher = { at, path: 'hall', session: camera, protocol: 'rtsp', remote: 'rtsp://***@192.0.2.1/x' }
    const read = { at, path: 'hall', session: watching, protocol: 'rtmp', remote: '192.0.2.9:5', user: 'ann' }
    assert.deepEqual(heard, [
      { type: 'publisher-connected', ...publisher },
      { type: 'path-ready', ...publisher },
      { type: 'reader-joined', ...read },
      { type: 'reader-left', ...read, reason: 'it said goodbye' },
      { type: 'publisher-left', ...publisher, reason: 'the camera is off' },
      { type: 'path-not-ready', at, path: 'hall', protocol: 'rtsp', reason: 'the camera is off' },
    ])
    assert.deepEqual(registry.list(), [])
  })

  it('ends a reader and a publisher with a reason, and leaves sources alone', () => {
    const { registry, publish, reader, closed, heard } = setUp()
    const { stream } = publish()
    const viewer = reader({})
    stream.addClient(viewer)
    const [publisher, watching] = registry.list()
    assert.equal(registry.kick(watching?.id ?? '', 'the room is full'), true)
    assert.equal(registry.kick(watching?.id ?? '', 'again'), false)
    assert.deepEqual(viewer.ends, ['the room is full'])
    assert.equal(heard.at(-1)?.reason, 'the room is full')
    assert.equal(registry.kick(publisher?.id ?? '', 'over'), true)
    assert.deepEqual(closed, ['over'])
    const other = setUp()
    other.publish({ isSource: true })
    assert.equal(other.registry.kick(other.registry.list()[0]?.id ?? '', 'over'), false)
    assert.deepEqual(other.closed, [])
  })

  it('sums up what went through: by path as long as it lives, by protocol for ever', () => {
    const { registry, publish, reader } = setUp()
    const publication = publish()
    const counters = { bytesIn: 0, bytesOut: 0, dropped: 0, dropReason: 'slow-reader' } as const
    const [gone, live] = [{ ...counters }, { ...counters }]
    const leaving = reader(gone)
    publication.stream.addClient(leaving)
    publication.stream.addClient(reader(live))
    Object.assign(gone, { bytesOut: 100, dropped: 3 })
    Object.assign(live, { bytesOut: 20, dropped: 1 })
    publication.stream.removeClient(leaving)
    registry.tick(1000)
    const ofReaders = () => registry.trafficByProtocol().find(({ key }) => key.role === 'reader')
    const [, byPath] = registry.trafficByPath().sort((a, b) => a.key.role.localeCompare(b.key.role))
    assert.deepEqual([byPath?.key, byPath?.traffic.bytesOut, byPath?.live], [{ path: 'hall', protocol: 'rtmp', role: 'reader' }, 120, 1])
    assert.deepEqual([ofReaders()?.traffic.bytesOut, ofReaders()?.traffic.dropped.get('slow-reader'), ofReaders()?.live], [120, 4, 1])
    publication.stream.end({ code: 'publisher-left', message: 'over' })
    publication.close(2000)
    assert.deepEqual(registry.trafficByPath(), [])
    assert.deepEqual([ofReaders()?.traffic.bytesOut, ofReaders()?.traffic.sessions, ofReaders()?.live], [120, 2, 0])
  })
})
