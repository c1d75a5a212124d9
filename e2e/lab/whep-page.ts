import type { Page } from 'playwright-core'

/** What a viewer's browser counted so far. */
export type ViewerSample = {
  readonly atMs: number
  readonly framesReceived: number
  readonly framesDecoded: number
  readonly freezes: number
  readonly freezeSeconds: number
  /** Time that pictures waited in the jitter buffer, and how many did. */
  readonly bufferSeconds: number
  readonly buffered: number
  readonly nacks: number
  readonly plis: number
  readonly packetsReceived: number
  readonly packetsLost: number
  readonly repeated: number
  /** Longest time between two pictures on the screen since the last sample. */
  readonly longestGapMs: number
}

export type WatchOptions = {
  /** false: the browser is kept from asking for lost packets. */
  readonly retransmission: boolean
}

/** How the browser got its connection. */
export type Connected = {
  /** From the offer to the connection, in milliseconds. */
  readonly afterMs: number
  readonly protocol: string
}

type Watched = { connection: RTCPeerConnection; session: string; longestGapMs: number; lastMs: number | undefined; connectedAfterMs: number }
type WatchScope = typeof globalThis & { watched: Watched }

/**
 * Watches in a page of the server's origin: offers by WHEP, shows what comes. Resolves with the first picture.
 * @param whepUrl `http://host:port/PATH/whep`
 */
export const watch = async (page: Page, whepUrl: string, options: WatchOptions): Promise<Connected> => {
  await page.goto(new URL('/_/paths', whepUrl).href)
  await openConnection(page)
  await page.evaluate(
    async ({ url, retransmission }) => {
      const filter = (sdp: string): string => (retransmission ? sdp : sdp.replaceAll(/^a=rtcp-fb:\S+ nack\r\n/gm, ''))
      const { watched } = globalThis as WatchScope
      const { connection } = watched
      for (const kind of ['video', 'audio']) connection.addTransceiver(kind, { direction: 'recvonly' })
      const offer = await connection.createOffer()
      await connection.setLocalDescription({ type: 'offer', sdp: filter(offer.sdp ?? '') })
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: connection.localDescription?.sdp ?? '' })
      const answer = await response.text()
      if (response.status !== 201) throw new Error(`${response.status} ${answer}`)
      watched.session = new URL(response.headers.get('location') ?? '', url).href
      await connection.setRemoteDescription({ type: 'answer', sdp: filter(answer) })
    },
    { url: whepUrl, retransmission: options.retransmission },
  )
  return await showPictures(page)
}

/** Watches in an empty page what somebody else offers. Resolves with the answer; `showPictures` has to follow. */
export const answerOffer = async (page: Page, offer: string, options: WatchOptions): Promise<string> => {
  await openConnection(page)
  return await page.evaluate(
    async ({ sdp, retransmission }) => {
      const filter = (text: string): string => (retransmission ? text : text.replaceAll(/^a=rtcp-fb:\S+ nack\r\n/gm, ''))
      const { connection } = (globalThis as WatchScope).watched
      await connection.setRemoteDescription({ type: 'offer', sdp: filter(sdp) })
      await connection.setLocalDescription(await connection.createAnswer())
      return filter(connection.localDescription?.sdp ?? '')
    },
    { sdp: offer, retransmission: options.retransmission },
  )
}

const openConnection = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const connection = new RTCPeerConnection()
    const watched: Watched = { connection, session: '', longestGapMs: 0, lastMs: undefined, connectedAfterMs: Number.NaN }
    ;(globalThis as WatchScope).watched = watched
    const startMs = performance.now()
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'connected') watched.connectedAfterMs = performance.now() - startMs
    })
  })

/** Shows what comes. Resolves with the first picture. */
export const showPictures = (page: Page): Promise<Connected> =>
  page.evaluate(async () => {
    const { watched } = globalThis as WatchScope
    const { connection } = watched
    const video = document.createElement('video')
    video.muted = true
    video.srcObject = new MediaStream(connection.getReceivers().map(({ track }) => track))
    document.body.replaceChildren(video)
    await new Promise<void>((resolve, reject) => {
      setTimeout(() => reject(new Error(`no picture after 20 s; the connection is ${connection.connectionState}`)), 20_000)
      const seen = (nowMs: number): void => {
        if (watched.lastMs !== undefined) watched.longestGapMs = Math.max(watched.longestGapMs, nowMs - watched.lastMs)
        watched.lastMs = nowMs
        video.requestVideoFrameCallback(seen)
        resolve()
      }
      video.requestVideoFrameCallback(seen)
      video.play().catch(reject)
    })
    const reports = await connection.getStats()
    const transport = [...reports.values()].find(({ type }) => type === 'transport')
    const pair = reports.get(transport?.selectedCandidatePairId)
    return { afterMs: watched.connectedAfterMs, protocol: reports.get(pair?.localCandidateId)?.protocol ?? 'none' }
  })

/** Stops watching, so that nothing is sent to this viewer any more, which would be in the way of the next one. */
export const leave = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const { connection, session } = (globalThis as WatchScope).watched
    connection.close()
    if (session !== '') await fetch(session, { method: 'DELETE' })
  })

/** @returns what the page that watches has counted; the longest gap begins anew */
export const sample = (page: Page): Promise<ViewerSample> =>
  page.evaluate(async () => {
    const { watched } = globalThis as WatchScope
    const nowMs = performance.now()
    const longestGapMs = Math.max(watched.longestGapMs, nowMs - (watched.lastMs ?? nowMs))
    watched.longestGapMs = 0
    const reports = [...(await watched.connection.getStats()).values()]
    const video = reports.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video') ?? {}
    const count = (name: string): number => video[name] ?? 0
    return {
      atMs: video.timestamp ?? 0,
      framesReceived: count('framesReceived'),
      framesDecoded: count('framesDecoded'),
      freezes: count('freezeCount'),
      freezeSeconds: count('totalFreezesDuration'),
      bufferSeconds: count('jitterBufferDelay'),
      buffered: count('jitterBufferEmittedCount'),
      nacks: count('nackCount'),
      plis: count('pliCount'),
      packetsReceived: count('packetsReceived'),
      packetsLost: count('packetsLost'),
      repeated: count('retransmittedPacketsReceived'),
      longestGapMs,
    }
  })
