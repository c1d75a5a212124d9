/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { start } from '../../../test/real-program.ts'
import { makeServerContext } from '../../../test/server-context.ts'
import { until } from '../../../test/until.ts'
import { type Browser, launchBrowser, receivedStats, watch } from '../../../test/webrtc/browser.ts'
import { makeFrameClip } from '../../../test/webrtc/frame-clip.ts'
import { LiveFeeder } from '../../../test/webrtc/live-feeder.ts'
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

  /** Publishes what a GStreamer pipeline makes, and waits for its first second. */
  const publish = async (t: TestContext, path: string, pipeline: string): Promise<void> => {
    const context = makeServerContext({ hub: server.hub })
    const rtsp = await startRtspServer(context, { host: '127.0.0.1', port: 0, rtpPort: 0, rtcpPort: 0 })
    t.after(() => rtsp.close())
    start(t, 'gst-launch-1.0', `-q ${pipeline} ! rtspclientsink protocols=tcp location=rtsp://127.0.0.1:${rtsp.port}/${path}`.split(' '))
    await until('the stream', () => {
      const track = server.hub.find(path)?.tracks[0]
      return track !== undefined && track.lastTicks > track.clockRate
    })
  }

  for (const name of ['vp8', 'vp9'] as const) {
    test(`${name}, as GStreamer’s packets came by RTSP`, async (t) => {
      const picture = `videotestsrc is-live=true ! video/x-raw,format=I420,width=${WIDTH},height=${HEIGHT},framerate=30/1`
      const encoder = `${name}enc deadline=1 cpu-used=8 keyframe-max-dist=60 ! video/x-${name},profile=(string)0`
      await publish(t, `rtsp-${name}`, `${picture} ! ${encoder}`)
      await watched(`rtsp-${name}`)
    })
  }

  test('Opus of six channels, for a page that offers multiopus', async (t) => {
    await publish(t, 'surround', 'audiotestsrc is-live=true ! audio/x-raw,channels=6,channel-mask=(bitmask)0x3f ! opusenc')
    const page = await browser.newPage()
    await page.goto(server.url)
    const heard = await page.evaluate(async (url) => {
      const peer = new RTCPeerConnection()
      const audio = document.body.appendChild(document.createElement('audio'))
      peer.addEventListener('track', (event) => Object.assign(audio, { autoplay: true, srcObject: new MediaStream([event.track]) }))
      peer.addTransceiver('audio', { direction: 'recvonly' })
      const { sdp = '' } = await peer.createOffer()
      const parameters = 'channel_mapping=0,4,1,2,3,5;coupled_streams=2;num_streams=4'
      const surround = sdp.replace('111 opus/48000/2', '111 multiopus/48000/6').replace(/a=fmtp:111 .*/, `a=fmtp:111 ${parameters}`)
      await peer.setLocalDescription({ type: 'offer', sdp: surround })
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: peer.localDescription?.sdp ?? '' })
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() })
      for (let i = 0; i < 100; i++) {
        const [stats] = [...(await peer.getStats()).values()].filter((entry) => entry.type === 'inbound-rtp')
        if (stats?.totalSamplesReceived > 48_000 && stats.totalAudioEnergy > 0) return true
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      return false
    }, `${server.url}/surround/whep`)
    assert.ok(heard, 'a tone')
  })
})

const _SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => _SILENT }
