import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import { makeServerContext } from '../../test/server-context.ts'
import { monotonicMs, wallClockMs } from '../net/clock.ts'
import type { SessionRecorder } from '../net/session-probe.ts'
import { type HttpServer, startHttpServer } from '../servers/http/http-server.ts'
import { SessionRegistry } from '../sessions/session-registry.ts'
import { Statistics } from './statistics.ts'
import { statsRoutes } from './stats-routes.ts'

const _quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => _quiet }
const pcmu = { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 } as const
const PATH = 'lecture/hall-1'

type Document = {
  server: { loopDelayMs: number }
  sessions: { id: string; role: string; remote: string; now: Record<string, number>; verdict: { culprit: string; evidence: string[] } }[]
  columns: { name: string }[]
  samples: (number | null)[][]
}

describe('statistics over HTTP', () => {
  let http: HttpServer
  let statistics: Statistics
  let bytes = 0
  let reason: string | undefined
  let recorder: SessionRecorder | null = null

  before(async () => {
    const hub = new Hub({ converters: rtpConverters, republishGraceMs: 5000 })
    const publication = hub.publish(PATH, [pcmu], 'units', { protocol: 'rtsp', remote: '192.0.2.10:554', close() {} }, 0)
    publication.stream.addClient({
      protocol: 'webrtc',
      remote: '192.0.2.20:40000',
      end() {},
      ...{
        id: 'resource',
        readCounters: () => ({ bytesOut: bytes, packets: bytes / 1000, rttMs: 12.5, reason }),
        record: (given: SessionRecorder | null) => {
          recorder = given
        },
      },
    })
    const context = makeServerContext({ hub })
    const startMs = monotonicMs()
    const sessions = new SessionRegistry(hub, context.events, { nowMs: () => startMs - 1000, wallClockMs })
    statistics = new Statistics(sessions, wallClockMs)
    http = await startHttpServer(context, { host: '127.0.0.1', port: 0, routes: statsRoutes(statistics), pagesDir: 'no-such-folder' })
    for (let second = 0; second < 5; second++) {
      statistics.tick(startMs + second * 1000, second)
      bytes += 100_000
    }
  })
  after(() => http.close())

  const get = (address: string): Promise<Response> => fetch(`http://127.0.0.1:${http.port}/${PATH}/${address}`)
  const list = async (): Promise<Document> => (await get('stats.json')).json() as Promise<Document>
  const viewerId = async (): Promise<string> => (await list()).sessions.find(({ role }) => role === 'reader')?.id ?? ''
  const report = (id: string, body: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${http.port}/${PATH}/whep/${id}/report`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

  it('lists a path’s sessions with their newest values and a verdict', async () => {
    const { sessions, server } = await list()
    assert.equal(server.loopDelayMs, 4)
    assert.deepEqual(
      sessions.map(({ role, remote }) => [role, remote]),
      [
        ['publisher', '192.0.2.10:554'],
        ['reader', '192.0.2.20:40000'],
      ],
    )
    assert.deepEqual(sessions[1]?.now, { bitrateKbps: 800, packets: 100, rttMs: 12.5 })
    assert.equal(sessions[1]?.verdict.culprit, 'camera', 'the publisher sends nothing here')
  })

  it('gives a session’s samples as JSON, also those after a time only', async () => {
    const id = await viewerId()
    const document = (await (await get(`stats/${id}.json`)).json()) as Document
    assert.equal(document.columns.length, document.samples[0]?.length)
    assert.deepEqual(
      document.samples.map((row) => row[document.columns.findIndex(({ name }) => name === 'bitrateKbps')]),
      [0, 800, 800, 800, 800],
    )
    const later = (await (await get(`stats/${id}.json?after=${document.samples[2]?.[0]}`)).json()) as Document
    assert.deepEqual(later.samples, document.samples.slice(3))
  })

  it('gives them as a CSV file to save', async () => {
    const id = await viewerId()
    const response = await get(`stats/${id}.csv`)
    assert.equal(response.headers.get('content-disposition'), `attachment; filename="millrace-lecture-hall-1-${id}.csv"`)
    const [header = '', first = '', ...rest] = (await response.text()).split('\r\n')
    assert.match(header, /^time,bitrateKbps,packets,lost,rttMs,.*,framesDecoded,.*,loopDelayMs$/)
    assert.match(first, /^\d{4}-\d\d-\d\dT[\d:.]+Z,0,0,,12.5,/)
    assert.equal(first.split(',').length, header.split(',').length)
    assert.equal(rest.length, 5, 'four more seconds, and the end of the last line')
  })

  it('takes reports of the player that knows its resource', async () => {
    const missing = await report('guessed', '{"timeMs":1}')
    assert.equal(missing.status, 404)
    assert.equal((await report('resource', '{"timeMs":1000,"framesDecoded":10,"somethingNew":true}')).status, 204)
    const tooEarly = await report('resource', '{"timeMs":1100}')
    assert.deepEqual([tooEarly.status, tooEarly.headers.get('retry-after')], [429, '1'])
    const preflight = await fetch(`http://127.0.0.1:${http.port}/${PATH}/whep/resource/report`, { method: 'OPTIONS' })
    assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, '*'])
  })

  for (const [title, body, status, detail] of [
    ['no JSON', 'framesDecoded=3', 400, /body/],
    ['a number that is none', '{"timeMs":1,"framesDecoded":"many"}', 400, /framesDecoded/],
    ['a negative count', '{"timeMs":1,"framesDropped":-1}', 400, /framesDropped/],
    ['too much of it', `{"timeMs":1,"x":"${'x'.repeat(5000)}"}`, 413, /4096 bytes/],
  ] as const) {
    it(`refuses a report with ${title}`, async () => {
      const response = await report('resource', body)
      assert.equal(response.status, status)
      assert.match(((await response.json()) as { detail: string }).detail, detail)
    })
  }

  it('answers a report with the reason for sending less, while there is one', async () => {
    reason = 'packets wait on the way to the viewer'
    statistics.tick(monotonicMs(), 0)
    await sleep(1000)
    const response = await report('resource', '{"timeMs":3000}')
    assert.deepEqual([response.status, await response.json()], [200, { reduced: reason }])
    reason = undefined
  })

  it('records a session’s last minute when it is asked to', async () => {
    const id = await viewerId()
    const record = (method: string, session = id): Promise<Response> => fetch(`http://127.0.0.1:${http.port}/${PATH}/stats/${session}/record`, { method })
    assert.equal((await get(`stats/${id}/flight.json`)).status, 409)
    assert.equal((await record('POST')).status, 204)
    recorder?.note('offer', 'v=0')
    const response = await get(`stats/${id}/flight.json`)
    assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename=".*-flight\.json"$/)
    const flight = (await response.json()) as { session: { recorded: boolean }; notes: { kind: string; text: string }[]; rtcp: unknown[] }
    assert.equal(flight.session.recorded, true)
    assert.deepEqual(
      flight.notes.map(({ kind, text }) => [kind, text]),
      [['offer', 'v=0']],
    )
    assert.equal((await record('DELETE')).status, 204)
    assert.equal(recorder, null, 'the session is told that nobody listens')
    assert.equal((await get(`stats/${id}/flight.json`)).status, 409)
    const publisher = (await list()).sessions.find(({ role }) => role === 'publisher')
    assert.equal((await record('POST', publisher?.id)).status, 409, 'RTSP has nothing to record')
  })

  it('knows no other sessions', async () => {
    for (const file of ['none.json', 'none.csv']) assert.equal((await get(`stats/${file}`)).status, 404)
  })
})
