import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { start } from '../../../test/rtsp/real-programs.ts'
import { type Browser, launchBrowser, receivedStats, watch } from '../../../test/webrtc/browser.ts'
import { makeFrameClip } from '../../../test/webrtc/frame-clip.ts'
import { LiveFeeder } from '../../../test/webrtc/live-feeder.ts'
import { until } from '../../../test/webrtc/until.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'
import { startRtspServer } from '../rtsp/rtsp-server.ts'

const WIDTH = 640
const HEIGHT = 360

describe('Chromium watches other codecs than H.264 by WHEP', () => {
  let server: WhepServer
  let browser: Browser

  before(async () => {
    server = await startWhepServer()
    browser = await launchBrowser()
  })

  after(async () => {
    await browser?.close()
    await server?.close()
  })

  const watched = async (path: string): Promise<void> => {
    const page = await watch(browser, `${server.url}/${path}/whep`)
    await until('pictures', async () => (await receivedStats(page)).framesDecoded > 60)
    const stats = await receivedStats(page)
    assert.deepEqual([stats.frameWidth, stats.frameHeight], [WIDTH, HEIGHT])
    assert.equal(stats.packetsLost, 0)
    assert.ok(stats.framesDropped < 10, `${stats.framesDropped} pictures were dropped`)
    await page.close()
  }

  for (const name of ['vp8', 'vp9', 'av1'] as const) {
    test(`${name}, packetized here, from the middle of a group of pictures`, async () => {
      const { clip, codec } = await makeFrameClip(name, WIDTH, HEIGHT)
      const feeder = new LiveFeeder(server.hub, name, clip, undefined, codec)
      try {
        await until('the stream is in its group', () => feeder.groupAgeMs > 1000)
        await watched(name)
      } finally {
        feeder.close()
      }
    })
  }

  for (const name of ['vp8', 'vp9'] as const) {
    test(`${name}, as GStreamer’s packets came by RTSP`, async (t) => {
      const context = { hub: server.hub, log: SILENT, countFault: () => {} }
      const rtsp = await startRtspServer(context, { host: '127.0.0.1', port: 0, rtpPort: 0, rtcpPort: 0 })
      t.after(() => rtsp.close())
      const picture = `videotestsrc is-live=true ! video/x-raw,format=I420,width=${WIDTH},height=${HEIGHT},framerate=30/1`
      const encoder = `${name}enc deadline=1 cpu-used=8 keyframe-max-dist=60 ! video/x-${name},profile=(string)0`
      const sink = `rtspclientsink protocols=tcp location=rtsp://127.0.0.1:${rtsp.port}/rtsp-${name}`
      start(t, 'gst-launch-1.0', `-q ${picture} ! ${encoder} ! ${sink}`.split(' '))
      await until('the stream', () => (server.hub.find(`rtsp-${name}`)?.tracks[0]?.lastTicks ?? 0) > 90_000)
      await watched(`rtsp-${name}`)
    })
  }
})

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT }
