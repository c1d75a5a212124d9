import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { after, afterEach, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { stopChildren } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { Millrace } from './harness/millrace.ts'
import { publishRtsp } from './harness/publishers.ts'

const WAIT_MS = 30_000

const bind = (): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1', () => resolve(socket))
  })

/** A UDP relay between a browser and the server, which can be switched off for a while. */
class Relay {
  readonly port: number
  isOff = false
  readonly #near: Socket
  /** Towards the server, by the browser's address: it tries several. */
  readonly #far = new Map<string, Socket>()

  private constructor(near: Socket, serverPort: number) {
    this.#near = near
    this.port = near.address().port
    near.on('message', (datagram, { address, port }) => {
      if (this.isOff) return
      const key = `${address}:${port}`
      const far = this.#far.get(key) ?? createSocket('udp4')
      if (!this.#far.has(key)) {
        this.#far.set(key, far)
        far.on('message', (answer) => {
          if (!this.isOff) near.send(answer, port, address)
        })
      }
      far.send(datagram, serverPort, '127.0.0.1')
    })
  }

  static async start(serverPort: number): Promise<Relay> {
    return new Relay(await bind(), serverPort)
  }

  close(): void {
    for (const socket of [this.#near, ...this.#far.values()]) socket.close()
  }
}

describe('a connection that is interrupted for seconds', { timeout: 120_000 }, () => {
  let browser: Browser
  let server: Millrace
  let relay: Relay
  /** What was asked of the sessions: `POST 201 whep`, `PATCH 200`. */
  let requests: string[]

  before(async () => {
    browser = await launchChromium(undefined, ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])
    server = await Millrace.start()
    relay = await Relay.start(server.ports.ice)
  })
  after(async () => {
    relay?.close()
    await browser?.close()
    await stopChildren()
  })
  afterEach(async () => {
    relay.isOff = false
    await Promise.all(browser.contexts().map((context) => context.close()))
  })

  /** A page whose media goes by the relay alone. */
  const open = async (path: string): Promise<Page> => {
    requests = []
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] })
    const page = await context.newPage()
    page.setDefaultTimeout(WAIT_MS)
    await page.route(/\/wh[ei]p$/, async (route) => {
      const response = await route.fetch()
      const answer = (await response.text())
        .replaceAll(/^a=candidate:.* tcp .*\r\n/gim, '')
        .replaceAll(/^(a=candidate:\S+ \d udp \d+) \S+ \d+ /gim, `$1 127.0.0.1 ${relay.port} `)
      await route.fulfill({ response, body: answer })
    })
    page.on('response', (response) => {
      const method = response.request().method()
      const resource = /\/(wh[ei]p)(?:\/[\w-]+)?$/.exec(response.url())
      if (resource) requests.push(`${method} ${response.status()} ${resource[1]}`)
    })
    await page.goto(server.url('http', path))
    return page
  }

  it('a viewer restarts ICE and goes on in the same session', async () => {
    await publishRtsp(server, 'seen', 'tcp', await clip({ audio: 'opus' }))
    await server.pathIsLive('seen')
    const player = await open('seen?via=webrtc')
    await player.getByText('Live · WebRTC').waitFor()
    await player.waitForFunction(pictureMoves)
    relay.isOff = true
    await player.waitForResponse((response) => response.request().method() === 'PATCH')
    relay.isOff = false
    await player.waitForFunction(pictureMoves)
    assert.deepEqual(requests, ['POST 201 whep', 'PATCH 200 whep'])
  })

  it('a publisher restarts ICE and goes on in the same session', async () => {
    const publisher = await open('sent/publish')
    await publisher.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0)
    await publisher.getByRole('button', { name: 'Start', exact: true }).click()
    await publisher.getByText('Live', { exact: true }).waitFor()
    relay.isOff = true
    await publisher.getByText('The connection is interrupted; it is being restored.').waitFor()
    await publisher.waitForResponse((response) => response.request().method() === 'PATCH')
    relay.isOff = false
    await publisher.getByText('Live', { exact: true }).waitFor()
    assert.deepEqual(requests, ['POST 201 whip', 'PATCH 200 whip'])
    await server.pathIsLive('sent')
  })
})

const pictureMoves = async (): Promise<boolean> => {
  const video = document.querySelector('video')
  const before = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0
  await new Promise((resolve) => setTimeout(resolve, 700))
  return (video?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > before + 10
}
