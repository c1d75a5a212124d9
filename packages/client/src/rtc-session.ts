import { restartedAnswer, restartFragment } from './ice-restart.ts'
import { parseIceServers } from './ice-servers.ts'

/** For the answer to the offer. */
const SIGNALLING_TIMEOUT_MS = 10_000
/** A short interruption heals by itself; after this ICE is restarted. */
const INTERRUPTION_PATIENCE_MS = 1000
/** From the start of an ICE restart to a working connection. */
const RESTART_TIMEOUT_MS = 5000
const LEAVING_TIMEOUT_MS = 2000

export type SessionFailure =
  /** The server refused; the response says why. */
  | { readonly kind: 'refused'; readonly response: Response }
  /** There is no answer, or none of use; the message is a sentence for people. */
  | { readonly kind: 'no-answer'; readonly message: string }
  /** The signalling worked, the media connection did not. */
  | { readonly kind: 'not-connected' }
  /** It was connected, and is no more. */
  | { readonly kind: 'lost' }
  /** The server closed the session. */
  | { readonly kind: 'ended' }

export type SessionListener = {
  /** The answer came and is about to be taken. */
  answered?(headers: Headers): void
  /** Media can flow; again after each interruption. */
  connected?(): void
  interrupted?(): void
  /** It is over; nothing else is told afterwards. */
  failed(failure: SessionFailure): void
}

export type SessionOptions = {
  /** The WHIP or WHEP endpoint; absolute, or relative to the page. */
  readonly url: string
  /** Bearer token. */
  readonly token?: string | undefined
  /** From the answer to a working media connection; a network that lets UDP or ICE-TCP through needs a fraction of a second. */
  readonly connectTimeoutMs: number
  /** Changes what the browser offers. */
  readonly adaptOffer?: (sdp: string) => string
  /** Changes what the server answers. */
  readonly adaptAnswer?: (sdp: string) => string
}

/**
 * What WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) have in common: one offer, one answer, ICE restarts by PATCH when the connection is interrupted,
 * and DELETE when it closes. Whoever makes it adds the transceivers to `peer` before `open`.
 */
export class RtcSession {
  readonly peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  readonly #options: SessionOptions
  readonly #listener: SessionListener
  #resourceUrl: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #wasConnected = false
  #over = false

