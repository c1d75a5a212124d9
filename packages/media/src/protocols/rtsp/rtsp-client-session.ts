import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { ByteStreamSession, SessionOutput } from '../../bytes/session.ts'
import { decodeUtf8 } from '../../bytes/utf8.ts'
import { decodeSdp, type SessionDescription } from '../sdp/sdp.ts'
import { Authorizer, type Credentials, decodeChallenges, type RtspCrypto } from './authentication.ts'
import { baseUrl, ClientTracks } from './client-tracks.ts'
import { headerOf, headersNamed, type RtspHeader } from './headers.ts'
import type { InterleavedFrame } from './interleaved.ts'
import { encodeMessage, NO_BODY, type RtspRequest, type RtspResponse } from './message.ts'
import { OutputQueue } from './output-queue.ts'
import { decodeRtpInfo } from './rtp-info.ts'
import { RtspParser } from './rtsp-parser.ts'
import { DEFAULT_SESSION_TIMEOUT_MS, decodeSessionHeader, type SessionHeader } from './session-header.ts'
import { decodeTransport, encodeTransport, type Pair, type RtspTransport } from './transport.ts'

/** A server that does not answer a request within this time is given up. */
export const RESPONSE_TIMEOUT_MS = 10_000
/** A server that sends no packets for so long is gone. */
export const SERVER_SILENCE_MS = 10_000

export type RtspClientEvent =
  /** Call `setup`. */
  | { readonly type: 'described'; readonly description: SessionDescription }
  /** What the server agreed to for one track, before PLAY is sent. */
  | { readonly type: 'set-up'; readonly mediaIndex: number; readonly transport: RtspTransport }
  | { readonly type: 'playing'; readonly starts: readonly { readonly mediaIndex: number; readonly rtpTime: number }[] }
  | { readonly type: 'media'; readonly mediaIndex: number; readonly isRtcp: boolean; readonly payload: Uint8Array }

/** A track to receive: over UDP at these ports, else over TCP. */
export type WantedTrack = { readonly mediaIndex: number; readonly clientPort: Pair | undefined }

export type RtspClientOptions = {
  /** Without credentials. */
  readonly url: string
  readonly credentials: Credentials | undefined
  readonly crypto: RtspCrypto
  /** Value of the `User-Agent` header. */
  readonly userAgent: string
  /** How long the first packet may take after PLAY, in milliseconds. */
  readonly firstPacketMs: number
}

type Method = 'OPTIONS' | 'DESCRIBE' | 'SETUP' | 'PLAY' | 'GET_PARAMETER' | 'TEARDOWN'
type Pending = { readonly method: Method; readonly url: string; readonly headers: readonly RtspHeader[]; readonly cseq: number; readonly dueMs: number }

/** The client's side of one RTSP connection, RFC 2326: plays one stream. One request is under way at a time. */
export class RtspClientSession implements ByteStreamSession<RtspClientEvent> {
  readonly #options: RtspClientOptions
  readonly #parser = new RtspParser()
  readonly #outputs = new OutputQueue<RtspClientEvent>()
  readonly #authorizer: Authorizer | undefined
  #pending: Pending | undefined
  #cseq = 0
  #keepAlive: 'GET_PARAMETER' | 'OPTIONS' = 'OPTIONS'
  #keepAliveMs = Number.POSITIVE_INFINITY
  #silenceMs = Number.POSITIVE_INFINITY
  #session: SessionHeader | undefined
  #tracks: ClientTracks | undefined
  #isDescribed = false
  /** Tracks whose SETUP is not answered yet; the first is under way. */
  #toSetUp: WantedTrack[] = []
  #isPlaying = false

  constructor(options: RtspClientOptions, nowMs: number) {
    this.#options = options
    this.#authorizer = options.credentials && new Authorizer(options.credentials, options.crypto)
    this.#request(nowMs, 'OPTIONS', options.url)
  }

  handleInput(nowMs: number, bytes: Uint8Array): void {
    this.#parser.push(bytes)
    for (let element = this.#parser.next(); element; element = this.#parser.next()) {
      if (element.type === 'interleaved') this.#handleFrame(nowMs, element)
      else if (element.type === 'response') this.#handleResponse(nowMs, element)
      else this.#handleRequest(element)
    }
    this.#scheduleWake()
  }

