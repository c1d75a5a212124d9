import type { Page } from 'playwright-core'

/** What a publisher's browser counted so far. */
export type PublisherSample = {
  /** Of the way to the server: `udp` or `tcp`. */
  readonly protocol: string
  /** The server's receiver reports come: seconds, or 0 before the first. */
  readonly roundTripSeconds: number
  /** What the server's transport-wide feedback lets the browser send, in bits per second. */
  readonly allowedBps: number
}

type PublishScope = typeof globalThis & { publishing: RTCPeerConnection }

/**
 * Publishes a drawing that moves and a tone in a page of the server's origin: cameras are only for pages of https.
 * @param whipUrl `http://host:port/PATH/whip`
 * @returns milliseconds from the offer to the connection
 */
export const publish = async (page: Page, whipUrl: string): Promise<number> => {
  await page.goto(new URL('/_/paths', whipUrl).href)
  return page.evaluate(async (url) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 })
    const drawing = canvas.getContext('2d')
    let x = 0
    setInterval(() => {
      x = (x + 7) % canvas.width
      drawing?.clearRect(0, 0, canvas.width, canvas.height)
      drawing?.fillRect(x, 100, 80, 80)
    }, 33)
    const sound = new AudioContext()
    const tone = sound.createOscillator()
    const loudspeaker = sound.createMediaStreamDestination()
    tone.connect(loudspeaker)
    tone.start()
    const connection = new RTCPeerConnection()
    ;(globalThis as PublishScope).publishing = connection
    for (const track of [...canvas.captureStream(30).getTracks(), ...loudspeaker.stream.getTracks()]) {
      connection.addTransceiver(track, { direction: 'sendonly' })
    }
    const startMs = performance.now()
    const connected = new Promise<number>((resolve, reject) => {
      setTimeout(() => reject(new Error(`not connected after 20 s: ${connection.connectionState}`)), 20_000)
      connection.addEventListener('connectionstatechange', () => connection.connectionState === 'connected' && resolve(performance.now() - startMs))
    })
    await connection.setLocalDescription()
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: connection.localDescription?.sdp ?? '' })
    const answer = await response.text()
    if (response.status !== 201) throw new Error(`${response.status} ${answer}`)
    await connection.setRemoteDescription({ type: 'answer', sdp: answer })
    return await connected
  }, whipUrl)
}

/** @returns what the page that publishes has counted */
export const sent = (page: Page): Promise<PublisherSample> =>
  page.evaluate(async () => {
    const reports = await (globalThis as PublishScope).publishing.getStats()
    const entries = [...reports.values()]
    const of = (type: string) => entries.find((entry) => entry.type === type && (entry.kind === undefined || entry.kind === 'video')) ?? {}
    const pair = reports.get(of('transport').selectedCandidatePairId) ?? {}
    return {
      protocol: reports.get(pair.localCandidateId)?.protocol ?? 'none',
      roundTripSeconds: of('remote-inbound-rtp').roundTripTime ?? 0,
      allowedBps: pair.availableOutgoingBitrate ?? 0,
    }
  })
