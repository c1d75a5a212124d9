import { faultOfResponse } from './http-fault.ts'
import { type MissingTrack, parseMissingTracks } from './missing-track.ts'
import type { PlaybackFault } from './playback.ts'
import { RtcSession, type SessionFailure } from './rtc-session.ts'

/** Short, because players have another way to get the stream. */
const CONNECT_TIMEOUT_MS = 3000

export type WhepListener = {
  /** A track arrived; all of them are in the same stream. */
  media(stream: MediaStream): void
  /** It is over; nothing else is told afterwards. */
  failed(fault: PlaybackFault): void
}

export type WhepOptions = {
  /** Bearer token. */
  readonly token?: string | undefined
}

/** Receives one stream by WHEP. */
export class WhepClient {
  readonly #session: RtcSession
  readonly #stream = new MediaStream()
  #missing: readonly MissingTrack[] = []
  #notice: string | undefined
  #isClosed = false

  /** @param url of the WHEP endpoint; absolute, or relative to the page */
  constructor(url: string, listener: WhepListener, { token }: WhepOptions = {}) {
    this.#session = new RtcSession(
      { url, token, connectTimeoutMs: CONNECT_TIMEOUT_MS, adaptOffer: withStereo },
      {
        answered: (headers) => {
          this.#missing = parseMissingTracks(headers.get('millrace-missing'))
          this.#notice = headers.get('millrace-notice') ?? undefined
        },
        failed: (failure) => void this.#failed(failure, listener),
      },
    )
    this.#session.peer.addEventListener('track', ({ track }) => {
      this.#stream.addTrack(track)
      listener.media(this.#stream)
    })
  }

  /** Tracks of the stream that do not come; known when media arrives. */
  get missing(): readonly MissingTrack[] {
    return this.#missing
  }

  /** What the server says that WebRTC does badly with this stream. */
  get notice(): string | undefined {
    return this.#notice
  }

  get hasAudio(): boolean {
    return this.#stream.getAudioTracks().length > 0
  }

  /** Begins; how it goes is told to the listener. */
  connect(): Promise<void> {
    takeDescriptors(this.#session.peer.addTransceiver('video', { direction: 'recvonly' }))
    this.#session.peer.addTransceiver('audio', { direction: 'recvonly' })
    return this.#session.open()
  }

  /** The session's own address, while there is a session. */
  get resourceUrl(): string | undefined {
    return this.#session.resourceUrl
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#session.peer.getStats()
  }

  /** Tells the server, also while the page is being left. */
  close(): void {
    this.#isClosed = true
    this.#session.close()
  }

  async #failed(failure: SessionFailure, listener: WhepListener): Promise<void> {
    const fault = await faultOf(failure)
    if (!this.#isClosed) listener.failed(fault)
  }
}

const faultOf = async (failure: SessionFailure): Promise<PlaybackFault> => {
  switch (failure.kind) {
    case 'refused':
      return faultOfResponse(failure.response)
    case 'no-answer':
      return { kind: 'lost', message: failure.message }
    case 'not-connected':
      return { kind: 'cannot-connect', message: 'No media connection came about within 3 seconds.' }
    case 'lost':
      return { kind: 'lost', message: 'The connection was interrupted.' }
    case 'ended':
      return { kind: 'ended', message: 'The server ended the stream.' }
  }
}

/** Chromium decodes Opus in stereo only if the receiver says that it wants it (RFC 7587 section 6.1). */
const withStereo = (sdp: string): string => {
  const opus = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1]
  return opus === undefined ? sdp : sdp.replace(new RegExp(`^(a=fmtp:${opus} )(?!.*stereo=)`, 'm'), '$1stereo=1;')
}

/** https://w3c.github.io/webrtc-extensions/#rtp-header-extension-control-modifications; not in the types of the DOM, and not in all browsers. */
type ExtensionControl = {
  getHeaderExtensionsToNegotiate?(): { readonly uri: string; direction: string }[]
  setHeaderExtensionsToNegotiate?(extensions: readonly { readonly uri: string; direction: string }[]): void
}

/** Chromium reads the dependency descriptor, by which AV1 with several sizes is put together, but does not offer to by itself. */
const takeDescriptors = (video: RTCRtpTransceiver & ExtensionControl): void => {
  const extensions = video.getHeaderExtensionsToNegotiate?.() ?? []
  for (const extension of extensions) if (extension.uri.endsWith('#dependency-descriptor-rtp-header-extension')) extension.direction = 'sendrecv'
  video.setHeaderExtensionsToNegotiate?.(extensions)
}