  /** @throws ProtocolError `rtsp/timeout`, `rtsp/no-packets` */
  handleTimeout(nowMs: number): void {
    this.#outputs.woken()
    if (this.#pending && nowMs >= this.#pending.dueMs) {
      throw new ProtocolError('rtsp/timeout', `${this.#pending.method} was not answered for ${RESPONSE_TIMEOUT_MS / 1000} s`)
    }
    if (nowMs >= this.#silenceMs) throw new ProtocolError('rtsp/no-packets', 'the server sends no packets')
    if (nowMs >= this.#keepAliveMs && !this.#pending) this.#request(nowMs, this.#keepAlive, this.#tracks?.aggregateUrl ?? this.#options.url)
    this.#scheduleWake()
  }

  pollOutput(): SessionOutput<RtspClientEvent> | undefined {
    return this.#outputs.poll()
  }

  /** Goes on after 'described'. @param tracks at least one */
  setup(nowMs: number, tracks: readonly WantedTrack[]): void {
    this.#toSetUp = [...tracks]
    this.#setupNext(nowMs)
    this.#scheduleWake()
  }

  /** A packet came by UDP. */
  packetReceived(nowMs: number): void {
    if (this.#isPlaying) this.#silenceMs = nowMs + SERVER_SILENCE_MS
  }

  /** Says goodbye; the connection can be closed after what `pollOutput` has then. */
  teardown(nowMs: number): void {
    if (this.#session && this.#tracks) this.#request(nowMs, 'TEARDOWN', this.#tracks.aggregateUrl)
  }

  #handleFrame(nowMs: number, frame: InterleavedFrame): void {
    const owner = this.#tracks?.onChannel(frame.channel)
    if (!owner) return
    this.packetReceived(nowMs)
    this.#outputs.event({ type: 'media', mediaIndex: owner.mediaIndex, isRtcp: owner.isRtcp, payload: frame.payload })
  }

  /** Servers may ask whether we are alive; nothing else makes sense. */
  #handleRequest(request: RtspRequest): void {
    const isQuestion = ['OPTIONS', 'GET_PARAMETER', 'SET_PARAMETER'].includes(request.method)
    const headers: RtspHeader[] = [['CSeq', headerOf(request, 'CSeq') ?? '0']]
    const [status, reason] = isQuestion ? [200, 'OK'] : [501, 'Not Implemented']
    this.#outputs.send(encodeMessage({ type: 'response', status, reason, headers, body: NO_BODY }))
  }

  #handleResponse(nowMs: number, response: RtspResponse): void {
    const pending = this.#pending
    // Answers to what was given up, or with a count of the server's own, say nothing.
    const cseq = headerOf(response, 'CSeq')
    if (!pending || (cseq !== undefined && Number(cseq) !== pending.cseq)) return
    // 100 Continue: the answer is still to come.
    if (response.status < 200) return
    this.#pending = undefined
    if (response.status === 401) {
      this.#authorize(nowMs, pending, response)
      return
    }
    const session = headerOf(response, 'Session')
    if (session !== undefined && response.status < 300) this.#session = decodeSessionHeader(session) ?? this.#session
    this.#keepAliveMs = nowMs + (this.#session?.timeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS) / 2
    this.#handleAnswer(nowMs, pending, response)
  }

  #authorize(nowMs: number, pending: Pending, response: RtspResponse): void {
    if (!this.#authorizer) throw new ProtocolError('rtsp/unauthorized', 'the server wants a user name and a password: rtsp://user:password@host/path')
    const challenges = decodeChallenges(headersNamed(response, 'WWW-Authenticate'))
    if (!this.#authorizer.challenged(challenges)) {
      const why = challenges.length > 0 ? 'does not accept the user name and the password' : 'wants another authentication than Basic and Digest'
      throw new ProtocolError('rtsp/unauthorized', `the server ${why}`)
    }
    this.#request(nowMs, pending.method, pending.url, pending.headers)
  }

  #handleAnswer(nowMs: number, pending: Pending, response: RtspResponse): void {
    if (this.#isPlaying) this.#handleKeptAlive(response)
    else if (pending.method === 'OPTIONS') {
      // Some servers refuse OPTIONS and do the rest.
      const methods = headerOf(response, 'Public') ?? ''
      this.#keepAlive = /\bGET_PARAMETER\b/i.test(methods) ? 'GET_PARAMETER' : 'OPTIONS'
      this.#request(nowMs, 'DESCRIBE', this.#options.url, [['Accept', 'application/sdp']])
    } else if (response.status >= 300) {
      const code = pending.method === 'SETUP' && response.status === 461 ? 'rtsp/unsupported-transport' : 'rtsp/refused'
      throw new ProtocolError(code, `${pending.method} was answered ${response.status} ${response.reason.slice(0, 200)}`)
    } else if (pending.method === 'DESCRIBE') this.#handleDescription(response)
    else if (pending.method === 'SETUP') this.#handleSetUp(nowMs, response)
    else if (pending.method === 'PLAY') this.#handlePlaying(nowMs, response)
  }

  #handleDescription(response: RtspResponse): void {
    if (this.#isDescribed) return
    this.#isDescribed = true
    const description = decodeSdp(decodeUtf8(response.body))
    const base = baseUrl(headerOf(response, 'Content-Base') ?? headerOf(response, 'Content-Location'), this.#options.url)
    this.#tracks = new ClientTracks(base, description)
    this.#outputs.event({ type: 'described', description })
  }

  #setupNext(nowMs: number): void {
    const [track] = this.#toSetUp
    if (!this.#tracks) throw new Error('setup before the stream is described')
    if (!track) {
      this.#request(nowMs, 'PLAY', this.#tracks.aggregateUrl, [['Range', 'npt=0.000-']])
      return
    }
    const { mediaIndex, clientPort } = track
    const common = { profile: 'RTP/AVP', delivery: 'unicast' } as const
    const transport: RtspTransport = clientPort ? { ...common, lower: 'udp', clientPort } : { ...common, lower: 'tcp', interleaved: usualChannels(mediaIndex) }
    this.#request(nowMs, 'SETUP', this.#tracks.url(mediaIndex), [['Transport', encodeTransport(transport)]])
  }

  #handleSetUp(nowMs: number, response: RtspResponse): void {
    const track = this.#toSetUp.shift()
    const [transport] = decodeTransport(headerOf(response, 'Transport') ?? '')
    if (!track || !transport) throw new Error('no track is being set up')
    const lower = track.clientPort ? 'udp' : 'tcp'
    if (transport.lower !== lower || transport.delivery === 'multicast') {
      throw new ProtocolError('rtsp/unsupported-transport', `the server set up ${encodeTransport(transport)} where ${lower.toUpperCase()} was asked for`)
    }
    if (!track.clientPort) this.#tracks?.setChannels(track.mediaIndex, transport.interleaved ?? usualChannels(track.mediaIndex))
    this.#outputs.event({ type: 'set-up', mediaIndex: track.mediaIndex, transport })
    this.#setupNext(nowMs)
  }

  #handlePlaying(nowMs: number, response: RtspResponse): void {
    this.#isPlaying = true
    this.#silenceMs = nowMs + this.#options.firstPacketMs
    const starts: { mediaIndex: number; rtpTime: number }[] = []
    for (const info of decodeRtpInfo(headerOf(response, 'RTP-Info') ?? '')) {
      const mediaIndex = this.#tracks?.find(info)
      if (mediaIndex !== undefined && info.rtpTime !== undefined) starts.push({ mediaIndex, rtpTime: info.rtpTime })
    }
    this.#outputs.event({ type: 'playing', starts })
  }

