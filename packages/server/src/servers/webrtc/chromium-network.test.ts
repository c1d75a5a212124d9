import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '../../../test/until.ts'
import { type Browser, launchBrowser, receivedStats, watch } from '../../../test/webrtc/browser.ts'
import { LiveFeeder, makeClip } from '../../../test/webrtc/live-feeder.ts'
import { RebindingProxy } from '../../../test/webrtc/rebinding-proxy.ts'
import { startWhepServer, type WhepServer } from '../../../test/webrtc/whep-server.ts'

/** A path that passes TCP only has a picture within this time. */
const TCP_CONNECT_LIMIT_MS = 3000

describe('Chromium watches in networks that change and block', () => {
  let server: WhepServer
  let feeder: LiveFeeder
  let browser: Browser

  before(async () => {
    server = await startWhepServer()
    feeder = new LiveFeeder(server.hub, 'live', await makeClip(640, 360))
    browser = await launchBrowser()
  })

  after(async () => {
    await browser?.close()
    feeder?.close()
    await server?.close()
  })

  test('by TCP alone: a picture within 3 s, and it goes on with sound', async () => {
    const page = await watch(browser, `${server.url}/live/whep`, { tcpOnly: true })
    await until('the first picture', async () => (await receivedStats(page)).framesDecoded > 0, TCP_CONNECT_LIMIT_MS)
    const before = await receivedStats(page)
    assert.equal(before.transport, 'tcp')
    await until('pictures go on', async () => (await receivedStats(page)).framesDecoded > before.framesDecoded + 90)
    const stats = await receivedStats(page)
    assert.ok(stats.totalSamplesReceived > 48_000, 'sound')
    assert.equal(stats.packetsLost, 0)
    await page.close()
  })

  test('an address that changes in the middle costs no session: pictures go on', async () => {
    const proxy = await RebindingProxy.start(server.webrtc.port)
    try {
      const page = await watch(browser, `${server.url}/live/whep`, { rewritePort: [server.webrtc.port, proxy.port] })
      await until('pictures', async () => (await receivedStats(page)).framesDecoded > 30)
      const sessions = server.webrtc.sessions
      for (let times = 0; times < 2; times++) {
        const before = await receivedStats(page)
        const remote = viewerRemote(server)
        await proxy.rebind()
        await until('the server sends to the new address', () => viewerRemote(server) !== remote)
        assert.equal(viewerRemote(server), `127.0.0.1:${proxy.outerPort}`)
        await until('pictures go on', async () => (await receivedStats(page)).framesDecoded > before.framesDecoded + 60)
      }
      assert.equal(server.webrtc.sessions, sessions)
      await page.close()
    } finally {
      proxy.close()
    }
  })

  test('trickle and ICE restarts, with an offer that had no candidates', async () => {
    const page = await watch(browser, `${server.url}/live/whep`)
    await until('pictures', async () => (await receivedStats(page)).framesDecoded > 30)
    for (let times = 0; times < 2; times++) {
      const before = await receivedStats(page)
      const { status, trickled, offerUfrag, answerUfrag, oldUfrag } = await restartIce(page)
      assert.equal(status, 200)
      assert.ok(trickled.length > 0 && trickled.every((code) => code === 204), `trickles are answered with 204: ${trickled}`)
      assert.notEqual(answerUfrag, oldUfrag)
      await until('the new credentials are in use', async () => (await selectedUfrag(page)) === offerUfrag)
      await until('pictures go on', async () => (await receivedStats(page)).framesDecoded > before.framesDecoded + 60)
    }
    await page.close()
  })
})

/** Where the only viewer's packets go. */
const viewerRemote = (server: WhepServer): string | undefined => [...(server.hub.find('live')?.clients ?? [])].at(-1)?.remote

/** As a player does it: RFC 9725 section 4.3.3. */
const restartIce = (page: Page) =>
  page.evaluate(async () => {
    const peer = Reflect.get(globalThis, 'millracePeer') as RTCPeerConnection
    const url = String(Reflect.get(globalThis, 'millraceSession'))
    const patch = (ifMatch: string, body: string): Promise<Response> =>
      fetch(url, { method: 'PATCH', headers: { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': ifMatch }, body })
    const value = (sdp: string, name: string): string => new RegExp(`^a=${name}:(.*)$`, 'm').exec(sdp)?.[1]?.trim() ?? ''
    const candidates: Promise<string[]> = new Promise((resolve) => {
      const found: string[] = []
      peer.onicecandidate = ({ candidate }) => (candidate?.candidate ? found.push(candidate.candidate) : resolve(found))
    })
    peer.restartIce()
    await peer.setLocalDescription(await peer.createOffer())
    const offer = peer.localDescription?.sdp ?? ''
    const ufrag = value(offer, 'ice-ufrag')
    const answer = peer.remoteDescription?.sdp ?? ''
    const response = await patch('*', `a=ice-ufrag:${ufrag}\r\na=ice-pwd:${value(offer, 'ice-pwd')}\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n`)
    const fragment = await response.text()
    const renewed = answer
      .replaceAll(/a=ice-ufrag:.*/g, `a=ice-ufrag:${value(fragment, 'ice-ufrag')}`)
      .replaceAll(/a=ice-pwd:.*/g, `a=ice-pwd:${value(fragment, 'ice-pwd')}`)
    await peer.setRemoteDescription({ type: 'answer', sdp: renewed })
    const tag = response.headers.get('etag') ?? ''
    const trickled: number[] = []
    for (const candidate of await candidates) {
      trickled.push((await patch(tag, `a=ice-ufrag:${ufrag}\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=${candidate}\r\n`)).status)
    }
    return { status: response.status, trickled, offerUfrag: ufrag, answerUfrag: value(fragment, 'ice-ufrag'), oldUfrag: value(answer, 'ice-ufrag') }
  })

/** The player's user name in the candidate pair that media comes by. */
const selectedUfrag = (page: Page): Promise<string | undefined> =>
  page.evaluate(async () => {
    const peer = Reflect.get(globalThis, 'millracePeer') as RTCPeerConnection
    const report = await peer.getStats()
    let found: string | undefined
    report.forEach((entry: Record<string, unknown>) => {
      if (entry.type !== 'transport') return
      const pair = report.get(String(entry.selectedCandidatePairId)) as Record<string, unknown> | undefined
      found = (report.get(String(pair?.localCandidateId)) as Record<string, string> | undefined)?.usernameFragment
    })
    return found
  })
