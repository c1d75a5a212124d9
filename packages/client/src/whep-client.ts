import { faultOfResponse } from './http-fault.ts'
import { type MissingTrack, parseMissingTracks } from './missing-track.ts'
import type { PlaybackFault } from './playback.ts'

/** For the answer to the offer. */
const SIGNALLING_TIMEOUT_MS = 10_000
/** From the answer to a working media connection; a network that lets UDP or ICE-TCP through needs a fraction of it. */
const CONNECT_TIMEOUT_MS = 3000
/** A connection that is interrupted for longer does not come back by itself. */
const INTERRUPTION_TIMEOUT_MS = 4000

const LEAVING_TIMEOUT_MS = 2000

export type WhepListener = {
  /** A track arrived; all of them are in the same stream. */
  media(stream: MediaStream): void
  /** It is over; nothing else is told afterwards. */
  failed(fault: PlaybackFault): void
}

/** Receives one stream by WHEP (draft-ietf-wish-whep): one offer, one answer, and DELETE when it closes. */
export class WhepClient {
  readonly #url: string
  readonly #listener: WhepListener
  readonly #peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  readonly #stream = new MediaStream()
  readonly #abort = new AbortController()
  #resourceUrl: string | undefined
  #missing: readonly MissingTrack[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #wasConnected = false
  #over = false

  /** @param url of the WHEP endpoint; absolute, or relative to the page */
  constructor(url: string, listener: WhepListener) {
    this.#url = url
    this.#listener = listener
    this.#peer.addEventListener('track', ({ track }) => {
      this.#stream.addTrack(track)
      listener.media(this.#stream)
    })
    this.#peer.addEventListener('connectionstatechange', () => this.#connectionChanged())
  }

  /** Tracks of the stream that do not come; known when media arrives. */
  get missing(): readonly MissingTrack[] {
    return this.#missing
  }

  get hasAudio(): boolean {
    return this.#stream.getAudioTracks().length > 0
  }

  /** Begins; how it goes is told to the listener. */
  async connect(): Promise<void> {
    try {
      const answer = await this.#negotiate()
      if (this.#over || answer === undefined) return
      this.#missing = parseMissingTracks(answer.missing)
      await this.#peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp })
      this.#watchTransport()
      if (!this.#wasConnected) this.#failIn(CONNECT_TIMEOUT_MS, { kind: 'cannot-connect', message: 'No media connection came about within 3 seconds.' })
    } catch (error) {
      this.#fail({ kind: 'lost', message: messageOf(error) })
    }
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#peer.getStats()
  }

  /** Tells the server, also while the page is being left. */
  close(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#abort.abort()
    const resourceUrl = this.#resourceUrl
    this.#resourceUrl = undefined
    if (resourceUrl === undefined) this.#peer.close()
    else void this.#leave(resourceUrl)
  }

  /** The peer connection ends last: its end is told to the server too, which then knows no session to delete any more. */
  async #leave(resourceUrl: string): Promise<void> {
    try {
      await fetch(resourceUrl, { method: 'DELETE', keepalive: true, signal: AbortSignal.timeout(LEAVING_TIMEOUT_MS) })
    } catch {
      // A server that is away has nothing to forget.
    } finally {
      this.#peer.close()
    }
  }

  /** @returns undefined if it failed and that was told */
  async #negotiate(): Promise<{ sdp: string; missing: string | null } | undefined> {
    this.#peer.addTransceiver('video', { direction: 'recvonly' })
    this.#peer.addTransceiver('audio', { direction: 'recvonly' })
    const offer = await this.#peer.createOffer()
    const sdp = withStereo(offer.sdp ?? '')
    await this.#peer.setLocalDescription({ type: 'offer', sdp })
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', accept: 'application/sdp' },
      body: sdp,
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(SIGNALLING_TIMEOUT_MS)]),
    })
    if (!response.ok) {
      this.#fail(await faultOfResponse(response))
      return undefined
    }
    const location = response.headers.get('location')
    if (location !== null) this.#resourceUrl = new URL(location, response.url).href
    const answer = { sdp: await response.text(), missing: response.headers.get('millrace-missing') }
    // Closed while the answer was on its way: the server must not wait for us.
    if (this.#over) this.close()
    return answer
  }

  #connectionChanged(): void {
    switch (this.#peer.connectionState) {
      case 'connected':
        this.#wasConnected = true
        clearTimeout(this.#timer)
        break
      case 'disconnected':
        this.#failIn(INTERRUPTION_TIMEOUT_MS, { kind: 'lost', message: 'The connection was interrupted.' })
        break
      case 'failed':
        this.#fail(
          this.#wasConnected ? { kind: 'lost', message: 'The connection was lost.' } : { kind: 'cannot-connect', message: 'The media connection failed.' },
        )
        break
    }
  }

  /** A server that ends the stream closes DTLS, which is no failure of the peer connection. */
  #watchTransport(): void {
    const transport = this.#peer.getReceivers().find((receiver) => receiver.transport)?.transport
    transport?.addEventListener('statechange', () => {
      if (transport.state === 'closed') this.#fail({ kind: 'ended', message: 'The server ended the stream.' })
    })
  }

  #failIn(delayMs: number, fault: PlaybackFault): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#fail(fault), delayMs)
  }

  #fail(fault: PlaybackFault): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#listener.failed(fault)
  }
}

/** Chromium decodes Opus in stereo only if the receiver says that it wants it (RFC 7587 section 6.1). */
const withStereo = (sdp: string): string => {
  const opus = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1]
  return opus === undefined ? sdp : sdp.replace(new RegExp(`^(a=fmtp:${opus} )(?!.*stereo=)`, 'm'), '$1stereo=1;')
}

const messageOf = (error: unknown): string =>
  error instanceof DOMException && error.name === 'TimeoutError' ? 'The server did not answer in time.' : 'The server cannot be reached.'
