import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { stopChildren, until } from './harness/child.ts'
import { CountingProxy } from './harness/counting-proxy.ts'
import { type Decoding, decode } from './harness/decode.ts'
import { Millrace } from './harness/millrace.ts'
import { startCamera } from './harness/publishers.ts'
import { openPlayer, receivedStats } from './harness/readers.ts'
import { SequenceReader } from './harness/sequence-reader.ts'

/** With ffmpeg and Chromium they are 20. */
const LIGHT_READERS = 18
const STEADY = 'demo'

describe('the configuration changes while 20 readers watch a path that does not', () => {
  let server: Millrace
  let first: CountingProxy
  let second: CountingProxy
  let browser: Browser
  let page: Page
  let decoding: Decoding
  let readers: SequenceReader[]

  const config = (camera: CountingProxy, more = ''): string =>
    `paths:\n  cam: { source: "rtsp://127.0.0.1:${camera.port}/stream", rtspTransport: tcp }\n  all_others:\n${more}`

  /** Each of them got media after this was called. */
  const allGoOn = async (): Promise<void> => {
    const packets = readers.map((reader) => reader.packets)
    const decoded = (await receivedStats(page))?.framesDecoded ?? 0
    const frames = decoding.frames()
    await until('media for all readers', 15_000, async () => {
      const isPlaying = ((await receivedStats(page))?.framesDecoded ?? 0) > decoded + 20 && decoding.frames() > frames + 20
      return isPlaying && readers.every((reader, i) => reader.packets > (packets[i] ?? 0) + 50)
    })
    assert.deepEqual(
      readers.flatMap(({ gaps, ended }) => [...gaps, ...(ended ? [ended] : [])]),
      [],
    )
    assert.deepEqual([decoding.child.exitCode, decoding.child.stderr], [undefined, ''])
    const stats = await receivedStats(page)
    assert.deepEqual([stats?.state, stats?.packetsLost, stats?.nacks], ['connected', 0, 0])
    assert.equal(await page.evaluate(() => (globalThis as unknown as { peerConnections: unknown[] }).peerConnections.length), 1, 'connected again')
  }

  before(async () => {
    const { port } = await startCamera([])
    ;[first, second] = await Promise.all([CountingProxy.start(port), CountingProxy.start(port)])
    browser = await launchChromium()
    server = await Millrace.start(config(first))
    await Promise.all([server.pathIsLive(STEADY), server.pathIsLive('cam')])
    readers = await Promise.all(Array.from({ length: LIGHT_READERS }, () => SequenceReader.play(server.url('rtsp', STEADY))))
    decoding = decode('RTSP', server.url('rtsp', STEADY), ['-rtsp_transport', 'tcp'])
    page = await browser.newPage()
    await openPlayer(page, server, STEADY)
    await until('pictures', 20_000, async () => decoding.frames() > 5 && ((await receivedStats(page))?.framesDecoded ?? 0) > 5)
  })
  after(async () => {
    for (const reader of readers ?? []) reader.stop()
    await browser?.close()
    await server?.stop()
    first?.stop()
    second?.stop()
    await stopChildren()
  })

  it('what a change would drop is said before anyone does it', { timeout: 60_000 }, async () => {
    const file = server.writeConfig('next.yml', `${config(second)}\nrtsp: { enabled: false }`)
    const plan = await server.command('plan', file, '--api', `http://127.0.0.1:${server.ports.api}`)
    assert.equal(plan.code, 0, plan.stderr)
    assert.match(plan.stdout, /^changed keys +rtsp\.enabled, .*paths\.cam\nlisteners restarted +rtsp\npaths touched +cam\nsessions dropped +19: /)
    const broken = await server.command('plan', server.writeConfig('broken.yml', 'rtsp: { prot: 1 }'))
    assert.deepEqual([broken.code, /broken\.yml:\d+:9: rtsp\.prot/.test(broken.stderr)], [1, true], broken.stderr)
    await allGoOn()
    assert.deepEqual([first.total, second.total], [1, 0])
  })

  it('a path whose source changed is pulled anew, and its reader goes on; nobody else notices', { timeout: 60_000 }, async () => {
    const reader = await SequenceReader.play(server.url('rtsp', 'cam'))
    await until('packets', 10_000, () => reader.packets > 50)
    server.configure(config(second, 'hls: { port: 0, segmentCount: 5 }\nrtmp: { enabled: false }\nrepublishGrace: 20s'))
    await until('the other camera is asked', 15_000, () => second.total === 1 && first.open === 0)
    const [line = ''] = await until('the log says what changed', 5000, () => {
      const lines = server.logLines('the configuration changed')
      return lines.length > 0 && lines
    })
    for (const change of ['hls.segmentCount', 'rtmp.enabled', 'republishGrace', 'paths.cam']) assert.ok(line.includes(change), line)
    const before = reader.packets
    await until('packets of the other camera', 15_000, () => reader.packets > before + 50)
    reader.stop()
    await allGoOn()
    assert.equal(first.total, 1)
  })

  it('a broken file changes nothing, and the log says where and why', { timeout: 60_000 }, async () => {
    server.configure(config(first, 'rtsp: { prot: 8554 }\n'))
    const [line = ''] = await until('the log says it', 10_000, () => {
      const lines = server.logLines('is not taken')
      return lines.length > 0 && lines
    })
    assert.match(line, /the one before stays: millrace\.yml:\d+:9: rtsp\.prot is no key that is known: did you mean port\?/)
    server.configure('paths: [')
    await until('the log says it', 10_000, () => server.logLines('is not taken').length > 1)
    await allGoOn()
    assert.deepEqual([first.total, second.total], [1, 1])
  })

  it('a port that is taken leaves the listener as it was; SIGHUP reads the file again', { timeout: 60_000 }, async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    server.configure(config(second, `hls: { port: ${port} }`))
    await until('the log says it', 10_000, () =>
      server.logLines(`TCP port ${port} for HLS is taken by another program`).some((line) => line.includes('http goes on as it was')),
    )
    assert.equal((await fetch(server.url('hls', STEADY))).status, 200)
    other.close()
    await once(other, 'close')
    server.child.process.kill('SIGHUP')
    await until('HLS on its new port', 10_000, () => isOpen(port))
    await allGoOn()
    assert.equal(second.total, 1)
  })

  it('a path that is not there any more ends for its readers, and nobody else notices', { timeout: 60_000 }, async () => {
    const reader = await SequenceReader.play(server.url('rtsp', 'cam'))
    server.configure('paths: { other: {} }')
    await until('the reader is told', 10_000, () => reader.ended)
    await until('the camera is left', 10_000, () => second.open === 0)
    await assert.rejects(SequenceReader.play(server.url('rtsp', 'cam')), /404 path cam is not in the configuration/)
    await allGoOn()
  })
})

const isOpen = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
