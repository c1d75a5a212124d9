import type { BrowserPage } from './browser-page.ts'

/** Which part of the DTLS handshake an offer takes; browsers leave it to the server. */
export type DtlsSetup = 'active' | 'passive' | 'actpass'

/** Whether the browser has a video codec, such as `VP8`. */
export const canDo = (page: BrowserPage, what: 'send' | 'receive', codec: string): Promise<boolean> =>
  page.evaluate(
    ({ what, codec }) => {
      const { codecs = [] } = (what === 'send' ? RTCRtpSender : RTCRtpReceiver).getCapabilities('video') ?? {}
      return codecs.some(({ mimeType }) => mimeType === `video/${codec}`)
    },
    { what, codec },
  )

export type PublishOptions = {
  /** Video codec, such as `VP8`. */
  readonly codec: string
  readonly width: number
  readonly height: number
  readonly setup?: DtlsSetup
}

type PeerScope = typeof globalThis & { peer: RTCPeerConnection }

/**
 * Publishes camera and microphone in a page of the server's origin.
 * @returns the session's address
 */
export const publishByWhip = (page: BrowserPage, url: string, options: PublishOptions): Promise<string> =>
  page.evaluate(
    async ({ url, codec, width, height, setup = 'actpass' }) => {
      const media = await navigator.mediaDevices.getUserMedia({ video: { width, height, frameRate: 30 }, audio: true })
      const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
      for (const track of media.getTracks()) {
        const transceiver = peer.addTransceiver(track, { direction: 'sendonly', streams: [media] })
        const { codecs = [] } = RTCRtpSender.getCapabilities(track.kind) ?? {}
        if (track.kind === 'video') transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === `video/${codec}` || mimeType === 'video/rtx'))
      }
      await peer.setLocalDescription()
      // The browser itself takes either part, whatever is said to the server.
      const offer = (peer.localDescription?.sdp ?? '').replaceAll('a=setup:actpass', `a=setup:${setup}`)
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: offer })
      if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() })
      ;(globalThis as PeerScope).peer = peer
      return new URL(response.headers.get('location') ?? '', url).href
    },
    { url, ...options },
  )

/** Watches in a page of the server's origin. */
export const watchByWhep = (page: BrowserPage, url: string, setup: DtlsSetup = 'actpass'): Promise<void> =>
  page.evaluate(
    async ({ url, setup }) => {
      const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
      const media = new MediaStream(['video', 'audio'].map((kind) => peer.addTransceiver(kind, { direction: 'recvonly' }).receiver.track))
      const video = document.body.appendChild(document.createElement('video'))
      Object.assign(video, { autoplay: true, srcObject: media })
      await peer.setLocalDescription()
      const offer = (peer.localDescription?.sdp ?? '').replaceAll('a=setup:actpass', `a=setup:${setup}`)
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: offer })
      if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() })
      ;(globalThis as PeerScope).peer = peer
    },
    { url, setup },
  )

/** What a page that watches has received. */
export type Received = {
  readonly codec: string
  readonly framesDecoded: number
  readonly width: number
  readonly height: number
  readonly packetsLost: number
  /** More than nothing when something was heard. */
  readonly audioEnergy: number
}

export const received = (page: BrowserPage): Promise<Received> =>
  page.evaluate(async () => {
    const reports = await (globalThis as PeerScope).peer.getStats()
    const inbound = [...reports.values()].filter(({ type }) => type === 'inbound-rtp')
    const video = inbound.find(({ kind }) => kind === 'video')
    return {
      codec: reports.get(video?.codecId)?.mimeType ?? '',
      framesDecoded: video?.framesDecoded ?? 0,
      width: video?.frameWidth ?? 0,
      height: video?.frameHeight ?? 0,
      packetsLost: video?.packetsLost ?? 0,
      audioEnergy: inbound.find(({ kind }) => kind === 'audio')?.totalAudioEnergy ?? 0,
    }
  }, null)
