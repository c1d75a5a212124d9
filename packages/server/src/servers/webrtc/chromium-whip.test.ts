import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '../../../test/until.ts'
import { type Browser, FAKE_DEVICES, launchBrowser, receivedStats, watch } from '../../../test/webrtc/browser.ts'
import { LossyProxy } from '../../../test/webrtc/lossy-proxy.ts'
import { type PublishOptions, publish, sentStats } from '../../../test/webrtc/publish.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'

describe('Chromium publishes by WHIP', () => {
  let server: WhepServer
  let browser: Browser

  before(async () => {
    server = await startWhepServer()
    browser = await launchBrowser(FAKE_DEVICES)
  })

  after(async () => {
    await browser?.close()
    await server?.close()
  })

  const publishes = (path: string, options: PublishOptions): Promise<Page> => publish(browser, `${server.url}/${path}/whip`, options)

  const endSession = (page: Page): Promise<number> =>
    page.evaluate(async () => (await fetch(String(Reflect.get(globalThis, 'millraceSession')), { method: 'DELETE' })).status)

  // All codecs, in two browsers: e2e/browsers.test.ts.
  test('who watches by WHEP sees pictures and hears sound, until DELETE', async () => {
    const mimeType = 'video/H264'
    const page = await publishes('cell', { mimeType })
    await until('the path is live', () => server.hub.find('cell') !== undefined)
    const viewer = await watch(browser, `${server.url}/cell/whep`)
    await until('pictures', async () => (await receivedStats(viewer)).framesDecoded > 60, 30_000)
    await until('sound', async () => (await receivedStats(viewer)).totalSamplesReceived > 48_000)
    const stats = await receivedStats(viewer)
    assert.deepEqual([stats.frameWidth, stats.frameHeight], [640, 480])
    assert.equal(stats.packetsLost, 0)
    assert.equal((await sentStats(page)).codec, mimeType)
    assert.equal(await endSession(page), 200)
    await until('the path is free', () => server.hub.publisherOf('cell') === undefined)
    await viewer.close()
    await page.close()
  })

  test('the encoder climbs to its full rate', async () => {
    const page = await publishes('rate', { mimeType: 'video/VP8' })
    // What Chromium gives at most to a picture of this size; it begins with a fifth of that.
    await until('1.7 Mbit/s', async () => (await sentStats(page)).targetBitrate >= 1_690_000, 30_000)
    assert.ok((await sentStats(page)).availableOutgoingBitrate >= 1_690_000)
    await page.close()
  })

  test('the server begins the handshake where the browser waits for it', async () => {
    const page = await publishes('passive', { mimeType: 'video/VP8', setup: 'passive' })
    await until('connected', async () => (await sentStats(page)).connectionState === 'connected')
    await until('media', () => (server.hub.find('passive')?.bytesIn ?? 0) > 10_000)
    assert.match(await page.evaluate(() => String(Reflect.get(globalThis, 'millraceAnswer'))), /a=setup:active/)
    await page.close()
  })

  test('lost packets are asked for and sent again', async (t) => {
    const proxy = await LossyProxy.start(server.webrtc.port, 0, 0.05)
    try {
      const page = await publishes('lossy', { mimeType: 'video/H264', rewritePort: [server.webrtc.port, proxy.port] })
      await until('the path is live', () => server.hub.find('lossy') !== undefined)
      const viewer = await watch(browser, `${server.url}/lossy/whep`)
      await until('pictures', async () => (await receivedStats(viewer)).framesDecoded > 150, 40_000)
      const sent = await sentStats(page)
      assert.ok(proxy.lost > 5, `${proxy.lost} packets were lost on purpose`)
      assert.ok(sent.nackCount > 0 && sent.retransmittedPacketsSent > 0, JSON.stringify(sent))
      const stats = await receivedStats(viewer)
      assert.ok(stats.framesDecoded >= stats.framesReceived * 0.95, `${stats.framesDecoded} of ${stats.framesReceived} pictures were decoded`)
      // Sound is not asked for: each packet has the one before in it once more.
      const sound = server.hub.find('lossy')?.tracks.find(({ codec }) => codec.kind === 'audio')
      assert.ok(sound)
      const { newestSeq } = sound.ring
      let gaps = 0
      for (let seq = 0; seq <= newestSeq; seq++) if (!sound.ring.get(seq)) gaps++
      t.diagnostic(`${gaps} of ${newestSeq} packets of sound are missing`)
      assert.ok(newestSeq > 200 && gaps < newestSeq * 0.015, `${gaps} of ${newestSeq} packets of sound are missing`)
      assert.match(await page.evaluate(() => String(Reflect.get(globalThis, 'millraceAnswer'))), /a=rtpmap:63 red\/48000\/2/)
      await page.close()
      await viewer.close()
    } finally {
      await proxy.close()
    }
  })

  test('a viewer that lost its picture gets a key frame from the publisher', async () => {
    const page = await publishes('keys', { mimeType: 'video/VP8' })
    await until('media', async () => (await sentStats(page)).framesSent > 30)
    const stream = server.hub.find('keys')
    const [video] = stream?.tracks ?? []
    assert.ok(stream && video)
    const before = (await sentStats(page)).keyFramesEncoded
    const seqBefore = video.ring.randomAccessSeq ?? 0
    assert.equal(stream.requestKeyFrame(video, performance.now()), true)
    await until('a key frame is made', async () => (await sentStats(page)).keyFramesEncoded > before)
    await until('a key frame comes', () => (video.ring.randomAccessSeq ?? 0) > seqBefore)
    await page.close()
  })

  test('the path is taken, and free again when the browser closes', async () => {
    const page = await publishes('taken', { mimeType: 'video/VP8' })
    await until('the path is live', () => server.hub.find('taken') !== undefined)
    await assert.rejects(publishes('taken', {}), /409/)
    await page.evaluate(() => (Reflect.get(globalThis, 'millracePeer') as RTCPeerConnection).close())
    await until('the path is free', () => server.hub.publisherOf('taken') === undefined)
    await page.close()
  })
})
