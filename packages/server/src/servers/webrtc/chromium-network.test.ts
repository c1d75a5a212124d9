import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Browser, launchBrowser, receivedStats, watch } from '../../../test/webrtc/browser.ts'
import { LiveFeeder, makeClip } from '../../../test/webrtc/live-feeder.ts'
import { until } from '../../../test/webrtc/until.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'

/** A path that passes TCP only has a picture within this time. */
const TCP_CONNECT_LIMIT_MS = 3000

describe('Chromium watches in networks that change and block', () => {
  let server: WhepServer
  let feeder: LiveFeeder
  let browser: Browser

  before(async () => {
    server = await startWhepServer()
    feeder = new LiveFeeder(server.hub, 'live', await makeClip(640, 360))
    browser = await launchBrowser()
  })

  after(async () => {
    await browser?.close()
    feeder?.close()
    await server?.close()
  })

  test('by TCP alone: a picture within 3 s, and it goes on with sound', async () => {
    const page = await watch(browser, `${server.url}/live/whep`, { tcpOnly: true })
    await until('the first picture', async () => (await receivedStats(page)).framesDecoded > 0, TCP_CONNECT_LIMIT_MS)
    const before = await receivedStats(page)
    assert.equal(before.transport, 'tcp')
    await until('pictures go on', async () => (await receivedStats(page)).framesDecoded > before.framesDecoded + 90)
    const stats = await receivedStats(page)
    assert.ok(stats.totalSamplesReceived > 48_000, 'sound')
    assert.equal(stats.packetsLost, 0)
    assert.equal(stats.freezeCount, 0)
    await page.close()
  })
})
