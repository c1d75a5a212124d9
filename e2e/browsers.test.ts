import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it, type TestContext } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import type { BrowserPage } from './harness/browser-page.ts'
import { Child, stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { Firefox } from './harness/firefox.ts'
import { Millrace } from './harness/millrace.ts'
import { publishRtmp } from './harness/publishers.ts'
import { canDo, type DtlsSetup, publishByWhip, type Received, received, watchByWhep } from './harness/web-rtc-page.ts'

const WIDTH = 640
const HEIGHT = 480
const BROWSERS = ['Chromium', 'Firefox'] as const
/** With each codec another part of the handshake is left to the server, by publisher and viewers. */
const CODECS = [
  ['H264', 'actpass'],
  ['VP8', 'actpass'],
  ['VP9', 'passive'],
  ['AV1', 'active'],
] as const
const NO_H264 = 'this Firefox has no H.264 for WebRTC: it comes with OpenH264, which Firefox downloads from its maker'

describe('Chromium and Firefox', { timeout: 240_000 }, () => {
  let server: Millrace
  let chromium: Browser
  let firefox: Firefox
  const pages: BrowserPage[] = []

  before(async () => {
    server = await Millrace.start()
    ;[chromium, firefox] = await Promise.all([
      launchChromium(undefined, ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']),
      Firefox.launch(),
    ])
  })
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close()
  })
  after(async () => {
    await Promise.all([chromium?.close(), firefox?.close()])
    await stopChildren()
  })

  const open = async (browser: (typeof BROWSERS)[number], path: string): Promise<BrowserPage> => {
    const page = await (browser === 'Chromium' ? chromium.newPage() : firefox.newPage())
    pages.push(page)
    await page.goto(server.url('http', path))
    return page
  }

  const watchInBoth = async (test: TestContext, path: string, codec: string, setup: DtlsSetup): Promise<void> => {
    const watch = async (to: (typeof BROWSERS)[number]): Promise<void> => {
      const viewer = await open(to, '')
      if (!(await canDo(viewer, 'receive', codec))) {
        return test.diagnostic(`not watched in ${to}: ${codec === 'H264' ? NO_H264 : `it decodes no ${codec}`}`)
      }
      await watchByWhep(viewer, `${server.url('http', path)}/whep`, setup)
      const seen = await until(`pictures and sound in ${to}`, 20_000, async () => isPlaying(await received(viewer)))
      assert.equal(seen.codec, `video/${codec}`)
      // Encoders begin with less than the camera's size where time is short.
      assert.equal(seen.width / seen.height, WIDTH / HEIGHT)
      assert.equal(seen.packetsLost, 0)
    }
    await Promise.all(BROWSERS.map(watch))
  }

  for (const from of BROWSERS) {
    for (const [codec, setup] of CODECS) {
      it(`${codec} by WHIP from ${from} is seen and heard by WHEP in both, a=setup:${setup}`, { timeout: 60_000 }, async (test) => {
        const path = `${from}-${codec}`
        const publisher = await open(from, '')
        if (!(await canDo(publisher, 'send', codec))) return test.skip(codec === 'H264' ? NO_H264 : `this ${from} encodes no ${codec}`)
        await publishByWhip(publisher, `${server.url('http', path)}/whip`, { codec, width: WIDTH, height: HEIGHT, setup })
        await server.pathIsLive(path)
        await watchInBoth(test, path, codec, setup)
      })
    }
  }

  for (const codec of ['H264', 'VP8']) {
    it(`${codec} by WHIP from GStreamer is seen and heard by WHEP in both`, { timeout: 60_000 }, async (test) => {
      const path = `GStreamer-${codec}`
      const script = new URL('harness/whip-publisher.py', import.meta.url).pathname
      const publisher = new Child('/usr/bin/python3', [script, `${server.url('http', path)}/whip`, codec.toLowerCase()])
      await server.pathIsLive(path)
      await watchInBoth(test, path, codec, 'actpass')
      await publisher.stop('SIGKILL')
    })
  }

  it('the publish page and the player page in Firefox', { timeout: 60_000 }, async () => {
    const publisher = await open('Firefox', 'pages/publish')
    await until('the page asks what to show', 15_000, () => publisher.evaluate(press, 'Camera and microphone'))
    await until('the preview', 15_000, () => publisher.evaluate(pictureWidth, null))
    await publisher.evaluate(press, 'Start')
    await until('the page is live', 15_000, () => publisher.evaluate(pageSays, 'Live'))
    const player = await open('Firefox', 'pages')
    await until('the player plays by WebRTC', 15_000, () => player.evaluate(pageSays, 'Live · WebRTC'))
    const before = await player.evaluate(shownPictures, null)
    await until('pictures go on', 10_000, async () => (await player.evaluate(shownPictures, null)) > before + 20)
  })

  it('what Firefox cannot decode by WebRTC, the player page plays by HLS', { timeout: 60_000 }, async (test) => {
    await publishRtmp(server, 'camera', await clip({ audio: 'aac' }))
    await server.pathIsLive('camera')
    const player = await open('Firefox', 'camera')
    if (await canDo(player, 'receive', 'H264')) return test.skip('this Firefox has OpenH264')
    await until('the player plays by HLS', 30_000, () => player.evaluate(pageSays, 'Live · HLS'))
    await until('pictures', 15_000, async () => (await player.evaluate(shownPictures, null)) > 20)
  })

  it('a publisher whose browser was killed gives way to the next, not only after its time', { timeout: 60_000 }, async () => {
    const path = 'vanished'
    const options = { codec: 'VP8', width: WIDTH, height: HEIGHT }
    await publishByWhip(await open('Firefox', ''), `${server.url('http', path)}/whip`, options)
    await server.pathIsLive(path)
    const next = await open('Chromium', '')
    const publish = () => publishByWhip(next, `${server.url('http', path)}/whip`, options)
    await assert.rejects(publish(), /409 .*already has a publisher/)
    pages.splice(0)
    await firefox.kill()
    await until('the next one is let in', 20_000, () => publish().catch(() => false as const))
    // Silence is what ends the first one, unless the dying browser still says goodbye.
    const told = (text: string): string[] => server.logLines(text).filter((line) => line.includes(path))
    await until('it has the path', 20_000, () => told('publisher connected').length === 2)
    assert.deepEqual(told('the peer went silent'), [], 'it did not have to wait until the first one was forgotten')
  })
})

const isPlaying = (now: Received): Received | false => now.framesDecoded > 20 && now.width > 0 && now.audioEnergy > 0 && now

const pictureWidth = (): number | false => document.querySelector('video')?.videoWidth || false

/** Firefox counts in `getVideoPlaybackQuality` no pictures of streams. */
const shownPictures = (): Promise<number> =>
  new Promise((resolve) => document.querySelector('video')?.requestVideoFrameCallback((_nowMs, { presentedFrames }) => resolve(presentedFrames)))

const pageSays = (text: string): boolean => document.body.innerText.includes(text)

/** @returns whether the page has that button */
const press = (label: string): boolean => {
  const button = [...document.querySelectorAll('button')].find(({ innerText }) => innerText === label)
  button?.click()
  return button !== undefined
}
