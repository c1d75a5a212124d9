import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { launchChromium } from './harness/browser.ts'
import { type Child, stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { Millrace } from './harness/millrace.ts'
import { publishRtsp } from './harness/publishers.ts'
import { STREAM_KBIT } from './lab/conditions.ts'
import { Lab } from './lab/lab.ts'
import { Trials } from './lab/trial.ts'
import { publish } from './lab/whip-page.ts'

/** Of the server, by another program that takes the processor. */
const HELD_UP_MS = 400

type Verdict = { culprit: string; text: string; evidence: string[] }

/** The verdict on the path's viewer by WebRTC, once it is the expected one. */
const untilVerdict = (server: Millrace, path: string, culprit: string, evidence: RegExp): Promise<Verdict> =>
  until(`the verdict is ${culprit}, with ${evidence}`, 40_000, async () => {
    const response = await fetch(server.url('http', `${path}/stats.json`))
    const { sessions } = (await response.json()) as { sessions: { role: string; protocol: string; ended?: string; verdict: Verdict }[] }
    const viewer = sessions.find(({ role, protocol, ended }) => role === 'reader' && protocol === 'webrtc' && ended === undefined)
    return viewer?.verdict.culprit === culprit && evidence.test(viewer.verdict.evidence.join('; ')) && viewer.verdict
  })

const refusal = await Lab.refusal()

describe('the verdict on a viewer behind a bad network', { skip: refusal ?? false }, () => {
  let trials: Trials
  before(async () => {
    trials = await Trials.start()
  })
  after(async () => {
    await trials?.stop()
    await stopChildren()
  })

  for (const [name, impairment, evidence] of [
    ['10 % lost', { lossDown: 10 }, /packets lost \(\d+(\.\d)? %\).*sent again/],
    ['a link of half of the stream', { rateKbit: STREAM_KBIT / 2 }, /path carries about \d+ kbit\/s|left out|carries about/],
  ] as const) {
    it(`names the downlink: ${name}`, { timeout: 90_000 }, async (test) => {
      const { lab, server } = trials
      await lab.impair(impairment, server.ports.ice)
      const page = await (await trials.browser()).newPage()
      try {
        await page.goto(`http://${lab.serverAddress}:${server.ports.webrtc}/lab?via=webrtc`)
        const verdict = await untilVerdict(server, 'lab', 'downlink', evidence)
        test.diagnostic(`${verdict.text} ${verdict.evidence.join('; ')}`)
      } finally {
        await page.close()
      }
    })
  }

  it('names the uplink: a browser’s packets are lost on the way to the server', { timeout: 90_000 }, async (test) => {
    const { lab, server } = trials
    await lab.impair({ lossUp: 10 }, server.ports.ice)
    const browser = await trials.browser()
    const [publisher, viewer] = [await browser.newPage(), await browser.newPage()]
    await publish(publisher, trials.url('uplink/whip'))
    await viewer.goto(trials.url('uplink?via=webrtc'))
    const verdict = await untilVerdict(server, 'uplink', 'uplink', /of its packets came only when they were asked for again|of the publisher lost/)
    test.diagnostic(`${verdict.text} ${verdict.evidence.join('; ')}`)
    await publisher.close()
    await viewer.close()
  })
})

describe('the verdict on a viewer of a bad source', () => {
  let server: Millrace
  let browser: Browser
  let publisher: Child
  before(async () => {
    server = await Millrace.start()
    browser = await launchChromium()
    publisher = await publishRtsp(server, 'camera', 'tcp', await clip({ audio: 'opus' }))
    await server.pathIsLive('camera')
    await (await browser.newPage()).goto(server.url('http', 'camera?via=webrtc'))
  })
  after(async () => {
    await browser?.close()
    await stopChildren()
  })

  it('names the server when it is held up', { timeout: 90_000 }, async (test) => {
    await untilVerdict(server, 'camera', 'none', /pictures a second decoded/)
    server.child.process.kill('SIGSTOP')
    await sleep(HELD_UP_MS)
    server.child.process.kill('SIGCONT')
    const { evidence } = await untilVerdict(server, 'camera', 'server', /late/)
    test.diagnostic(evidence.join('; '))
  })

  it('names the camera when it stands still', { timeout: 90_000 }, async (test) => {
    publisher.process.kill('SIGSTOP')
    try {
      const { evidence } = await untilVerdict(server, 'camera', 'camera', /nothing has come from it for \d s/)
      test.diagnostic(evidence.join('; '))
      assert.ok(evidence.length > 0)
    } finally {
      publisher.process.kill('SIGCONT')
    }
  })
})
