import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeServerContext } from '../../test/server-context.ts'
import type { AccessDecision } from '../net/access.ts'
import { monotonicMs, wallClockMs } from '../net/clock.ts'
import type { Running } from '../net/context.ts'
import { OPEN_ACCESS } from '../net/open-access.ts'
import { SessionRegistry } from '../sessions/session-registry.ts'
import { FaultCounts } from './fault-counts.ts'
import { startMetricsServer } from './metrics-server.ts'
import { serverMetrics } from './server-metrics.ts'
import { sessionMetrics, trafficMetrics } from './traffic-metrics.ts'

const PCMU = { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 } as const

describe('metrics', () => {
  let server: Running & { readonly port: number }
  let decision: AccessDecision = { allowed: true, user: '' }
  const faults = new FaultCounts()
  const access = { ...OPEN_ACCESS, authorize: async () => decision }
  const context = makeServerContext({ access })
  const sessions = new SessionRegistry(context.hub, context.events, { nowMs: monotonicMs, wallClockMs })

  before(async () => {
    const families = [
      ...trafficMetrics(context.hub, sessions),
      ...sessionMetrics(sessions),
      ...serverMetrics({ context, faults, version: '1.2.3', loopDelayMs: () => 2.5 }),
    ]
    const options = { host: '127.0.0.1', port: 0, families, isReady: () => false, refresh: () => sessions.tick(monotonicMs()) }
    server = await startMetricsServer(context, options)
  })
  after(() => server.close())

  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`)

  it('are what Prometheus reads: names, types and units', async () => {
    const publication = context.hub.publish('lecture/hall-1', [PCMU], 'units', { protocol: 'rtsp', remote: 'rtsp://me:word@h/x', close() {} }, 0)
    const counters = { bytesIn: 0, bytesOut: 0 }
    publication.stream.addClient({ protocol: 'webrtc', remote: '192.0.2.9:5', user: 'ann', readCounters: () => counters, end() {} } as never)
    Object.assign(counters, { bytesIn: 7, bytesOut: 4000, lost: 3, dropped: 2, dropReason: 'congestion', rttMs: 25 })
    faults.add('rtsp', 'rtsp/bad')
    faults.add('rtsp', 'rtsp/bad')
    const response = await get('/metrics')
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    const text = await response.text()
    const path = 'lecture/hall-1'
    for (const line of [
      'millrace_paths{state="ready"} 1',
      'millrace_sessions{protocol="webrtc",role="reader"} 1',
      'millrace_sent_bytes_total{protocol="webrtc",role="reader"} 4000',
      `millrace_path_sent_bytes_total{path="${path}",protocol="webrtc",role="reader"} 4000`,
      'millrace_lost_packets_total{protocol="webrtc",role="reader"} 3',
      'millrace_dropped_packets_total{protocol="webrtc",role="reader",reason="congestion"} 2',
      'millrace_events_total{type="reader-joined"} 1',
      'millrace_protocol_faults_total{protocol="rtsp",code="rtsp/bad"} 2',
      'millrace_access_requests_total{result="throttled"} 0',
      'millrace_event_loop_delay_seconds 0.0025',
      'millrace_info{version="1.2.3"} 1',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line} is not in\n${text}`)
    }
    assert.match(
      text,
      /^millrace_session_round_trip_seconds\{id="[\w-]+",path=".*",protocol="webrtc",role="reader",remote="192\.0\.2\.9:5",user="ann"\} 0\.025$/m,
    )
    assert.match(text, /^process_resident_memory_bytes \d+$/m)
    assert.doesNotMatch(text, /word@/)
    for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (millrace_\w+) (\w+)$/gm)) {
      assert.equal(type === 'counter', name.endsWith('_total'), name)
      assert.match(text, new RegExp(`^# HELP ${name} .+\\.$`, 'm'))
    }
  })

  it('are for those who may see them; whether it lives is for all', async () => {
    decision = { allowed: false, reason: 'x', challenge: true }
    assert.equal((await get('/metrics')).status, 401)
    assert.deepEqual([(await get('/live')).status, (await get('/ready')).status], [200, 503])
  })
})
