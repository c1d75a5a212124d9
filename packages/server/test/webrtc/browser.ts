/// <reference lib="dom" />
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]

export type Browser = { newPage(): Promise<Page>; close(): Promise<void> }

/** A camera with a moving picture and a microphone that beeps, without a question whether the page may use them. */
export const FAKE_DEVICES: readonly string[] = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']

/** Chromium with a profile of its own. */
export const launchBrowser = async (extraArguments: readonly string[] = []): Promise<Browser> => {
  const profile = await mkdtemp(join(tmpdir(), 'millrace-browser-'))
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: [...ARGUMENTS, ...extraArguments],
  })
  return {
    newPage: () => context.newPage(),
    close: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}

/** What the browser's statistics say of a viewer. */
export type ReceivedStats = {
  framesDecoded: number
  framesReceived: number
  framesDropped: number
  keyFramesDecoded: number
  frameWidth: number
  frameHeight: number
  packetsLost: number
  nackCount: number
  pliCount: number
  freezeCount: number
  jitterBufferDelay: number
  jitterBufferEmittedCount: number
  totalSamplesReceived: number
  dtlsState: string
  /** Of the candidate pair in use: `udp`, `tcp`. */
  transport: string
  codec: string
}

export type WatchOptions = {
  /** Changes the candidates of the answer. */
  readonly rewritePort?: readonly [from: number, to: number]
  /** Leaves the candidates by UDP out of the answer, as if no UDP came through. */
  readonly tcpOnly?: boolean
  /** Offers the dependency descriptor, which Chromium knows but does not offer by itself to receive. */
  readonly takesDescriptor?: boolean
}

/** WebRTC extensions section 5.2; not in the types of the DOM yet. */
type HeaderExtensionChoice = {
  getHeaderExtensionsToNegotiate(): { uri: string; direction: string }[]
  setHeaderExtensionsToNegotiate(extensions: { uri: string; direction: string }[]): void
}

/** Opens a page of that origin and watches a WHEP endpoint there. */
export const watch = async (browser: Browser, whepUrl: string, options: WatchOptions = {}): Promise<Page> => {
  const page = await browser.newPage()
  await page.goto(new URL('/', whepUrl).href)
  await page.evaluate(
    async ({ url, rewritePort, tcpOnly, takesDescriptor }) => {
      const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
      const stream = new MediaStream()
      const element = document.body.appendChild(document.createElement('video'))
      Object.assign(element, { autoplay: true, muted: true, srcObject: stream })
      peer.addEventListener('track', (event) => stream.addTrack(event.track))
      const video = peer.addTransceiver('video', { direction: 'recvonly' }) as RTCRtpTransceiver & HeaderExtensionChoice
      if (takesDescriptor) {
        const extensions = video.getHeaderExtensionsToNegotiate()
        for (const extension of extensions) if (extension.uri.includes('#dependency-descriptor')) extension.direction = 'sendrecv'
        video.setHeaderExtensionsToNegotiate(extensions)
      }
      peer.addTransceiver('audio', { direction: 'recvonly' })
      await peer.setLocalDescription(await peer.createOffer())
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: peer.localDescription?.sdp ?? '' })
      let sdp = await response.text()
      if (response.status !== 201) throw new Error(`${response.status} ${sdp}`)
      if (rewritePort) sdp = sdp.replaceAll(` ${rewritePort[0]} typ host`, ` ${rewritePort[1]} typ host`)
      if (tcpOnly) sdp = sdp.replaceAll(/a=candidate:\S+ 1 udp .*\r\n/g, '')
      await peer.setRemoteDescription({ type: 'answer', sdp })
      Object.assign(globalThis, {
        millracePeer: peer,
        millraceSession: response.headers.get('location'),
        millraceTag: response.headers.get('etag'),
        millraceMissing: response.headers.get('millrace-missing'),
      })
    },
    { url: whepUrl, ...options },
  )
  return page
}

export const receivedStats = (page: Page): Promise<ReceivedStats> =>
  page.evaluate(async () => {
    const peer = Reflect.get(globalThis, 'millracePeer') as RTCPeerConnection
    const found: Record<string, unknown> = {}
    const report = await peer.getStats()
    report.forEach((entry: Record<string, unknown>) => {
      if (entry.type === 'inbound-rtp' && entry.kind === 'video') {
        Object.assign(found, { ...entry, codec: (report.get(String(entry.codecId)) as Record<string, unknown> | undefined)?.sdpFmtpLine })
      } else if (entry.type === 'inbound-rtp') found.totalSamplesReceived = entry.totalSamplesReceived
      else if (entry.type === 'transport') {
        const pair = report.get(String(entry.selectedCandidatePairId)) as Record<string, unknown> | undefined
        const candidate = report.get(String(pair?.remoteCandidateId)) as Record<string, unknown> | undefined
        Object.assign(found, { dtlsState: entry.dtlsState, transport: candidate?.protocol })
      }
    })
    const number = (name: string): number => Number(found[name] ?? 0)
    return {
      framesDecoded: number('framesDecoded'),
      framesReceived: number('framesReceived'),
      framesDropped: number('framesDropped'),
      keyFramesDecoded: number('keyFramesDecoded'),
      frameWidth: number('frameWidth'),
      frameHeight: number('frameHeight'),
      packetsLost: number('packetsLost'),
      nackCount: number('nackCount'),
      pliCount: number('pliCount'),
      freezeCount: number('freezeCount'),
      jitterBufferDelay: number('jitterBufferDelay'),
      jitterBufferEmittedCount: number('jitterBufferEmittedCount'),
      totalSamplesReceived: number('totalSamplesReceived'),
      dtlsState: String(found.dtlsState ?? ''),
      transport: String(found.transport ?? ''),
      codec: String(found.codec ?? ''),
    }
  })
