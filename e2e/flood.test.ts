import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Child, stopChildren, until } from './harness/child.ts'
import type { FloodCounts } from './harness/flooder.ts'
import { Millrace } from './harness/millrace.ts'
import { SequenceReader } from './harness/sequence-reader.ts'

const FLOODER = new URL('./harness/flooder.ts', import.meta.url).pathname
const BURST_LIMIT = 200
const ADDRESS_LIMIT = 500

class Flood {
  readonly #child: Child

  constructor(port: number, order: { first: number; addresses: number; each: number; perSecond: number; text?: string; drip?: boolean }) {
    this.#child = new Child(process.execPath, [FLOODER, JSON.stringify({ text: '', drip: false, ...order, port })])
  }

  counts(): FloodCounts {
    const line = this.#child.stdout.trimEnd().split('\n').at(-1)
    return line ? JSON.parse(line) : { tried: 0, held: 0, refused: 0 }
  }

  stop(): Promise<unknown> {
    return this.#child.stop('SIGKILL')
  }
}

/** How long the reader got nothing, at the longest, in milliseconds. */
const watchPauses = (reader: SequenceReader) => {
  let seen = reader.packets
  let sinceMs = performance.now()
  let longestMs = 0
  const timer = setInterval(() => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - sinceMs)
    if (reader.packets === seen) return
    seen = reader.packets
    sinceMs = nowMs
  }, 5)
  return {
    take: (): number => {
      const result = Math.round(longestMs)
      longestMs = 0
      return result
    },
    stop: () => clearInterval(timer),
  }
}

describe('under attack', () => {
  let server: Millrace
  let innocent: SequenceReader
  let pauses: ReturnType<typeof watchPauses>

  /** A line of the metrics. */
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${server.ports.metrics}/metrics`)).text()
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1] ?? 0,
    )
  }
  const report = (counts: FloodCounts, memoryBefore: number, quietMs: number): string =>
    `${counts.tried} connections tried, ${counts.held} held, ${counts.refused} refused or closed; memory ${Math.round(memoryBefore / 1e6)} MB before, ` +
    `${Math.round(server.memory() / 1e6)} MB now; an innocent reader's longest pause ${pauses.take()} ms, ${quietMs} ms before`
  const innocentIsUnharmed = async (): Promise<void> => {
    const { packets } = innocent
    await until('the reader goes on', 10_000, () => innocent.packets > packets + 50)
    assert.deepEqual([innocent.ended, innocent.gaps], [undefined, []])
    const answer = await fetch(`${server.url('http', 'demo')}`, { signal: AbortSignal.timeout(10_000) })
    assert.equal(answer.status, 200, 'a newcomer from elsewhere is served')
  }

  before(async () => {
    // Nobody is exempt, not even this machine.
    server = await Millrace.start('demo: true\nlimits: { exempt: [] }')
    await server.pathIsLive('demo')
    innocent = await SequenceReader.play(server.url('rtsp', 'demo'))
    pauses = watchPauses(innocent)
    await until('it plays', 10_000, () => innocent.packets > 300)
  })
  after(async () => {
    pauses.stop()
    innocent.stop()
    await stopChildren()
  })

  it('one address that connects as fast as it can is held at its limits', { timeout: 60_000 }, async (test) => {
    const quietMs = pauses.take()
    const memory = server.memory()
    const flood = new Flood(server.ports.rtmp, { first: 1, addresses: 1, each: 3000, perSecond: 1500 })
    await until('all were tried', 20_000, () => flood.counts().tried === 3000 && flood.counts().held + flood.counts().refused === 3000)
    assert.ok(flood.counts().held >= BURST_LIMIT && flood.counts().held <= ADDRESS_LIMIT, JSON.stringify(flood.counts()))
    assert.ok((await metric('millrace_connections_refused_total{limit="rate"}')) >= 2000)
    await innocentIsUnharmed()
    test.diagnostic(report(flood.counts(), memory, quietMs))
    await flood.stop()
  })

  it('9,000 idle connections of many addresses are held, cost little, and are closed when they say nothing', { timeout: 90_000 }, async (test) => {
    const quietMs = pauses.take()
    const memory = server.memory()
    const flood = new Flood(server.ports.webrtc, { first: 10, addresses: 30, each: 300, perSecond: 90 })
    await until('most are held', 30_000, async () => (await metric('millrace_connections')) > 8000)
    const most = flood.counts()
    await innocentIsUnharmed()
    test.diagnostic(report(most, memory, quietMs))
    await until('those that say nothing are closed', 40_000, async () => (await metric('millrace_connections')) < 100)
    await innocentIsUnharmed()
    await flood.stop()
  })

  it('requests that come a byte a second are closed, and harm nobody', { timeout: 60_000 }, async (test) => {
    const quietMs = pauses.take()
    const memory = server.memory()
    const slow = 'GET /demo HTTP/1.1\r\nHost: x\r\nX-Slow: '
    const flood = new Flood(server.ports.hls, { first: 100, addresses: 10, each: 100, perSecond: 90, text: slow, drip: true })
    const rtsp = new Flood(server.ports.rtsp, { first: 120, addresses: 10, each: 100, perSecond: 90, text: 'OPTIONS * RTSP/1.0\r\nX-Slow: ', drip: true })
    await until('they are there', 20_000, () => flood.counts().held + rtsp.counts().held > 1500)
    await innocentIsUnharmed()
    test.diagnostic(report(flood.counts(), memory, quietMs))
    await until('they are closed', 40_000, () => flood.counts().held + rtsp.counts().held < 50)
    await Promise.all([flood.stop(), rtsp.stop()])
  })

  it('more connections than all together may be are refused, and those that are there go on', { timeout: 60_000 }, async (test) => {
    const quietMs = pauses.take()
    const memory = server.memory()
    const flood = new Flood(server.ports.rtsp, { first: 140, addresses: 60, each: 200, perSecond: 90 })
    await until('the limit is reached', 30_000, () => flood.counts().tried === 12_000)
    // Not all 2,000: those that were let in and say nothing make room again.
    await until('the rest is refused', 15_000, () => flood.counts().refused >= 500)
    const { packets } = innocent
    await until('the reader goes on', 10_000, () => innocent.packets > packets + 50)
    assert.deepEqual([innocent.ended, innocent.gaps], [undefined, []])
    test.diagnostic(report(flood.counts(), memory, quietMs))
    await flood.stop()
    await until('a newcomer is served when they are gone', 15_000, async () => (await fetch(server.url('http', 'demo')).catch(() => undefined))?.status === 200)
    assert.ok((await metric('millrace_connections_refused_total{limit="total"}')) >= 500)
  })
})