  constructor(options: SessionOptions, listener: SessionListener) {
    this.#options = options
    this.#listener = listener
    this.peer.addEventListener('connectionstatechange', () => this.#connectionChanged())
  }

  /** The session's own address, while there is a session. */
  get resourceUrl(): string | undefined {
    return this.#resourceUrl
  }

  /** Begins; how it goes is told to the listener. */
  async open(): Promise<void> {
    try {
      const sdp = this.#adapt(await this.peer.createOffer())
      const response = await this.#ask(sdp)
      if (response === undefined) return
      const answer = await response.text()
      if (this.#over) return
      // Set before the local description, which begins the gathering (RFC 9725 section 4.6).
      const iceServers = parseIceServers(response.headers.get('link'))
      if (iceServers.length > 0) this.peer.setConfiguration({ ...this.peer.getConfiguration(), iceServers })
      this.#listener.answered?.(response.headers)
      await this.peer.setLocalDescription({ type: 'offer', sdp })
      await this.peer.setRemoteDescription({ type: 'answer', sdp: this.#options.adaptAnswer?.(answer) ?? answer })
      this.#watchTransport()
      if (!this.#wasConnected) this.#failIn(this.#options.connectTimeoutMs, { kind: 'not-connected' })
    } catch {
      this.#fail({ kind: 'no-answer', message: 'The browser did not understand the server’s answer.' })
    }
  }

  /** Tells the server, also while the page is being left. */
  close(): void {
    this.#over = true
    clearTimeout(this.#timer)
    void this.#leave()
  }

  /** The peer connection ends last: its end is told to the server too, which then knows no session to delete any more. */
  async #leave(): Promise<void> {
    const resourceUrl = this.#resourceUrl
    this.#resourceUrl = undefined
    try {
      if (resourceUrl !== undefined) {
        await fetch(resourceUrl, { method: 'DELETE', keepalive: true, headers: this.#authorization(), signal: AbortSignal.timeout(LEAVING_TIMEOUT_MS) })
      }
    } catch {
      // A server that is away has nothing to forget.
    } finally {
      this.peer.close()
    }
  }

  /** @returns undefined if there is no session, and that was told */
  async #ask(sdp: string): Promise<Response | undefined> {
    try {
      const response = await fetch(this.#options.url, {
        method: 'POST',
        headers: { ...this.#authorization(), 'content-type': 'application/sdp', accept: 'application/sdp' },
        body: sdp,
        signal: AbortSignal.timeout(SIGNALLING_TIMEOUT_MS),
      })
      if (!response.ok) {
        this.#fail({ kind: 'refused', response })
        return undefined
      }
      const location = response.headers.get('location')
      if (location !== null) this.#resourceUrl = new URL(location, response.url).href
      // Closed while the answer was on its way: the server must not wait for us.
      if (this.#over) this.close()
      return response
    } catch (error) {
      const isLate = error instanceof DOMException && error.name === 'TimeoutError'
      this.#fail({ kind: 'no-answer', message: isLate ? 'The server did not answer in time.' : 'The server cannot be reached.' })
      return undefined
    }
  }

  #connectionChanged(): void {
    switch (this.peer.connectionState) {
      case 'connected':
        this.#wasConnected = true
        clearTimeout(this.#timer)
        if (!this.#over) this.#listener.connected?.()
        break
      case 'disconnected':
        if (this.#over) break
        this.#listener.interrupted?.()
        clearTimeout(this.#timer)
        this.#timer = setTimeout(() => void this.#restartIce(), INTERRUPTION_PATIENCE_MS)
        break
      case 'failed':
        if (this.#wasConnected) void this.#restartIce()
        else this.#fail({ kind: 'not-connected' })
        break
    }
  }

  /** New credentials and addresses on the same session: after a change of network the media goes on with the same keys. */
  async #restartIce(): Promise<void> {
    const answer = this.peer.currentRemoteDescription?.sdp
    if (this.#over || answer === undefined || this.#resourceUrl === undefined || this.peer.signalingState !== 'stable') return
    this.#failIn(RESTART_TIMEOUT_MS, { kind: 'lost' })
    try {
      const sdp = this.#adapt(await this.peer.createOffer({ iceRestart: true }))
      await this.peer.setLocalDescription({ type: 'offer', sdp })
      const response = await fetch(this.#resourceUrl, {
        method: 'PATCH',
        headers: { ...this.#authorization(), 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' },
        body: restartFragment(sdp),
        signal: AbortSignal.timeout(RESTART_TIMEOUT_MS),
      })
      const restarted = response.status === 200 ? restartedAnswer(answer, await response.text()) : undefined
      if (restarted === undefined) this.#fail({ kind: 'lost' })
      else if (!this.#over) await this.peer.setRemoteDescription({ type: 'answer', sdp: restarted })
    } catch {
      this.#fail({ kind: 'lost' })
    }
  }

  /** A server that ends the session closes DTLS, which is no failure of the peer connection. */
  #watchTransport(): void {
    const transport = this.peer.getTransceivers().flatMap(({ receiver, sender }) => receiver.transport ?? sender.transport ?? [])[0]
    transport?.addEventListener('statechange', () => {
      if (transport.state === 'closed') this.#fail({ kind: 'ended' })
    })
  }

  #adapt({ sdp = '' }: RTCSessionDescriptionInit): string {
    return this.#options.adaptOffer?.(sdp) ?? sdp
  }

  #authorization(): Record<string, string> {
    return this.#options.token === undefined ? {} : { authorization: `Bearer ${this.#options.token}` }
  }

  #failIn(delayMs: number, failure: SessionFailure): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#fail(failure), delayMs)
  }

  #fail(failure: SessionFailure): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#listener.failed(failure)
  }
}
