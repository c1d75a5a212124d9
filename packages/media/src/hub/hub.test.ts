import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { Hub, VANISHED_MS } from './hub.ts'
import { H264, OPUS, oneToOne, PCMU, publisher, unit } from './hub-fixtures.ts'
import type { Track } from './track.ts'

const makeHub = () => new Hub({ converters: oneToOne, republishGraceMs: 10_000 })
const client = () => {
  const ends: string[] = []
  return { protocol: 'test', remote: '127.0.0.1:2', end: ({ code }: { code: string }) => void ends.push(code), ends }
}
const code = (expected: string) => (error: unknown) => error instanceof ProtocolError && error.code === expected

describe('Hub', () => {
  it('refuses a second publisher and says who the first is', () => {
    const hub = makeHub()
    hub.publish('cam', [H264], 'units', publisher(), 0)
    assert.throws(
      () => hub.publish('cam', [H264], 'units', publisher(), 1),
      (error) => code('path/busy')(error) && /test from 127\.0\.0\.1:1/.test(String(error)),
    )
  })

  it('gives the path of a publisher that vanished to the next, and the readers with it', () => {
    const hub = makeHub()
    const goodbyes: string[] = []
    const vanishing = { ...publisher(), lastHeardMs: 1000, close: (message: string) => void goodbyes.push(message) }
    const first = hub.publish('cam', [H264], 'units', vanishing, 0)
    const reader = client()
    first.stream.addClient(reader)
    assert.throws(() => hub.checkFree('cam', 1000 + VANISHED_MS - 1), code('path/busy'))
    const returned = publisher()
    const second = hub.publish('cam', [H264], 'units', returned, 1000 + VANISHED_MS)
    assert.equal(goodbyes.length, 1)
    assert.equal(second.stream, first.stream)
    assert.deepEqual(reader.ends, [])
    first.close(10_000)
    assert.equal(hub.publisherOf('cam'), returned)
    assert.throws(() => hub.checkFree('cam', 60_000), code('path/busy'), 'who does not say when it was heard keeps its path')
  })

  it('keeps the readers when the publisher comes back with the same codecs, and continues the timeline', () => {
    const hub = makeHub()
    const first = hub.publish('cam', [H264, OPUS], 'units', publisher(), 1000)
    const reader = client()
    first.stream.addClient(reader)
    first.stream.writeUnit(first.stream.tracks[0] as Track, unit(90_000 * 3, true))
    first.close(3000)
    hub.tick(12_000)
    const second = hub.publish('cam', [{ ...H264 }, OPUS], 'packets', publisher(), 12_500)
    assert.equal(second.stream, first.stream)
    assert.equal(second.originMs, 11_500)
    assert.deepEqual(reader.ends, [])
    first.close(13_000)
    assert.equal(hub.list()[0]?.publisher?.protocol, 'test', 'a close that comes late does not harm the new publisher')
  })

  it('never starts a new publisher before what was written', () => {
    const hub = makeHub()
    const first = hub.publish('cam', [H264], 'units', publisher(), 0)
    first.stream.addClient(client())
    first.stream.writeUnit(first.stream.tracks[0] as Track, unit(90_000 * 60, true))
    first.close(1000)
    const { originMs } = hub.publish('cam', [H264], 'units', publisher(), 2000)
    assert.ok(originMs > 60_000, `${originMs}`)
  })

  it('ends the readers when other codecs come', () => {
    const hub = makeHub()
    const first = hub.publish('cam', [H264, OPUS], 'units', publisher(), 0)
    const reader = client()
    first.stream.addClient(reader)
    first.close(10)
    const second = hub.publish('cam', [H264, PCMU], 'units', publisher(), 20)
    assert.notEqual(second.stream, first.stream)
    assert.deepEqual(reader.ends, ['codecs-changed'])
  })

  it('ends the readers when nobody comes back in time', () => {
    const hub = makeHub()
    const { stream, close } = hub.publish('cam', [H264], 'units', publisher(), 0)
    const reader = client()
    stream.addClient(reader)
    close(1000)
    hub.tick(10_999)
    assert.ok(hub.find('cam'))
    hub.tick(11_000)
    assert.equal(hub.find('cam'), undefined)
    assert.deepEqual(reader.ends, ['publisher-left'])
  })

  it('forgets a path that nobody reads as soon as its publisher leaves, and says so', () => {
    const hub = makeHub()
    const changes: string[] = []
    hub.onPathChange((name) => changes.push(`${name} ${hub.find(name) ? 'live' : 'gone'}`))
    hub.publish('cam', [H264], 'units', publisher(), 0).close(1)
    assert.deepEqual(changes, ['cam live', 'cam gone'])
  })

  it('closes publishers and readers at the end', () => {
    const hub = makeHub()
    const who = publisher()
    const { stream } = hub.publish('cam', [H264], 'units', who, 0)
    const reader = client()
    stream.addClient(reader)
    hub.close()
    assert.equal(who.closed.length, 1)
    assert.deepEqual(reader.ends, ['server-stopping'])
  })

  for (const name of ['', 'a//b', '/a', 'a/', '../a', 'a/./b', 'a b', 'a\0b', 'ä', '_', '_/x', 'x'.repeat(256), 'a?b', 'a%2fb']) {
    it(`refuses the path name ${JSON.stringify(name.slice(0, 20))}`, () => {
      assert.throws(() => makeHub().publish(name, [H264], 'units', publisher(), 0), code('path/invalid-name'))
    })
  }

  it('refuses a publisher without tracks', () => {
    assert.throws(() => makeHub().publish('cam', [], 'units', publisher(), 0), code('path/no-tracks'))
  })

  it('asks the publisher for a key frame at most once a second for each track, and only one that can be asked', () => {
    const hub = makeHub()
    const asked: number[] = []
    const publication = hub.publish('cam', [H264, OPUS, H264], 'packets', { ...publisher(), requestKeyFrame: ({ index }) => asked.push(index) }, 0)
    const [first, sound, second] = publication.stream.tracks as [Track, Track, Track]
    const { stream } = publication
    const answers = [
      stream.requestKeyFrame(first, 5000),
      stream.requestKeyFrame(first, 5999),
      stream.requestKeyFrame(second, 5999),
      stream.requestKeyFrame(sound, 5999),
      stream.requestKeyFrame(first, 6000),
    ]
    assert.deepEqual(answers, [true, false, true, false, true])
    assert.deepEqual(asked, [0, 2, 0])
    stream.addClient(client())
    assert.equal(hub.publisherOf('cam')?.protocol, 'test')
    publication.close(7000)
    assert.equal(hub.publisherOf('cam'), undefined)
    assert.equal(stream.requestKeyFrame(first, 9000), false)
    hub.publish('cam', [H264, OPUS, H264], 'units', publisher(), 10_000)
    assert.equal(stream.requestKeyFrame(first, 10_000), false)
    assert.equal(asked.length, 3)
  })

  it('tells watchers who comes and goes, each once, and why', () => {
    const hub = new Hub({ converters: oneToOne, republishGraceMs: 1000 })
    const seen: string[] = []
    const stop = hub.watch({
      publisherCame: (path) => seen.push(`${path}: publisher came`),
      publisherLeft: (path, _publisher, _stream, reason) => seen.push(`${path}: publisher left, ${reason}`),
      readerCame: (path, { remote }) => seen.push(`${path}: ${remote} came`),
      readerLeft: (path, { remote }, reason) => seen.push(`${path}: ${remote} left, ${reason}`),
    })
    const publication = hub.publish('cam', [OPUS], 'units', publisher(), 0)
    const { stream } = publication
    const [gone, kicked, last] = ['gone', 'kicked', 'last'].map((remote) => {
      const ends: string[] = []
      const one = { protocol: 'test', remote, ends, end: ({ code }: { code: string }) => ends.push(code) }
      stream.addClient(one)
      return one
    })
    assert.ok(gone && kicked && last)
    stream.removeClient(gone, 'bored')
    stream.removeClient(gone, 'bored')
    stream.dismissClient(kicked, { code: 'kicked', message: 'not now' })
    stream.dismissClient(kicked, { code: 'kicked', message: 'not now' })
    publication.close(10, 'unplugged')
    hub.tick(2000)
    assert.deepEqual([gone.ends, kicked.ends, last.ends], [[], ['kicked'], ['publisher-left']])
    assert.deepEqual(seen, [
      'cam: publisher came',
      ...['gone', 'kicked', 'last'].map((remote) => `cam: ${remote} came`),
      'cam: gone left, bored',
      'cam: kicked left, not now',
      'cam: publisher left, unplugged',
      'cam: last left, the publisher of cam left',
    ])
    stop()
    hub.publish('cam', [OPUS], 'units', publisher(), 3000)
    assert.equal(seen.length, 8)
  })
})
