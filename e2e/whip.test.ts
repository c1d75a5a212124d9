import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { Child, stopChildren, until } from './harness/child.ts'
import { decode } from './harness/decode.ts'
import { Millrace } from './harness/millrace.ts'
import { ffprobe, openPlayer, receivedStats } from './harness/readers.ts'

const WIDTH = 640
const HEIGHT = 480

type Published = { readonly page: Page; readonly session: string }

describe('a browser publishes by WHIP', () => {
  let server: Millrace
  let browser: Browser

  before(async () => {
    server = await Millrace.start()
    browser = await launchChromium(undefined, ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])
  })
  after(async () => {
    await browser?.close()
    await stopChildren()
  })

  const publish = async (path: string, mimeType: string): Promise<Published> => {
    const page = await browser.newPage()
    await page.goto(server.url('http', ''))
    const session = await page.evaluate(
      async ({ url, mimeType, width, height }) => {
        const media = await navigator.mediaDevices.getUserMedia({ video: { width, height, frameRate: 30 }, audio: true })
        const peer = new RTCPeerConnection()
        for (const track of media.getTracks()) {
          const transceiver = peer.addTransceiver(track, { direction: 'sendonly', streams: [media] })
          const { codecs = [] } = RTCRtpSender.getCapabilities(track.kind) ?? {}
          if (track.kind === 'video') transceiver.setCodecPreferences(codecs.filter((codec) => codec.mimeType === mimeType || codec.mimeType === 'video/rtx'))
        }
        await peer.setLocalDescription()
        const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: peer.localDescription?.sdp ?? '' })
        if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
        await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() })
        Object.assign(globalThis, { publishing: peer })
        return new URL(response.headers.get('location') ?? '', url).href
      },
      { url: `${server.url('http', path)}/whip`, mimeType, width: WIDTH, height: HEIGHT },
    )
    await server.pathIsLive(path)
    return { page, session }
  }

  // Debian's ffprobe reads no AV1 from RTP, and no VP9 with the layer indices that Chromium sends: by WHEP both are tested.
  for (const [mimeType, codec] of [
    ['video/H264', 'h264'],
    ['video/VP8', 'vp8'],
  ] as const) {
    it(`${codec}: RTSP gives its pictures and sound`, { timeout: 60_000 }, async () => {
      const { page, session } = await publish(codec, mimeType)
      const streams = await ffprobe(server.url('rtsp', codec), ['-rtsp_transport', 'tcp'])
      const video = streams.find(({ codec_name }) => codec_name === codec)
      assert.deepEqual([video?.width, video?.height], [WIDTH, HEIGHT], JSON.stringify(streams))
      assert.ok(Number(video?.nb_read_frames) >= 30, `only ${video?.nb_read_frames} pictures decoded in three seconds`)
      const audio = streams.find(({ codec_name }) => codec_name === 'opus')
      assert.ok(Number(audio?.nb_read_frames) >= 100, `only ${audio?.nb_read_frames} audio frames decoded in three seconds`)
      assert.equal((await fetch(session, { method: 'DELETE' })).status, 200)
      await until('the log says that the publisher left', 5000, () => server.logLines('publisher left').some((line) => line.includes(codec)))
      await page.close()
    })
  }

  for (const [mimeType, codec] of [
    ['video/VP9', 'vp9'],
    ['video/AV1', 'av1'],
  ] as const) {
    it(`${codec}: HLS gives its pictures`, { timeout: 60_000 }, async () => {
      const { page } = await publish(codec, mimeType)
      const hls = decode('hls', server.url('hls', codec))
      await until('HLS shows pictures', 30_000, () => hls.frames() > 60)
      const playlist = await (await fetch(server.url('hls', codec))).text()
      assert.match(playlist, codec === 'vp9' ? /CODECS="opus,vp09|CODECS="vp09.*opus/ : /CODECS="opus,av01|CODECS="av01.*opus/)
      assert.match(playlist, /RESOLUTION=640x480/)
      await hls.child.stop()
      await page.close()
    })
  }

  it('HLS and WHEP show it at the same time, and go on when the page is loaded anew', { timeout: 120_000 }, async () => {
    const first = await publish('lecture', 'video/H264')
    const hls = decode('hls', server.url('hls', 'lecture'))
    const watching = await browser.newPage()
    await openPlayer(watching, server, 'lecture')
    const framesByWhep = async () => (await receivedStats(watching))?.framesDecoded ?? 0
    await until('HLS shows pictures', 30_000, () => hls.frames() > 30)
    await until('WHEP shows pictures', 15_000, async () => (await framesByWhep()) > 30)
    assert.ok(((await receivedStats(watching))?.samples ?? 0) > 0, 'sound')

    assert.equal((await fetch(first.session, { method: 'DELETE' })).status, 200)
    await first.page.close()
    const before = { hls: hls.frames(), whep: await framesByWhep() }
    const second = await publish('lecture', 'video/H264')
    await until('HLS goes on', 40_000, () => hls.frames() > before.hls + 60)
    await until('WHEP goes on', 20_000, async () => (await framesByWhep()) > before.whep + 60)
    assert.equal(hls.child.exitCode, undefined, hls.child.stderr)
    await hls.child.stop()
    await watching.close()
    await second.page.close()
  })

  it('a path that somebody has is refused with the reason', { timeout: 30_000 }, async () => {
    const { page } = await publish('taken', 'video/VP8')
    await assert.rejects(publish('taken', 'video/VP8'), /409 .*already has a publisher \(webrtc from/)
    await page.close()
  })
})

describe('GStreamer publishes by WHIP', () => {
  after(stopChildren)

  it('RTSP gives its pictures and sound, and its silence frees the path', { timeout: 90_000 }, async () => {
    const server = await Millrace.start()
    const script = new URL('harness/whip-publisher.py', import.meta.url).pathname
    const publisher = new Child('/usr/bin/python3', [script, `${server.url('http', 'gst')}/whip`])
    await server.pathIsLive('gst')
    const streams = await ffprobe(server.url('rtsp', 'gst'), ['-rtsp_transport', 'tcp'])
    const video = streams.find(({ codec_name }) => codec_name === 'h264')
    assert.deepEqual([video?.width, video?.height], [WIDTH, HEIGHT], JSON.stringify(streams))
    assert.ok(Number(video?.nb_read_frames) >= 45, `only ${video?.nb_read_frames} pictures decoded in three seconds`)
    assert.ok(Number(streams.find(({ codec_name }) => codec_name === 'opus')?.nb_read_frames) >= 100)
    // It says nothing when it is killed: its silence is noticed.
    await publisher.stop('SIGKILL')
    await until('the log says that the publisher left', 20_000, () => server.logLines('publisher left').some((line) => line.includes('went silent')))
    await server.stop()
  })
})
