import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { Child, stopChildren, until } from './harness/child.ts'
import { CountingProxy } from './harness/counting-proxy.ts'
import { Millrace } from './harness/millrace.ts'
import { startCamera } from './harness/publishers.ts'
import { ffprobe, openPlayer, receivedStats } from './harness/readers.ts'
import { SequenceReader } from './harness/sequence-reader.ts'

describe('a camera on demand', () => {
  let server: Millrace
  let camera: CountingProxy
  let browser: Browser

  before(async () => {
    const { port } = await startCamera([])
    camera = await CountingProxy.start(port)
    browser = await launchChromium()
    server = await Millrace.start(
      `demo: false
pathDefaults: { sourceOnDemand: true, rtspTransport: tcp, sourceOnDemandCloseAfter: 1s, sourceOnDemandStartTimeout: 1s }
paths:
  "~hall-([a-z]+)": { source: "rtsp://127.0.0.1:${camera.port}/$G1", sourceOnDemandStartTimeout: 10s }
  dark: { source: "rtsp://127.0.0.1:9/none" }
  open: { sourceOnDemand: false }`,
    )
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
    camera?.stop()
    await stopChildren()
  })

  const READERS: readonly (readonly [name: string, read: () => Promise<void>])[] = [
    [
      'RTSP',
      async () => {
        assert.equal((await ffprobe(server.url('rtsp', 'hall-stream'), ['-rtsp_transport', 'tcp'], 1)).length, 2)
      },
    ],
    [
      'RTMP',
      async () => {
        assert.ok((await ffprobe(server.url('rtmp', 'hall-stream'), [], 1)).some(({ codec_name }) => codec_name === 'h264'))
      },
    ],
    [
      'WHEP',
      async () => {
        const page = await browser.newPage()
        await openPlayer(page, server, 'hall-stream')
        await until('pictures by WebRTC', 15_000, async () => ((await receivedStats(page))?.framesDecoded ?? 0) > 5)
        await page.close()
      },
    ],
  ]
  for (const [name, read] of READERS) {
    it(`is pulled when the first reader comes by ${name}, and left after the last`, { timeout: 90_000 }, async () => {
      const before = camera.total
      assert.equal(camera.open, 0)
      await read()
      assert.equal(camera.total, before + 1)
      await until('nobody is connected to the camera', 40_000, () => camera.open === 0)
    })
  }

  it('is pulled once for readers that come at the same time', { timeout: 60_000 }, async () => {
    assert.equal(camera.open, 0)
    const before = camera.total
    const readers = await Promise.all(Array.from({ length: 5 }, () => SequenceReader.play(server.url('rtsp', 'hall-stream'))))
    await until('packets for all of them', 15_000, () => readers.every(({ packets }) => packets > 50))
    assert.equal(camera.total, before + 1)
    for (const reader of readers) reader.stop()
    await until('nobody is connected to the camera', 15_000, () => camera.open === 0)
  })

  it('that does not come in time is an answer that says so, by every protocol', { timeout: 60_000 }, async () => {
    await assert.rejects(SequenceReader.play(server.url('rtsp', 'dark')), /404 the source of dark sends nothing yet/)
    const player = new Child('ffprobe', ['-v', 'debug', server.url('rtmp', 'dark')])
    await player.finished(15_000)
    assert.match(player.stderr, /the source of dark sends nothing yet/)
    const response = await fetch(server.url('hls', 'dark'))
    assert.equal(response.status, 404)
    assert.match(await response.text(), /The source of dark sends nothing yet: the server's log says why\./)
    assert.ok(server.logLines('dark').some((line) => /ECONNREFUSED/.test(line)))
  })

  it('nobody may publish to it, nor to names that are not configured; the rest is open', { timeout: 60_000 }, async () => {
    const publish = async (path: string, seconds: string): Promise<string> => {
      const input = ['-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=10', '-t', seconds]
      const child = new Child('ffmpeg', ['-v', 'verbose', '-re', ...input, '-c:v', 'libx264', '-preset', 'ultrafast', '-f', 'rtsp', server.url('rtsp', path)])
      await child.finished(20_000)
      return child.stderr
    }
    assert.match(await publish('hall-stream', '1'), /403 path hall-stream is pulled from a source/)
    assert.match(await publish('elsewhere', '1'), /404 path elsewhere is not in the configuration: add it below paths, or all_others/)
    assert.match(await publish('open', '1'), /10 packets muxed/)
    const whip = await fetch(server.url('http', 'elsewhere/whip'), { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: 'v=0' })
    assert.equal(whip.status, 404)
  })

  it('is pulled for the first reader by HLS', { timeout: 60_000 }, async () => {
    // That nobody watches any more is known a minute later: too long to wait for here.
    const before = camera.total
    assert.ok((await ffprobe(server.url('hls', 'hall-stream'), [], 1)).some(({ codec_name }) => codec_name === 'h264'))
    assert.equal(camera.total, before + 1)
  })
})
