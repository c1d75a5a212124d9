import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Child, stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { Millrace } from './harness/millrace.ts'
import { publishRtmp } from './harness/publishers.ts'

type Session = { id: string; type: string; role: string; tracks: string[]; userAgent: string; state: string }

type Answer = { readonly items?: readonly object[] }

describe('the API of the started program', () => {
  let server: Millrace
  before(async () => {
    server = await Millrace.start()
  })
  after(async () => {
    await stopChildren()
    await server?.stop()
  })

  const call = async (method: string, path: string, body?: object): Promise<{ status: number; answer: Answer }> => {
    const init = body ? { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : { method }
    const response = await fetch(`http://127.0.0.1:${server.ports.api}/v1${path}`, init)
    const text = await response.text()
    return { status: response.status, answer: (text === '' ? {} : JSON.parse(text)) as Answer }
  }
  const sessions = async (path: string): Promise<Session[]> => ((await call('GET', `/sessions/list?path=${path}`)).answer.items ?? []) as Session[]

  it('tells as it happens who publishes and reads, and ends readers and publishers with a reason', { timeout: 60_000 }, async () => {
    const events = new Child('curl', ['-sN', `http://127.0.0.1:${server.ports.api}/v1/events?path=live/a`])
    await until('the events begin', 10_000, () => events.stdout.includes('id:'))
    const publisher = await publishRtmp(server, 'live/a', await clip({ audio: 'aac' }))
    await server.pathIsLive('live/a')
    const reader = new Child('ffmpeg', ['-v', 'error', '-rtsp_transport', 'tcp', '-i', server.url('rtsp', 'live/a'), '-c', 'copy', '-f', 'null', '-'])
    const reading = await until('the reader reads', 15_000, async () =>
      (await sessions('live/a')).find(({ role, state }) => role === 'reader' && state === 'read'),
    )
    assert.deepEqual([reading.type, reading.tracks], ['rtspSession', ['H.264', 'AAC']])
    assert.match(reading.userAgent, /^Lavf/)
    assert.equal((await call('POST', `/sessions/kick/${reading.id}`, { reason: 'the room is booked' })).status, 204)
    await reader.finished(10_000)
    const [publishing] = (await sessions('live/a')).filter(({ role }) => role === 'publisher')
    assert.equal((await call('POST', `/rtmpconns/kick/${publishing?.id}`)).status, 204)
    await publisher.finished(10_000)
    await until('the path is over', 10_000, () => events.stdout.includes('path-not-ready'))
    const seen = [...events.stdout.matchAll(/^event: (.*)$/gm)].map(([, type]) => type)
    assert.deepEqual(seen, ['publisher-connected', 'path-ready', 'reader-joined', 'reader-left', 'publisher-left', 'path-not-ready'])
    assert.match(events.stdout, /"type":"reader-left".*"reason":"the room is booked \(127\.0\.0\.1\)"/)
    assert.match(events.stdout, /"type":"publisher-left".*"reason":"ended by an administrator"/)
    await events.stop()
  })

  it('changes the configuration while it runs, in its file, and takes it back', { timeout: 30_000 }, async () => {
    const file = (): string => readFileSync(join(server.folder, 'millrace.yml'), 'utf8')
    const before = file()
    const source = 'rtsp://cam:secret@127.0.0.1:1/x'
    assert.equal((await call('POST', '/config/paths/add/hall', { source, sourceOnDemand: true })).status, 200)
    assert.match(file(), /hall:[\s\S]*rtsp:\/\/cam:secret@127\.0\.0\.1:1\/x/)
    assert.deepEqual((await call('GET', '/config/paths/get/hall')).answer, { source: 'rtsp://***@127.0.0.1:1/x', sourceOnDemand: true })
    const back = { source: 'rtsp://***@127.0.0.1:1/x', sourceOnDemand: true, sourceOnDemandCloseAfter: '1s' }
    assert.equal((await call('POST', '/config/paths/replace/hall', back)).status, 200)
    assert.match(file(), /rtsp:\/\/cam:secret@/, 'a masked password that comes back is the one that was there')
    assert.equal((await call('PATCH', '/config/paths/patch/hall', { sourceOnDemand: 'perhaps' })).status, 400)
    const history = (await call('GET', '/config/history/list')).answer.items as { version: string }[]
    const first = history.at(-1)
    assert.equal((await call('POST', `/config/rollback/${first?.version}`)).status, 200)
    assert.equal(file(), before)
    assert.deepEqual((await call('GET', '/config/paths/list')).answer.items, [])
  })
})
