import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '../../../test/until.ts'
import { type Browser, launchBrowser, receivedStats, watch } from '../../../test/webrtc/browser.ts'
import { LiveFeeder, makeClip } from '../../../test/webrtc/live-feeder.ts'
import { LossyProxy } from '../../../test/webrtc/lossy-proxy.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'

const WIDTH = 640
const HEIGHT = 360

describe('Chromium watches by WHEP', () => {
  let server: WhepServer
  let feeder: LiveFeeder
  let browser: Browser

  before(async () => {
    server = await startWhepServer()
    feeder = new LiveFeeder(server.hub, 'live', await makeClip(WIDTH, HEIGHT))
    browser = await launchBrowser()
  })

  after(async () => {
    await browser?.close()
    feeder?.close()
    await server?.close()
  })

  test('picture at once in the middle of a group of pictures, and sound', async () => {
    // The clip has a key frame each ten seconds: a viewer who had to wait for it would see nothing for most of them.
    await until('the stream is in the middle of its group', () => feeder.groupAgeMs > 4000)
    const page = await watch(browser, `${server.url}/live/whep`)
    await until('the first picture', async () => (await receivedStats(page)).framesDecoded > 0)
    assert.ok(feeder.groupAgeMs > 4000, `the picture came from the group that was under way, not ${feeder.groupAgeMs} ms after the next one`)
    await until('sound', async () => (await receivedStats(page)).totalSamplesReceived > 48_000)
    const before = await receivedStats(page)
    await until('pictures go on', async () => (await receivedStats(page)).framesDecoded > before.framesDecoded + 30)
    const stats = await receivedStats(page)
    assert.equal(stats.frameWidth, WIDTH)
    assert.equal(stats.frameHeight, HEIGHT)
    assert.equal(stats.packetsLost, 0)
    assert.ok(stats.framesDropped < 5, `${stats.framesDropped} pictures were dropped`)
    await assertIsLive(page)
  })

  test('lost packets are asked for and sent again', async () => {
    const proxy = await LossyProxy.start(server.webrtc.port, 0.03)
    try {
      const page = await watch(browser, `${server.url}/live/whep`, { rewritePort: [server.webrtc.port, proxy.port] })
      await until('pictures in spite of the loss', async () => (await receivedStats(page)).framesDecoded > 150)
      const before = await receivedStats(page)
      await until('pictures go on', async () => (await receivedStats(page)).framesDecoded > before.framesDecoded + 100)
      const stats = await receivedStats(page)
      assert.ok(proxy.lost > 5, `${proxy.lost} packets were lost on purpose`)
      assert.ok(stats.nackCount > 0, 'the browser asked')
      for (const code of ['srtcp/replayed', 'srtcp/forged']) assert.ok(server.faults.includes(code), `${code} is counted`)
      const received = stats.framesReceived - before.framesReceived
      const decoded = stats.framesDecoded - before.framesDecoded
      assert.ok(decoded >= received * 0.95, `${decoded} of ${received} pictures were decoded`)
    } finally {
      await proxy.close()
    }
  })

  test('a republished stream goes on, and its end closes the viewer', async () => {
    const page = await watch(browser, `${server.url}/live/whep`)
    await until('pictures', async () => (await receivedStats(page)).framesDecoded > 30)
    feeder.republish()
    const before = await receivedStats(page)
    await until('pictures of the new publisher', async () => (await receivedStats(page)).framesDecoded > before.framesDecoded + 60)
    feeder.close()
    server.hub.tick(Number.POSITIVE_INFINITY)
    await until('the browser knows that it is over', async () => (await receivedStats(page)).dtlsState === 'closed')
    await until('all sessions are forgotten', () => server.webrtc.sessions === 0)
  })
})

/** The picture shown is no older than a second: the catch-up did not leave the viewer behind. */
const assertIsLive = async (page: Page): Promise<void> => {
  const stats = await receivedStats(page)
  const delayMs = (stats.jitterBufferDelay / stats.jitterBufferEmittedCount) * 1000
  assert.ok(delayMs < 1000, `${delayMs} ms in the jitter buffer`)
}