  #handleKeptAlive(response: RtspResponse): void {
    if (response.status === 454) throw new ProtocolError('rtsp/session-lost', 'the server forgot the session')
    if (response.status >= 400) this.#keepAlive = 'OPTIONS'
  }

  #request(nowMs: number, method: Method, url: string, headers: readonly RtspHeader[] = []): void {
    const cseq = ++this.#cseq
    const all: RtspHeader[] = [
      ['CSeq', String(cseq)],
      ['User-Agent', this.#options.userAgent],
    ]
    if (this.#session) all.push(['Session', this.#session.id])
    const authorization = this.#authorizer?.authorize(method, url)
    if (authorization !== undefined) all.push(['Authorization', authorization])
    all.push(...headers)
    this.#pending = { method, url, headers, cseq, dueMs: nowMs + RESPONSE_TIMEOUT_MS }
    this.#keepAliveMs = Number.POSITIVE_INFINITY
    this.#outputs.send(encodeMessage({ type: 'request', method, url, headers: all, body: NO_BODY }))
    this.#scheduleWake()
  }

  #scheduleWake(): void {
    const dueMs = Math.min(this.#pending?.dueMs ?? Number.POSITIVE_INFINITY, this.#isPlaying ? this.#keepAliveMs : Number.POSITIVE_INFINITY, this.#silenceMs)
    if (dueMs < Number.POSITIVE_INFINITY) this.#outputs.wakeAt(dueMs)
  }
}

/** Those that every client asks for. */
const usualChannels = (mediaIndex: number): Pair => [mediaIndex * 2, mediaIndex * 2 + 1]
