import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { Millrace } from './harness/millrace.ts'
import { publishRtmp } from './harness/publishers.ts'
import { ffprobe } from './harness/readers.ts'

const WAIT_MS = 20_000

type StatsJson = {
  readonly sessions: readonly { readonly role: string; readonly layers?: readonly { width?: number; height?: number; bitrateKbps: number }[] }[]
}

describe('the publish page', { timeout: 150_000 }, () => {
  let browser: Browser
  let server: Millrace
  let context: BrowserContext

  before(async () => {
    browser = await launchChromium(undefined, [
      '--use-fake-device-for-media-stream=device-count=2',
      '--use-fake-ui-for-media-stream',
      '--auto-select-desktop-capture-source=Entire screen',
    ])
    server = await Millrace.start()
  })
  after(async () => {
    await browser?.close()
    await stopChildren()
  })
  afterEach(() => context?.close())

  const open = async (path: string): Promise<Page> => {
    context ??= await browser.newContext()
    const page = await context.newPage()
    page.setDefaultTimeout(WAIT_MS)
    await page.goto(server.url('http', path))
    return page
  }
  const openPublisher = async (path: string): Promise<Page> => {
    context = await browser.newContext({ permissions: ['camera', 'microphone'] })
    const page = await open(`${path}/publish`)
    await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0)
    return page
  }
  const start = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText('Live', { exact: true }).waitFor()
  }
  /** The player's picture moves, and its sound is not silence. */
  const playsWithSound = async (player: Page): Promise<void> => {
    await player.getByText(/^Live · WebRTC/).waitFor()
    await player.waitForFunction(pictureMoves)
    await player.waitForFunction(soundIsHeard)
  }

  for (const codec of ['H264', 'VP8', 'VP9', 'AV1']) {
    it(`camera and microphone as ${codec} reach the player page in another tab`, async () => {
      const publisher = await openPublisher(`page-${codec}`)
      await publisher.locator('select#codec').selectOption(codec)
      await start(publisher)
      const player = await open(`page-${codec}`)
      await playsWithSound(player)
      await publisher.getByText(`· ${codec === 'H264' ? 'H.264' : codec}`).waitFor()
      await publisher.getByRole('button', { name: 'Stop', exact: true }).click()
      await player.getByText('The stream has ended').waitFor()
    })
  }

  it('sends several sizes of a camera: the statistics show them, RTSP and HLS have the largest', async () => {
    const publisher = await openPublisher('sizes')
    await publisher.locator('select#codec').selectOption('H264')
    await publisher.locator('select#resolution').selectOption('480')
    await publisher.waitForFunction(() => document.querySelector('video')?.videoHeight === 480)
    assert.equal(await publisher.locator('#simulcast').isChecked(), true)
    await start(publisher)
    const largest = await until('both sizes come', WAIT_MS, async () => {
      const { sessions } = (await (await fetch(server.url('http', 'sizes/stats.json'))).json()) as StatsJson
      const [small, large] = sessions.find(({ role }) => role === 'publisher')?.layers ?? []
      return small && large && small.bitrateKbps > 0 && large.bitrateKbps > small.bitrateKbps * 1.3 && large
    })
    assert.ok((largest.height ?? 0) > 240, `${largest.width} x ${largest.height}`)
    for (const [url, options] of [
      [server.url('rtsp', 'sizes'), ['-rtsp_transport', 'tcp']],
      [server.url('hls', 'sizes'), []],
    ] as const) {
      const video = (await ffprobe(url, options, 1)).find(({ codec_name }) => codec_name === 'h264')
      assert.deepEqual([video?.width, video?.height], [largest.width, largest.height], url)
    }
  })

  it('another camera, then the screen, on the same session', async () => {
    const publisher = await openPublisher('switched')
    const posts: string[] = []
    publisher.on('request', (request) => void (request.method() === 'POST' && posts.push(request.url())))
    await start(publisher)
    const player = await open('switched')
    await playsWithSound(player)
    await publisher.bringToFront()
    await publisher.locator('select#camera').selectOption({ index: 1 })
    await player.waitForFunction(pictureMoves)
    await publisher.locator('#screen-choice').click()
    await publisher.waitForFunction(() => document.querySelector('main')?.dataset.source === 'screen')
    await player.waitForFunction(pictureMoves)
    assert.equal(posts.filter((url) => url.endsWith('/whip')).length, 1)
  })

  it('the player says when the server sends fewer pictures, and why', async () => {
    const publisher = await openPublisher('reduced')
    await start(publisher)
    const player = await open('reduced')
    await player.getByText(/^Live · WebRTC/).waitFor()
    await player.route(/\/report$/, (route) => route.fulfill({ json: { reduced: 'packets wait on the way' } }))
    const notice = player.getByText('The network is slow: showing fewer pictures.')
    await notice.waitFor()
    assert.equal(await notice.getAttribute('title'), 'packets wait on the way')
    await player.unroute(/\/report$/)
    await player.route(/\/report$/, (route) => route.fulfill({ json: { reduced: 'a smaller picture is sent (size 1 of 3)' } }))
    await player.getByText('The network is slow: showing a smaller picture.').waitFor()
    await player.unroute(/\/report$/)
    await notice.waitFor({ state: 'hidden' })
  })

  it('a path in use: says so and stays as it is', async () => {
    await publishRtmp(server, 'taken', await clip({ audio: 'aac' }))
    await server.pathIsLive('taken')
    const publisher = await openPublisher('taken')
    await publisher.getByRole('button', { name: 'Start', exact: true }).click()
    await publisher.getByText('Path in use').waitFor()
    assert.match((await publisher.getByRole('alert').textContent()) ?? '', /RTMP/i)
  })

  it('leaving the page ends the stream at once', async () => {
    const publisher = await openPublisher('left')
    await start(publisher)
    await server.pathIsLive('left')
    await publisher.goto('about:blank')
    await until('the publisher is gone', 2000, async () => {
      const response = await fetch(server.url('http', '_/ready?path=left'))
      return ((await response.json()) as { ready: boolean }).ready === false
    })
  })
})

const pictureMoves = async (): Promise<boolean> => {
  const video = document.querySelector('video')
  const before = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0
  await new Promise((resolve) => setTimeout(resolve, 700))
  return (video?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > before + 3
}

/** Chromium's fake microphone beeps once a second. */
const soundIsHeard = async (): Promise<boolean> => {
  const stream = document.querySelector('video')?.srcObject
  if (!(stream instanceof MediaStream) || stream.getAudioTracks().length === 0) return false
  const context = new AudioContext()
  const analyser = new AnalyserNode(context, { fftSize: 2048 })
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  let loudest = 0
  for (let look = 0; look < 60 && loudest < 0.02; look++) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    analyser.getFloatTimeDomainData(samples)
    for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample))
  }
  await context.close()
  return loudest >= 0.02
}
