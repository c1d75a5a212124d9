import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { Child, stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { Millrace } from './harness/millrace.ts'
import { publishRtsp } from './harness/publishers.ts'

type Session = { id: string; role: string; protocol: string; ended?: string; now: Record<string, number>; verdict: { culprit: string; evidence: string[] } }

type Flight = {
  notes: { kind: string }[]
  rtcp: { direction: string; messages: { type: string }[] }[]
  rtp: { packets: unknown[][] }
}

const PATH = 'lecture/hall-1'
const COLUMNS =
  'time,bitrateKbps,packets,lost,rttMs,jitterMs,nacks,plis,repeated,dropped,estimateKbps,layer,framesReceived,framesDecoded,framesDropped,freezes,frozenMs,jitterBufferMs,playerLost,frameHeight,loopDelayMs'

describe('statistics of a stream', () => {
  let server: Millrace
  let browser: Browser
  let player: Page
  before(async () => {
    server = await Millrace.start()
    browser = await launchChromium(undefined, ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])
    await publishRtsp(server, PATH, 'tcp', await clip({ audio: 'opus' }))
    await server.pathIsLive(PATH)
    player = await browser.newPage()
    await player.goto(server.url('http', `${PATH}?via=webrtc`))
  })
  after(async () => {
    await browser?.close()
    await stopChildren()
  })

  const sessions = async (): Promise<Session[]> => {
    const response = await fetch(server.url('http', `${PATH}/stats.json`))
    return ((await response.json()) as { sessions: Session[] }).sessions
  }
  const viewer = async (): Promise<Session | undefined> => (await sessions()).find(({ role }) => role === 'reader')

  it('a viewer in Chromium reports what it decodes, and all is well', { timeout: 60_000 }, async () => {
    const found = await until('the player reports pictures', 30_000, async () => {
      const session = await viewer()
      return (session?.now.framesDecoded ?? 0) > 5 && session?.now.rttMs !== undefined && session
    })
    assert.equal(found.protocol, 'webrtc')
    assert.ok((found.now.bitrateKbps ?? 0) > 50, JSON.stringify(found.now))
    assert.ok((found.now.packets ?? 0) > 5, JSON.stringify(found.now))
    assert.ok((found.now.frameHeight ?? 0) > 0, JSON.stringify(found.now))
    const publisher = (await sessions()).find(({ role }) => role === 'publisher')
    assert.equal(publisher?.protocol, 'rtsp')
    assert.ok((publisher?.now.bitrateKbps ?? 0) > 50, JSON.stringify(publisher))
  })

  for (const transport of ['udp', 'tcp']) {
    it(`a reader by RTSP over ${transport.toUpperCase()} reports loss, jitter and round trip`, { timeout: 60_000 }, async () => {
      const source = ['rtspsrc', `location=${server.url('rtsp', PATH)}`, `protocols=${transport}`, 'latency=100', 'name=source']
      const reader = new Child('gst-launch-1.0', ['-q', ...source, ...'source. ! application/x-rtp,media=video ! fakesink sync=false'.split(' ')])
      const { now } = await until('its receiver reports', 30_000, async () =>
        (await sessions()).find(
          (session) => session.role === 'reader' && session.protocol === 'rtsp' && session.ended === undefined && session.now.rttMs !== undefined,
        ),
      )
      assert.equal(now.lost, 0)
      assert.ok((now.rttMs ?? -1) >= 0 && (now.rttMs ?? 1000) < 1000, JSON.stringify(now))
      assert.ok((now.jitterMs ?? -1) >= 0, JSON.stringify(now))
      await reader.stop()
      await until('it has left', 10_000, async () =>
        (await sessions()).every(({ role, protocol, ended }) => role !== 'reader' || protocol !== 'rtsp' || ended !== undefined),
      )
    })
  }

  it('the page shows graphs of it, and saves it as CSV with a row for each second', { timeout: 60_000 }, async () => {
    const page = await browser.newPage()
    const mistakes: string[] = []
    page.on('pageerror', (error) => mistakes.push(error.message))
    page.on('console', (message) => message.type() === 'error' && mistakes.push(message.text()))
    await page.goto(server.url('http', `${PATH}/stats`))
    const card = page.locator(`[data-session="${(await viewer())?.id}"]`)
    await card.locator('canvas').first().waitFor({ timeout: 20_000 })
    assert.match((await card.locator('.head').textContent()) ?? '', /Viewer.*WebRTC.*bit\/s.*pictures\/s/)
    assert.ok((await card.locator('figure').count()) >= 4, 'graphs of bit rate, pictures, loss and times')
    const [download] = await Promise.all([page.waitForEvent('download'), card.getByText('Save as CSV').click()])
    assert.match(download.suggestedFilename(), /^millrace-lecture-hall-1-[\w-]+\.csv$/)
    const [header = '', ...rows] = (await readFile(await download.path(), 'utf8')).trim().split('\r\n')
    assert.equal(header, COLUMNS)
    assert.ok(rows.length >= 3, rows.join('\n'))
    const decoded = rows.map((row) => Number(row.split(',')[COLUMNS.split(',').indexOf('framesDecoded')] ?? 0))
    assert.ok(Math.max(...decoded) > 5, rows.join('\n'))
    const times = rows.map((row) => Date.parse(row.split(',')[0] ?? ''))
    assert.ok(
      times.every((time, i) => i === 0 || (time > (times[i - 1] ?? 0) && time - (times[i - 1] ?? 0) < 5000)),
      rows.join('\n'),
    )
    assert.deepEqual(mistakes, [])
    await page.close()
  })

  it('the flight recorder keeps what was negotiated, RTCP and the headers of RTP', { timeout: 60_000 }, async () => {
    const id = (await viewer())?.id
    const session = server.url('http', `${PATH}/stats/${id}`)
    assert.equal((await fetch(`${session}/record`, { method: 'POST' })).status, 204)
    const typesOf = ({ rtcp }: Flight): Set<string> => new Set(rtcp.flatMap(({ direction, messages }) => messages.map(({ type }) => `${direction} ${type}`)))
    const flight = await until('packets, and reports in both directions', 20_000, async () => {
      const found = (await (await fetch(`${session}/flight.json`)).json()) as Flight
      return typesOf(found).has('out sender-report') && typesOf(found).has('in receiver-report') && found.rtp.packets.length > 50 && found
    })
    assert.deepEqual(
      flight.notes.slice(0, 3).map(({ kind }) => kind),
      ['offer', 'answer', 'connected'],
    )
    assert.ok(!typesOf(flight).has('in broken'), JSON.stringify(flight.rtcp))
  })

  it('a publisher in a browser is seen with what its path loses and asks for', { timeout: 60_000 }, async () => {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] })
    const page = await context.newPage()
    await page.goto(server.url('http', 'browser/publish'))
    await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0)
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    const found = await until('packets of the publisher are counted', 30_000, async () => {
      const response = await fetch(server.url('http', 'browser/stats.json'))
      const { sessions: all } = (await response.json()) as { sessions: Session[] }
      const publisher = all.find(({ role }) => role === 'publisher')
      // Jitter is that of the pictures, which begin after the sound.
      return (publisher?.now.packets ?? 0) > 20 && publisher?.now.jitterMs !== undefined && publisher
    })
    assert.equal(found.protocol, 'webrtc')
    const known = Object.keys(found.now)
    for (const column of ['bitrateKbps', 'lost', 'jitterMs', 'nacks', 'plis', 'repeated']) assert.ok(known.includes(column), `${column} is not among ${known}`)
    await context.close()
  })

  it('a session that ended can still be seen', { timeout: 60_000 }, async () => {
    const id = (await viewer())?.id
    await player.close()
    await until('the viewer has left', 15_000, async () => (await sessions()).some((session) => session.id === id && session.ended !== undefined))
    const response = await fetch(server.url('http', `${PATH}/stats/${id}.json`))
    const { samples } = (await response.json()) as { samples: unknown[] }
    assert.ok(samples.length >= 3)
  })
})
