import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { decode } from './harness/decode.ts'
import { Millrace } from './harness/millrace.ts'
import { publishRtmp, publishRtsp } from './harness/publishers.ts'
import { openPlayer, receivedStats } from './harness/readers.ts'

describe('many readers', () => {
  let browser: Browser
  before(async () => {
    browser = await launchChromium()
  })
  after(() => browser?.close())
  afterEach(stopChildren)

  it('20 readers of four protocols watch one stream at once', { timeout: 120_000 }, async (test) => {
    const server = await Millrace.start()
    const publisher = await publishRtsp(server, 'crowd', 'tcp', await clip({ audio: 'opus', bitrate: '500k' }))
    await server.pathIsLive('crowd')
    const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)
    const decoding = [
      ...times(5, () => decode('RTSP/TCP', server.url('rtsp', 'crowd'), ['-rtsp_transport', 'tcp'])),
      ...times(5, () => decode('RTMP', server.url('rtmp', 'crowd'))),
      ...times(5, () => decode('HLS', server.url('hls', 'crowd'))),
    ]
    const pages = []
    for (let i = 0; i < 5; i++) {
      const page = await browser.newPage()
      await openPlayer(page, server, 'crowd')
      pages.push(page)
    }
    for (const reader of decoding) await until(`${reader.name} decodes`, 40_000, () => reader.frames() > 60)
    for (const page of pages) await until('WHEP decodes', 40_000, async () => ((await receivedStats(page))?.framesDecoded ?? 0) > 60)
    const before = decoding.map((reader) => reader.frames())
    for (const [i, reader] of decoding.entries()) {
      await until(`${reader.name} goes on`, 20_000, () => reader.frames() > (before[i] ?? 0) + 60)
      assert.equal(reader.child.stderr, '', `${reader.name}: decoder errors`)
    }
    const { paths } = (await (await fetch(server.url('http', '_/paths'))).json()) as { paths: { name: string; readers: number }[] }
    test.diagnostic(`the server counts ${paths[0]?.readers} readers`)
    for (const page of pages) await page.close()
    for (const reader of decoding) await reader.child.stop()
    await publisher.stop()
    await server.stop()
  })

  it('a reader that stops reading harms nobody, and costs no memory', { timeout: 120_000 }, async (test) => {
    const server = await Millrace.start()
    const file = await clip({ audio: 'aac', bitrate: '8M', width: 1280, height: 720 })
    const publisher = await publishRtmp(server, 'slow', file)
    await server.pathIsLive('slow')
    const watcher = decode('RTSP/TCP', server.url('rtsp', 'slow'), ['-rtsp_transport', 'tcp', '-c:v', 'h264'])
    const frozen = [
      ...Array.from({ length: 5 }, () => decode('RTMP', server.url('rtmp', 'slow'))),
      ...Array.from({ length: 5 }, () => decode('RTSP/TCP', server.url('rtsp', 'slow'), ['-rtsp_transport', 'tcp'])),
    ]
    for (const reader of [watcher, ...frozen]) await until(`${reader.name} decodes`, 40_000, () => reader.frames() > 5)
    for (const reader of frozen) reader.child.process.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 5000))
    const before = server.memory()
    const framesBefore = watcher.frames()
    await new Promise((resolve) => setTimeout(resolve, 25_000))
    const grown = (server.memory() - before) / 1024 / 1024
    test.diagnostic(`10 frozen readers of 8 Mbit/s for 30 s: memory ${(before / 1e6).toFixed(0)} MB, grown by ${grown.toFixed(1)} MB`)
    assert.ok(grown < 60, `grown by ${grown.toFixed(1)} MB while 10 readers were due ${(10 * 25).toFixed(0)} MB`)
    assert.ok(watcher.frames() - framesBefore > 25 * 30 * 0.8, `the other reader went on: ${watcher.frames() - framesBefore} pictures in 25 s`)
    assert.equal(watcher.child.stderr, '')
    await until('the log says why they are closed', 20_000, () => server.logLines('too slow').length >= 10)
    for (const reader of frozen) {
      reader.child.process.kill('SIGCONT')
      await reader.child.stop('SIGKILL')
    }
    await watcher.child.stop()
    await publisher.stop()
    await server.stop()
  })
})
