import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub, type Publication } from '@millrace/media/hub/hub.ts'
import { parseConfig } from '../config/load-config.ts'
import { monotonicMs } from '../net/clock.ts'
import { ConfiguredPaths } from './configured-paths.ts'

const PCMU = { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 } as const

const optionsOf = (text: string) => {
  const { paths: entries, pathDefaults: defaults } = parseConfig('millrace.yml', text)
  return { entries, defaults }
}

/** Sources that begin when the test says so; `log` has what was started and stopped. */
const setUp = async (text: string) => {
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 0 })
  const log: string[] = []
  const begin = new Map<string, () => void>()
  const paths = new ConfiguredPaths(hub, optionsOf(text), (path, { source }) => {
    let publication: Publication | undefined
    log.push(`start ${path} ${source}`)
    begin.set(path, () => {
      publication = hub.publish(path, [PCMU], 'packets', { protocol: 'rtsp', remote: source, isSource: true, close() {} }, monotonicMs())
    })
    return {
      close: async () => {
        log.push(`stop ${path}`)
        publication?.close(monotonicMs())
      },
    }
  })
  await paths.update(optionsOf(text))
  return { hub, paths, log, begin: (path: string) => begin.get(path)?.(), update: (next: string) => paths.update(optionsOf(next)) }
}

const reader = (ended: string[]) => ({ protocol: 'test', remote: 'here', end: ({ message }: { message: string }) => void ended.push(message) })
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('sources on demand', () => {
  const ON_DEMAND =
    'pathDefaults: { sourceOnDemand: true, sourceOnDemandCloseAfter: 10s, sourceOnDemandStartTimeout: 1s }\npaths: { ~c(.): { source: rtsp://10.0.0.1/$G1 } }'

  test('begin with the first reader, serve all that wait, and end some time after the last', async () => {
    const { hub, paths, log, begin } = await setUp(ON_DEMAND)
    assert.equal(log.length, 0)
    const waiting = [paths.whenAvailable('c1'), paths.whenAvailable('c1'), paths.whenAvailable('c2')]
    assert.deepEqual(log, ['start c1 rtsp://10.0.0.1/1', 'start c2 rtsp://10.0.0.1/2'])
    begin('c1')
    const [stream, same] = await Promise.all(waiting.slice(0, 2))
    assert.ok(stream && stream === same)
    const client = reader([])
    stream.addClient(client)
    paths.tick(monotonicMs() + 3_600_000)
    assert.ok(!log.includes('stop c1'))
    stream.removeClient(client)
    paths.tick(monotonicMs() + 3_600_000 + 9000)
    assert.ok(!log.includes('stop c1'))
    paths.tick(monotonicMs() + 3_600_000 + 11_000)
    assert.ok(log.includes('stop c1'))
    assert.equal(hub.find('c1'), undefined)
    // The one that never began: its readers are told, and it ends too.
    assert.equal(await waiting[2], undefined)
    assert.match(paths.whyUnavailable('c2'), /the source of c2 sends nothing yet/)
    paths.tick(monotonicMs() + 11_000)
    assert.ok(log.includes('stop c2'))
  })

  test('a reader that goes away waits no longer', async () => {
    const { paths } = await setUp(ON_DEMAND)
    const gone = new AbortController()
    const waiting = paths.whenAvailable('c1', gone.signal)
    gone.abort()
    assert.equal(await waiting, undefined)
    assert.equal(await paths.whenAvailable('c1', AbortSignal.abort()), undefined)
  })

  test('names that anybody can think of start a bounded number of them', async () => {
    const { paths, log } = await setUp('paths: { ~c(\\d+): { source: rtsp://10.0.0.1/$G1, sourceOnDemand: true } }')
    for (let i = 0; i < 1000; i++) void paths.whenAvailable(`c${i}`, AbortSignal.abort())
    assert.equal(log.length, 200)
    assert.match(paths.whyUnavailable('c999'), /too many sources/)
  })
})

describe('a changed configuration', () => {
  const TEXT = 'paths: { a: { source: rtsp://10.0.0.1/a }, b: { source: rtsp://10.0.0.1/b }, c: {}, ~d.*: {} }'

  test('starts, stops and restarts the sources that changed, and says before which', async () => {
    const { paths, log, begin, update } = await setUp(TEXT)
    begin('a')
    begin('b')
    log.length = 0
    const next =
      'paths: { a: { source: rtsp://10.0.0.1/a, sourceOnDemandCloseAfter: 1s }, b: { source: rtsp://10.0.0.2/b }, c: { source: rtsp://10.0.0.1/c }, ~d.*: {} }'
    assert.deepEqual(paths.plan(optionsOf(next)), { sources: ['b', 'c'], closed: [], refused: [] })
    await update(next)
    assert.deepEqual(log, ['stop b', 'start b rtsp://10.0.0.2/b', 'start c rtsp://10.0.0.1/c'])
  })

  test('ends paths that are not there any more, and publishers where a source publishes now', async () => {
    const { hub, paths, update } = await setUp(TEXT)
    const closed: string[] = []
    const ended: string[] = []
    for (const name of ['c', 'd1']) {
      const publication = hub.publish(
        name,
        [PCMU],
        'packets',
        {
          protocol: 'rtmp',
          remote: 'x',
          close: (message) => {
            closed.push(message)
            publication.close(0)
          },
        },
        0,
      )
    }
    hub.find('d1')?.addClient(reader(ended))
    const next = 'paths: { c: { source: rtsp://10.0.0.1/c } }'
    assert.deepEqual(paths.plan(optionsOf(next)), { sources: ['a', 'b', 'c'], closed: ['d1'], refused: ['c'] })
    await update(next)
    await soon()
    assert.deepEqual(closed, ['path d1 is not in the configuration any more', 'path c is pulled from a source now'])
    assert.deepEqual(ended, ['path d1 is not in the configuration any more'])
    assert.equal(hub.find('d1'), undefined)
  })
})

describe('checkPublish', () => {
  const CASES: readonly (readonly [name: string, code: string | undefined])[] = [
    ['c', undefined],
    ['a', 'path/has-source'],
    ['x', 'path/not-configured'],
    ['../x', 'path/invalid-name'],
    ['taken', 'path/busy'],
  ]
  for (const [name, code] of CASES) {
    test(`${name}: ${code ?? 'may be published'}`, async () => {
      const { hub, paths } = await setUp('paths: { a: { source: rtsp://10.0.0.1/a }, c: {}, taken: {} }')
      hub.publish('taken', [PCMU], 'packets', { protocol: 'rtmp', remote: 'x', close() {} }, 0)
      if (code === undefined) paths.checkPublish(name)
      else assert.throws(() => paths.checkPublish(name), { code })
    })
  }
})
