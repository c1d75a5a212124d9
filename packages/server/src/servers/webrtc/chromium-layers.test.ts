import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from '../../../test/until.ts'
import { type Browser, FAKE_DEVICES, launchBrowser, receivedStats, watch } from '../../../test/webrtc/browser.ts'
import { GOOD_PATH, PathProxy } from '../../../test/webrtc/path-proxy.ts'
import { observe } from '../../../test/webrtc/playing.ts'
import { publish, sentStats } from '../../../test/webrtc/publish.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'
import { isSessionProbe } from '../../net/session-probe.ts'

/** Chromium sends three layers from this size on: a quarter, half and all of it. */
const SIZE = { width: 960, height: 540 }
const LAYER_BPS = [80_000, 250_000, 700_000]
/** Of the top layer, what the path of one viewer carries, besides sound and what belongs to packets. */
const SHARE = 0.3
const BESIDES_BPS = 80_000

describe('a simulcast of Chromium', () => {
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

  test('who has a narrow path gets a smaller picture, which goes on, and the full one when it is wide again; nobody else notices', async (t) => {
    const proxy = await PathProxy.start(server.webrtc.port)
    try {
      const page = await publish(browser, `${server.url}/layers/whip`, { mimeType: 'video/VP8', simulcast: true, ...SIZE, layerBps: LAYER_BPS })
      await until('the path is live', () => server.hub.find('layers') !== undefined)
      const video = server.hub.find('layers')?.tracks.find((track) => track.codec.kind === 'video')
      assert.ok(video)
      const rates = (): number[] => video.layers.map(({ bitrateBps }) => bitrateBps).sort((a, b) => a - b)
      await until('all layers come', () => rates().length === 3 && (rates()[0] ?? 0) > 0 && (rates()[2] ?? 0) > 350_000, 40_000)
      const free = await watch(browser, `${server.url}/layers/whep`)
      const shaped = await watch(browser, `${server.url}/layers/whep`, { rewritePort: [server.webrtc.port, proxy.port] })
      for (const viewer of [free, shaped]) await until('the full picture', async () => (await receivedStats(viewer)).frameWidth === SIZE.width, 20_000)
      proxy.conditions = { ...GOOD_PATH, rateBps: SHARE * (rates()[2] ?? 0) + BESIDES_BPS }
      await until('a smaller picture', async () => (await receivedStats(shaped)).frameWidth < SIZE.width, 20_000)
      const [narrow, unhurt] = await Promise.all([observe(shaped, 4), observe(free, 4)])
      t.diagnostic(`shaped ${JSON.stringify(narrow)}; free ${JSON.stringify(unhurt)}; layers ${rates().map(Math.round)}`)
      assert.ok((await receivedStats(shaped)).frameWidth < SIZE.width)
      assert.ok(narrow.longestGapMs < 1000, `${narrow.longestGapMs} ms without a picture`)
      // A busy machine's Chromium may leave out the largest layer for a while: then nobody gets it.
      assert.equal((await receivedStats(free)).frameWidth, (await sentStats(page)).frameWidth)
      assert.ok(unhurt.longestGapMs < 1000, `${unhurt.longestGapMs} ms without a picture`)
      const publisher = server.hub.publisherOf('layers')
      assert.ok(publisher && isSessionProbe(publisher))
      await until('readers that do not choose have the best layer', () => publisher.readCounters().layer === 2)
      const { layers = [] } = publisher.readCounters()
      assert.deepEqual([...new Set(layers.map(({ width = 0, height = 0 }) => width / height))], [SIZE.width / SIZE.height])
      assert.equal(layers.at(-1)?.width, SIZE.width)
      assert.ok(layers.every(({ packets }) => packets > 100))
      const clients: object[] = [...(server.hub.find('layers')?.clients ?? [])]
      const reasons = clients.filter(isSessionProbe).flatMap((client) => client.readCounters().reason ?? [])
      assert.match(reasons.join(), /^a smaller picture is sent \(size [12] of 3\), because packets /)
      proxy.conditions = GOOD_PATH
      const wideMs = performance.now()
      await until('the full picture again', async () => (await receivedStats(shaped)).frameWidth === SIZE.width, 60_000)
      t.diagnostic(`the full picture again after ${Math.round(performance.now() - wideMs)} ms`)
      await Promise.all([page, free, shaped].map((each) => each.close()))
    } finally {
      await proxy.close()
    }
  })

  for (const codec of ['VP9', 'AV1']) {
    test(`${codec} with spatial layers: a smaller size on a narrow path`, async (t) => {
      const proxy = await PathProxy.start(server.webrtc.port)
      try {
        const size = { width: 640, height: 360 }
        const page = await publish(browser, `${server.url}/${codec}/whip`, {
          mimeType: `video/${codec}`,
          scalabilityMode: 'L3T3_KEY',
          ...size,
          layerBps: [700_000],
        })
        await until('the path is live', () => server.hub.find(codec) !== undefined)
        const video = server.hub.find(codec)?.tracks.find((track) => track.codec.kind === 'video')
        const largest = (): number => video?.layers.at(-1)?.bitrateBps ?? 0
        await until('both sizes come', () => video?.layers.length === 2 && largest() > 150_000, 20_000)
        const shaped = await watch(browser, `${server.url}/${codec}/whep`, { rewritePort: [server.webrtc.port, proxy.port], takesDescriptor: true })
        await until('the full picture', async () => (await receivedStats(shaped)).frameWidth === size.width, 20_000)
        proxy.conditions = { ...GOOD_PATH, rateBps: 0.6 * largest() + BESIDES_BPS }
        await until('the smaller picture', async () => (await receivedStats(shaped)).frameWidth === size.width / 2, 20_000)
        const narrow = await observe(shaped, 2)
        t.diagnostic(JSON.stringify(narrow))
        assert.ok(narrow.longestGapMs < 1000, `${narrow.longestGapMs} ms without a picture`)
        await Promise.all([page, shaped].map((each) => each.close()))
      } finally {
        await proxy.close()
      }
    })
  }
})
