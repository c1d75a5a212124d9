import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { Child, stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { decode } from './harness/decode.ts'
import { Millrace } from './harness/millrace.ts'
import { publishRtmp, publishRtsp } from './harness/publishers.ts'
import { ffprobe, openPlayer, receivedStats } from './harness/readers.ts'

describe('publishers come and go', () => {
  let server: Millrace
  let browser: Browser
  before(async () => {
    server = await Millrace.start()
    browser = await launchChromium()
  })
  after(async () => {
    await browser?.close()
    await stopChildren()
  })

  it('readers of four protocols go on when the publisher comes back', { timeout: 90_000 }, async () => {
    const file = await clip({ audio: 'aac' })
    const first = await publishRtsp(server, 'lecture', 'tcp', file)
    await server.pathIsLive('lecture')
    const page = await browser.newPage()
    await openPlayer(page, server, 'lecture')
    const readers = [
      decode('rtsp', server.url('rtsp', 'lecture'), ['-rtsp_transport', 'tcp']),
      decode('rtmp', server.url('rtmp', 'lecture')),
      decode('hls', server.url('hls', 'lecture')),
    ]
    const whepFrames = async () => (await receivedStats(page))?.framesDecoded ?? 0
    for (const reader of readers) await until(`${reader.name} shows pictures`, 15_000, () => reader.frames() > 30)
    await until('WHEP shows pictures', 10_000, async () => (await whepFrames()) > 30)

    await first.stop()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const counts = readers.map((reader) => reader.frames())
    const whepBefore = await whepFrames()
    const connections = await page.evaluate(() => (globalThis as unknown as { peerConnections: unknown[] }).peerConnections.length)
    const second = await publishRtsp(server, 'lecture', 'tcp', file)

    for (const [i, reader] of readers.entries()) {
      await until(`${reader.name} goes on`, 25_000, () => reader.frames() > (counts[i] ?? 0) + 60)
      assert.equal(reader.child.exitCode, undefined, `${reader.name} ended: ${reader.child.stderr}`)
    }
    await until('WHEP goes on', 15_000, async () => (await whepFrames()) > whepBefore + 60)
    assert.equal(
      await page.evaluate(() => (globalThis as unknown as { peerConnections: unknown[] }).peerConnections.length),
      connections,
      'the page did not have to connect again',
    )
    for (const reader of readers) await reader.child.stop()
    await page.close()
    await second.stop()
  })

  it('the second publisher of a path is refused with a reason, and the first does not notice', { timeout: 60_000 }, async () => {
    const file = await clip({ audio: 'aac' })
    const first = await publishRtsp(server, 'taken', 'tcp', file)
    await server.pathIsLive('taken')
    const reader = decode('rtsp', server.url('rtsp', 'taken'), ['-rtsp_transport', 'tcp'])
    await until('pictures', 15_000, () => reader.frames() > 10)

    const overRtsp = await publishRtsp(server, 'taken', 'tcp', file)
    assert.notEqual(await overRtsp.finished(15_000), 0)
    const overRtmp = await publishRtmp(server, 'taken', file)
    assert.notEqual(await overRtmp.finished(15_000), 0)
    const refusals = server.logLines('already has a publisher')
    assert.ok(refusals.length >= 2, server.child.stderr.slice(-2000))
    assert.match(overRtmp.stderr, /already has a publisher/, 'RTMP tells the client why')

    const before = reader.frames()
    await until('the first goes on', 10_000, () => reader.frames() > before + 30)
    assert.equal(first.exitCode, undefined)
    await reader.child.stop()
    await first.stop()
  })

  it('a page that came before the publisher starts by itself', { timeout: 60_000 }, async () => {
    const page = await browser.newPage()
    await openPlayer(page, server, 'later')
    await until('the page says that nobody publishes', 10_000, async () => /nobody|no publisher|not.*publish/i.test(await page.innerText('body')))
    const publisher = await publishRtmp(server, 'later', await clip({ audio: 'aac' }))
    await until('pictures without a click', 20_000, async () => ((await receivedStats(page))?.framesDecoded ?? 0) > 10)
    await until('the page says that AAC is missing', 10_000, async () => /AAC/.test(await page.innerText('body')))
    assert.ok(server.logLines('AAC').length > 0, 'and so does the log')
    await publisher.stop()
    await page.close()
  })

  it('B-frames, which WebRTC shows in the wrong order, are told on the page and in the log', { timeout: 60_000 }, async () => {
    const publisher = await publishRtsp(server, 'reordered', 'tcp', await clip({ audio: 'opus', bFrames: 2 }))
    await server.pathIsLive('reordered')
    await until('some pictures have come', 10_000, async () => (await ffprobe(server.url('rtsp', 'reordered'), ['-rtsp_transport', 'tcp'], 1)).length > 0)
    const page = await browser.newPage()
    await openPlayer(page, server, 'reordered')
    await until('the page says it', 15_000, async () => /B-frames/.test(await page.innerText('body')))
    assert.ok(server.logLines('set the encoder to no B-frames').length > 0, 'and the log says what to change')
    await page.close()
    await publisher.stop()
  })

  it('readers are told when the publisher does not come back', { timeout: 60_000 }, async () => {
    const own = await Millrace.start('demo: false\nrepublishGrace: 1s')
    const publisher = await publishRtmp(own, 'short', await clip({ audio: 'aac' }))
    await own.pathIsLive('short')
    const readers = [decode('rtmp', own.url('rtmp', 'short')), decode('rtsp', own.url('rtsp', 'short'), ['-rtsp_transport', 'tcp'])]
    for (const reader of readers) await until(`${reader.name} shows pictures`, 15_000, () => reader.frames() > 10)
    await publisher.stop()
    for (const reader of readers) await reader.child.finished(15_000)
    const late = new Child('ffprobe', ['-v', 'error', own.url('rtsp', 'short')])
    assert.notEqual(await late.finished(10_000), 0)
    assert.match(late.stderr, /404/)
    await own.stop()
  })
})
