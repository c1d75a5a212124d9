import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { makeServerContext } from '../../../test/server-context.ts'
import type { PathRoute } from '../../net/http-route.ts'
import { sendProblem } from '../../net/problem.ts'
import { type HttpServer, startHttpServer } from './http-server.ts'

const ROOT = join(import.meta.dirname, '../../../../..')
const WAIT_MS = 15_000
const _quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => _quiet }

describe('the publish page in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser
  let context: BrowserContext
  let pagesDir: string
  let server: HttpServer
  let page: Page
  /** Takes the place of the server's media side. */
  let receiver: Page
  let requests: string[]
  let faults: string[]

  const routes: PathRoute[] = [
    {
      methods: ['POST'],
      tail: /^whip$/,
      bodyLimit: 100_000,
      handle: async (request, reply, pathName) => {
        requests.push('POST')
        if (pathName === 'taken') return sendProblem(reply, 409, 'Path in use', 'OBS at 192.0.2.7 publishes to taken by RTMP.')
        const answer = await receiver.evaluate(answerOffer, String(request.body))
        return reply
          .code(201)
          .headers({ location: `/${pathName}/whip/1`, etag: '"1"' })
          .type('application/sdp')
          .send(answer)
      },
    },
    {
      methods: ['DELETE'],
      tail: /^whip\/1$/,
      handle: (_request, reply) => {
        requests.push('DELETE')
        return reply.code(200).send()
      },
    },
  ]

  before(async () => {
    pagesDir = await mkdtemp(join(tmpdir(), 'millrace-pages-'))
    await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--outDir', pagesDir], { cwd: join(ROOT, 'apps/web') })
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--use-fake-device-for-media-stream=device-count=2',
        '--use-fake-ui-for-media-stream',
        '--auto-select-desktop-capture-source=Entire screen',
        '--host-resolver-rules=MAP without-https.example 127.0.0.1',
      ],
    })
    server = await startHttpServer(makeServerContext(), { host: '127.0.0.1', port: 0, routes, pagesDir, publishPorts: { rtmp: 1935 } })
  })
  after(async () => {
    await browser?.close()
    await server?.close()
    await rm(pagesDir, { recursive: true })
  })
  beforeEach(async () => {
    requests = []
    faults = []
    context = await browser.newContext()
    receiver = await context.newPage()
    page = await context.newPage()
    page.setDefaultTimeout(WAIT_MS)
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) faults.push(message.text())
    })
  })
  afterEach(async () => {
    await context?.close()
    assert.deepEqual(faults, [])
  })

  const open = async (path: string, permissions = ['camera', 'microphone'], host = '127.0.0.1'): Promise<void> => {
    await context.grantPermissions(permissions)
    await page.goto(`http://${host}:${server.port}${path}`)
  }
  const sees = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor()
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()
  /** Waits until the receiver has this much more than now. */
  const flows = async (): Promise<void> => {
    const before = await receiver.evaluate(receivedNow)
    await receiver.waitForFunction(receivedMoreThan, before, { timeout: WAIT_MS })
  }

  it('publishes camera and microphone, and leaves', async () => {
    await open('/lecture/hall-1/publish')
    await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0)
    await page.waitForFunction(() => (document.querySelector('meter')?.value ?? 0) > 0.1)
    assert.deepEqual(requests, [])
    await press('Start')
    await sees(/^Live$/)
    await flows()
    await sees(/kbit\/s · (H\.264|VP8)/)
    await press('Stop')
    await page.getByRole('button', { name: 'Start' }).waitFor()
    assert.deepEqual(requests, ['POST', 'DELETE'])
  })

  it('changes devices, from camera to screen too, on the same session', async () => {
    await open('/hall/publish')
    await press('Start')
    await sees(/^Live$/)
    await flows()
    await page.locator('select#camera').selectOption({ index: 1 })
    await page.waitForFunction(() => {
      const shown = document.querySelector('video')?.srcObject
      return shown instanceof MediaStream && shown.getVideoTracks()[0]?.label === 'fake_device_1'
    })
    await flows()
    await page.locator('#screen-choice').click()
    await page.waitForFunction(() => document.querySelector('main')?.dataset.source === 'screen')
    await flows()
    await page.keyboard.press('m')
    assert.equal(await page.getByRole('button', { name: 'Microphone' }).getAttribute('aria-pressed'), 'true')
    await flows()
    assert.deepEqual(requests, ['POST'])
  })

  it('says who publishes there already, and does not insist', async () => {
    await open('/taken/publish')
    await press('Start')
    await sees('Path in use')
    await sees('OBS at 192.0.2.7 publishes to taken by RTMP.')
    await page.getByRole('button', { name: 'Start' }).waitFor()
    assert.deepEqual(requests, ['POST'])
  })

  it('says that the server is away, and comes back with it', async () => {
    await open('/hall/publish')
    await page.route(/\/whip$/, (route) => route.abort())
    await press('Start')
    await sees('The server cannot be reached. Trying again …')
    await page.unroute(/\/whip$/)
    await sees(/^Live$/)
  })

  /** Devices as the person at the browser has them: without a camera, or kept from the page. */
  const fakeDevices = (name: string, what: 'camera' | 'all'): Promise<unknown> =>
    page.addInitScript(
      ([name, what]) => {
        const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
        navigator.mediaDevices.getUserMedia = (constraints) =>
          constraints?.video || what === 'all' ? Promise.reject(new DOMException('', name)) : original(constraints)
      },
      [name, what],
    )

  it('says what to do when the camera is refused', async () => {
    await fakeDevices('NotAllowedError', 'all')
    await open('/hall/publish', [])
    await sees('What do you want to show?')
    await press('Camera and microphone')
    await sees(/is not allowed$/)
    assert.ok(await page.getByRole('button', { name: 'Start' }).isDisabled())
  })

  it('goes on with the microphone alone where there is no camera', async () => {
    await fakeDevices('NotFoundError', 'camera')
    await open('/hall/publish')
    await sees('There is no camera. None is connected.')
    await sees('Sound only')
    assert.ok(await page.getByRole('button', { name: 'Start' }).isEnabled())
  })

  it('says that browsers want https, and how to publish without', async () => {
    await open('/hall/publish', [], 'without-https.example')
    await sees('This page needs https')
    await sees('rtmp://without-https.example:1935/hall')
  })
})

/** In the receiver's page: answers like a server would. */
const answerOffer = async (sdp: string): Promise<string> => {
  const peer = new RTCPeerConnection()
  Object.assign(window, { peer })
  await peer.setRemoteDescription({ type: 'offer', sdp })
  await peer.setLocalDescription(await peer.createAnswer())
  while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20))
  return peer.localDescription?.sdp ?? ''
}

type Received = { video: number; audio: number }

const receivedNow = async (): Promise<Received> => {
  const { peer } = window as unknown as { peer: RTCPeerConnection }
  const received = { video: 0, audio: 0 }
  for (const [, stats] of (await peer.getStats()).entries()) {
    if (stats.type !== 'inbound-rtp') continue
    if (stats.kind === 'video') received.video = stats.framesDecoded ?? 0
    else received.audio = stats.packetsReceived
  }
  return received
}

const receivedMoreThan = async (before: Received): Promise<boolean> => {
  const { peer } = window as unknown as { peer: RTCPeerConnection }
  let more = 0
  for (const [, stats] of (await peer.getStats()).entries()) {
    if (stats.type !== 'inbound-rtp') continue
    if (stats.kind === 'video' ? stats.framesDecoded > before.video + 5 : stats.packetsReceived > before.audio + 5) more++
  }
  return more === 2
}
