import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { Hub, type Publisher } from '@millrace/media/hub/hub.ts'
import { type Browser, chromium, type Page } from 'playwright-core'
import { makeServerContext } from '../../../test/server-context.ts'
import type { PathRoute } from '../../net/http-route.ts'
import { sendProblem } from '../../net/problem.ts'
import { type HttpServer, startHttpServer } from './http-server.ts'

const ROOT = join(import.meta.dirname, '../../../../..')
const WAIT_MS = 15_000
const _quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => _quiet }
const publisher: Publisher = { protocol: 'rtmp', remote: '127.0.0.1:50000', close() {} }
const opus = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 } as const

/** What WHEP answers, by the path's first segment. */
const WHEP_ANSWERS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  members: [403, 'This stream is for members.'],
  'only-hls': [406, 'WebRTC cannot carry these codecs.'],
}

describe('the pages in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser
  let pagesDir: string
  let hub: Hub
  let server: HttpServer
  let page: Page
  let faults: string[]
  let requests: string[]

  const routes: PathRoute[] = [
    {
      methods: ['POST'],
      tail: /^whep$/,
      handle: (_request, reply, pathName) => {
        requests.push(`whep ${pathName}`)
        const [status, detail] = WHEP_ANSWERS[pathName.split('/')[0] ?? ''] ?? (hub.find(pathName) ? [500, 'No media here.'] : [404, 'Nobody publishes.'])
        return sendProblem(reply, status, 'Not played', detail)
      },
    },
    {
      methods: ['GET'],
      tail: /^index\.m3u8$/,
      handle: (_request, reply, pathName) => {
        requests.push(`hls ${pathName}`)
        return sendProblem(reply, 406, 'Not played', 'HLS cannot carry these codecs either.')
      },
    },
  ]

  before(async () => {
    pagesDir = await mkdtemp(join(tmpdir(), 'millrace-pages-'))
    await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--outDir', pagesDir], { cwd: join(ROOT, 'apps/web') })
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    })
  })
  after(async () => {
    await browser?.close()
    await rm(pagesDir, { recursive: true })
  })
  beforeEach(async () => {
    requests = []
    faults = []
    hub = new Hub({ converters: { makePacketizer: () => ({ push: () => [] }), makeDepacketizer: () => ({ push: () => [] }) }, republishGraceMs: 1000 })
    server = await startHttpServer(makeServerContext({ hub }), { host: '127.0.0.1', port: 0, routes, pagesDir, publishPorts: { rtmp: 1935, rtsp: 8554 } })
    page = await browser.newPage()
    page.setDefaultTimeout(WAIT_MS)
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) faults.push(message.text())
    })
  })
  afterEach(async () => {
    await page?.close()
    await server?.close()
    assert.deepEqual(faults, [])
  })

  const open = async (path: string): Promise<void> => void (await page.goto(`http://127.0.0.1:${server.port}${path}`))
  const sees = (text: string): Promise<void> => page.getByText(text).first().waitFor()

  it('waits for the publisher, says how to publish, and starts by itself', async () => {
    await open('/lecture/hall-1')
    await sees('Nobody is publishing to lecture/hall-1 yet')
    await sees('rtmp://127.0.0.1:1935/lecture/hall-1')
    const asked = page.waitForRequest(/\/lecture\/hall-1\/whep$/)
    hub.publish('lecture/hall-1', [opus], 'units', publisher, 0)
    await asked
  })

  it('polls where there are no events', async () => {
    await page.route(/\/_\/events/, (route) => route.fulfill({ status: 503 }))
    await open('/camera1')
    await sees('Nobody is publishing to camera1 yet')
    const asked = page.waitForRequest(/\/camera1\/whep$/)
    hub.publish('camera1', [opus], 'units', publisher, 0)
    await asked
  })

  it('says why it was refused, and tries again on request', async () => {
    await open('/members/room')
    await sees('You may not watch members/room')
    await sees('This stream is for members.')
    const asked = page.waitForRequest(/\/whep$/)
    await page.getByRole('button', { name: 'Try again' }).click()
    await asked
  })

  it('tries HLS when WebRTC cannot carry the codecs, and says when neither can', async () => {
    await open('/only-hls/room')
    await sees('This stream cannot be played here')
    await sees('HLS cannot carry these codecs either.')
    assert.deepEqual(requests.slice(0, 2), ['whep only-hls/room', 'hls only-hls/room'])
  })

  it('uses only the transport that the address asks for', async () => {
    await open('/only-hls/room?via=webrtc')
    await sees('This stream cannot be played here')
    assert.deepEqual(requests, ['whep only-hls/room'])
  })

  it('lists live paths as they come and go', async () => {
    await open('/')
    await sees('Nothing is live yet')
    const publication = hub.publish('lecture/hall-1', [opus], 'units', publisher, 0)
    await page.getByRole('link', { name: 'lecture/hall-1' }).waitFor()
    await sees('from RTMP · no viewers')
    publication.close(0)
    await sees('Nothing is live yet')
  })
})
