import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../../test/until.ts'
import { type Browser, launchBrowser, receivedStats, watch } from '../../../test/webrtc/browser.ts'
import { type Clip, LiveFeeder, makeClip } from '../../../test/webrtc/live-feeder.ts'
import { GOOD_PATH, PathProxy } from '../../../test/webrtc/path-proxy.ts'
import { observe } from '../../../test/webrtc/playing.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'

/** On a narrow path the picture stands still from where a group is cut to the next key frame: a key frame each second keeps that under one. */
const GROUP_PICTURES = 30

describe('Chromium on bad paths', () => {
  let server: WhepServer
  let feeder: LiveFeeder
  let browser: Browser
  let clip: Clip

  before(async () => {
    server = await startWhepServer()
    clip = await makeClip(640, 360, GROUP_PICTURES)
    feeder = new LiveFeeder(server.hub, 'live', clip)
    browser = await launchBrowser()
  })

  after(async () => {
    await browser?.close()
    feeder?.close()
    await server?.close()
  })

  const play = async () => {
    const proxy = await PathProxy.start(server.webrtc.port)
    const page = await watch(browser, `${server.url}/live/whep`, { rewritePort: [server.webrtc.port, proxy.port] })
    await until('pictures', async () => (await receivedStats(page)).framesDecoded > 30)
    const close = async (): Promise<void> => {
      await page.close()
      await proxy.close()
    }
    return { proxy, page, close }
  }

  for (const [what, conditions] of [
    ['5 % of loss', { loss: 0.05 }],
    ['2 % of loss and 20 ms of reordering', { loss: 0.02, reorderMs: 20 }],
  ] as const) {
    test(`${what}: nearly all pictures are decoded`, async (t) => {
      const { proxy, page, close } = await play()
      try {
        proxy.conditions = { ...GOOD_PATH, ...conditions }
        await sleep(2000)
        const playing = await observe(page, 10)
        t.diagnostic(JSON.stringify(playing))
        assert.ok(proxy.dropped > 20, `${proxy.dropped} packets were lost on purpose`)
        assert.ok(playing.retransmitted > 10, `${playing.retransmitted} came by RTX`)
        assert.ok(playing.decoded >= playing.received * 0.98, `${playing.decoded} of ${playing.received} pictures were decoded`)
        assert.ok(playing.decoded >= 0.95 * 10 * 30, `${playing.decoded} pictures were decoded in 10 s`)
      } finally {
        await close()
      }
    })
  }

  test('a path of 70 % of what the stream needs: no standstill of a second, and all of it when it is wide again', async (t) => {
    const { proxy, page, close } = await play()
    try {
      const before = proxy.octets
      await sleep(4000)
      const streamBps = ((proxy.octets - before) * 8) / 4
      proxy.conditions = { ...GOOD_PATH, rateBps: 0.7 * streamBps }
      await sleep(5000)
      const narrow = await observe(page, 15)
      t.diagnostic(JSON.stringify(narrow))
      assert.ok(narrow.longestGapMs < 1000, `${narrow.longestGapMs} ms without a picture`)
      assert.ok(narrow.decoded > 15 * 30 * 0.4, `${narrow.decoded} pictures in 15 s`)
      proxy.conditions = GOOD_PATH
      await sleep(15_000)
      const wide = await observe(page, 5)
      t.diagnostic(JSON.stringify(wide))
      assert.ok(wide.decoded > 5 * 30 * 0.85, `${wide.decoded} pictures in 5 s`)
    } finally {
      await close()
    }
  })

  test('after the publisher went silent no old pictures are shown again', async () => {
    const silent = new LiveFeeder(server.hub, 'silent', clip)
    const page = await watch(browser, `${server.url}/silent/whep`)
    try {
      await until('pictures', async () => (await receivedStats(page)).framesDecoded > 60)
      silent.close()
      await sleep(500)
      const { framesDecoded } = await receivedStats(page)
      // Chromium asks for a key frame when there was no picture for some seconds.
      await until('it asks', async () => (await receivedStats(page)).pliCount > 0, 10_000).catch(() => undefined)
      await sleep(1000)
      assert.equal((await receivedStats(page)).framesDecoded, framesDecoded)
    } finally {
      await page.close()
      silent.close()
    }
  })
})
