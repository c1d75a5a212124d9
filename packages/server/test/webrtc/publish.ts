/// <reference lib="dom" />
import type { Page } from 'playwright-core'
import type { Browser } from './browser.ts'

export type PublishOptions = {
  /** Preferred codec, `video/VP8`. */
  readonly mimeType?: string
  readonly width?: number
  readonly height?: number
  /** Changes the candidates of the answer. */
  readonly rewritePort?: readonly [from: number, to: number]
  /** Changes `a=setup` of the offer. */
  readonly setup?: 'active' | 'passive'
  /** Sends three layers, of a quarter, of half and of the full size. */
  readonly simulcast?: boolean
  /** Layers in one stream instead, `L3T3_KEY`. */
  readonly scalabilityMode?: string
  /** Bits per second of those at most, smallest first. */
  readonly layerBps?: readonly number[]
}

/** Opens a page of that origin and publishes its camera and microphone to a WHIP endpoint there. */
export const publish = async (browser: Browser, whipUrl: string, options: PublishOptions = {}): Promise<Page> => {
  const page = await browser.newPage()
  await page.goto(new URL('/', whipUrl).href)
  await page.evaluate(
    async ({ url, mimeType, width = 640, height = 480, rewritePort, setup, simulcast, layerBps = [200_000, 800_000, 3_200_000], scalabilityMode }) => {
      const media = await navigator.mediaDevices.getUserMedia({ video: { width, height, frameRate: 30 }, audio: true })
      const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
      const [camera] = media.getVideoTracks()
      const [microphone] = media.getAudioTracks()
      if (!camera || !microphone) throw new Error('no fake devices')
      const sendEncodings = simulcast
        ? ['l', 'm', 'h'].map((rid, i): RTCRtpEncodingParameters => ({ rid, scaleResolutionDownBy: 2 ** (2 - i), maxBitrate: layerBps[i] ?? 0 }))
        : scalabilityMode
          ? [{ scalabilityMode, maxBitrate: layerBps.at(-1) ?? 0 } as RTCRtpEncodingParameters]
          : []
      const video = peer.addTransceiver(camera, { direction: 'sendonly', streams: [media], sendEncodings })
      peer.addTransceiver(microphone, { direction: 'sendonly', streams: [media] })
      if (mimeType) {
        const { codecs = [] } = RTCRtpSender.getCapabilities('video') ?? {}
        const preferred = codecs.filter((codec) => codec.mimeType === mimeType || /rtx|red|ulpfec/.test(codec.mimeType))
        video.setCodecPreferences(preferred)
      }
      let offer = (await peer.createOffer()).sdp ?? ''
      await peer.setLocalDescription({ type: 'offer', sdp: offer })
      // The browser itself takes either part, whatever is said to the server.
      if (setup) offer = offer.replaceAll('a=setup:actpass', `a=setup:${setup}`)
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp', authorization: 'Bearer token' }, body: offer })
      let sdp = await response.text()
      if (response.status !== 201) throw new Error(`${response.status} ${sdp}`)
      if (rewritePort) sdp = sdp.replaceAll(` ${rewritePort[0]} typ host`, ` ${rewritePort[1]} typ host`)
      await peer.setRemoteDescription({ type: 'answer', sdp })
      Object.assign(globalThis, { millracePeer: peer, millraceSession: response.headers.get('location'), millraceAnswer: sdp })
    },
    { url: whipUrl, ...options },
  )
  return page
}

/** What the browser's statistics say of its video. */
export type SentStats = {
  connectionState: string
  codec: string
  framesSent: number
  frameWidth: number
  keyFramesEncoded: number
  bytesSent: number
  retransmittedPacketsSent: number
  nackCount: number
  pliCount: number
  targetBitrate: number
  availableOutgoingBitrate: number
  roundTripTime: number
}

export const sentStats = (page: Page): Promise<SentStats> =>
  page.evaluate(async () => {
    const peer = Reflect.get(globalThis, 'millracePeer') as RTCPeerConnection
    const found: Record<string, unknown> = {}
    const report = await peer.getStats()
    report.forEach((entry: Record<string, unknown>) => {
      if (entry.type === 'outbound-rtp' && entry.kind === 'video' && Number(entry.frameWidth ?? 0) >= Number(found.frameWidth ?? 0)) {
        Object.assign(found, { ...entry, codec: (report.get(String(entry.codecId)) as Record<string, unknown> | undefined)?.mimeType })
      } else if (entry.type === 'candidate-pair' && entry.nominated) found.availableOutgoingBitrate = entry.availableOutgoingBitrate
      else if (entry.type === 'remote-inbound-rtp' && entry.kind === 'video') found.roundTripTime = entry.roundTripTime
    })
    const number = (name: string): number => Number(found[name] ?? 0)
    return {
      connectionState: peer.connectionState,
      codec: String(found.codec ?? ''),
      framesSent: number('framesSent'),
      frameWidth: number('frameWidth'),
      keyFramesEncoded: number('keyFramesEncoded'),
      bytesSent: number('bytesSent'),
      retransmittedPacketsSent: number('retransmittedPacketsSent'),
      nackCount: number('nackCount'),
      pliCount: number('pliCount'),
      targetBitrate: number('targetBitrate'),
      availableOutgoingBitrate: number('availableOutgoingBitrate'),
      roundTripTime: number('roundTripTime'),
    }
  })
