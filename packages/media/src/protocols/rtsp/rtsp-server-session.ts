import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { ByteStreamSession, SessionOutput } from '../../bytes/session.ts'
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts'
import { decodeSdp, type SessionDescription } from '../sdp/sdp.ts'
import { headerOf, headersNamed, type RtspHeader } from './headers.ts'
import type { InterleavedFrame } from './interleaved.ts'
import { encodeMessage, NO_BODY, type RtspRequest } from './message.ts'
import { OutputQueue } from './output-queue.ts'
import { encodeRtpInfo, type RtpInfo } from './rtp-info.ts'
import { RtspParser } from './rtsp-parser.ts'
import { pathNameOf, splitTrackControl, trackControl } from './rtsp-url.ts'
import { SESSION_TIMEOUT_MS, ServerDeadlines } from './server-deadlines.ts'
import { findAnnouncedTrack, ServerTracks, type SetupTrack } from './server-tracks.ts'
import { encodeSessionHeader } from './session-header.ts'
import { STATUS_REASONS, type Status } from './status.ts'
import { decodeTransport, encodeTransport, type Pair, type RtspTransport } from './transport.ts'

/** What a request says about who made it; not checked. */
export type Claim = {
  readonly method: string
  /** As in the request line. */
  readonly url: string
  /** Value of the `Authorization` header; empty if there is none. */
  readonly authorization: string
  /** Empty if there is none. */
  readonly userAgent: string
}

/** Those from 'describe' to 'record' wait for an answer; no further request is read until then. */
export type RtspServerEvent =
  | { readonly type: 'describe'; readonly path: string; readonly claim: Claim }
  | { readonly type: 'announce'; readonly path: string; readonly description: SessionDescription; readonly claim: Claim }
  /** `isPublishing`: a track of the announced description; otherwise one of the path's stream. */
  | { readonly type: 'setup'; readonly path: string; readonly isPublishing: boolean; readonly track: SetupTrack; readonly claim: Claim }
  | { readonly type: 'play'; readonly tracks: readonly SetupTrack[] }
  | { readonly type: 'record'; readonly tracks: readonly SetupTrack[] }
  | { readonly type: 'pause' }
  | { readonly type: 'teardown' }
  | { readonly type: 'media'; readonly track: number; readonly isRtcp: boolean; readonly payload: Uint8Array }
  /** The connection is to be closed after what was sent. */
  | { readonly type: 'close'; readonly message: string }

export type RtspServerOptions = {
  /** Unpredictable, so that nobody else can speak for the client. */
  readonly sessionId: string
  /** Value of the `Server` header. */
  readonly server: string
  /** Takes media in the connection only (RFC 2326 section 10.12); UDP is answered with 461. */
  readonly interleavedOnly?: boolean
}

type Refusal = {
  /** What follows is not read. */
  readonly thenClose?: boolean
  readonly headers?: readonly RtspHeader[]
}

type Asked = { readonly request: RtspRequest; readonly track?: SetupTrack; readonly announced?: SessionDescription }
type Reply = { readonly status: Status; readonly headers?: readonly RtspHeader[]; readonly body?: Uint8Array; readonly reason?: string }
type State = 'idle' | 'announced' | 'ready-to-record' | 'recording' | 'ready-to-play' | 'playing'

/** Longest name of a client's program that is kept. */
const MAX_USER_AGENT = 256

const METHODS = ['OPTIONS', 'DESCRIBE', 'ANNOUNCE', 'SETUP', 'PLAY', 'PAUSE', 'RECORD', 'TEARDOWN', 'GET_PARAMETER', 'SET_PARAMETER'] as const

/** The server's side of one RTSP connection, RFC 2326, with at most one RTSP session in it. */
export class RtspServerSession implements ByteStreamSession<RtspServerEvent> {
  readonly #options: RtspServerOptions
  readonly #parser = new RtspParser()
  readonly #outputs = new OutputQueue<RtspServerEvent>()
  readonly #deadlines: ServerDeadlines
  #state: State = 'idle'
  #tracks = new ServerTracks()
  /** The path of the announced or set up stream, and the URL that it was named by. */
  #path = ''
  #baseUrl = ''
  #announced: SessionDescription | undefined
  #asked: Asked | undefined

  constructor(options: RtspServerOptions, nowMs: number) {
    this.#options = options
    this.#deadlines = new ServerDeadlines(nowMs)
    this.#outputs.wakeAt(this.#deadlines.dueMs)
  }

  /** Answer the event that asks before the next input. */
  handleInput(nowMs: number, bytes: Uint8Array): void {
    this.#parser.push(bytes)
    this.#read(nowMs)
  }

  handleTimeout(nowMs: number): void {
    this.#outputs.woken()
    this.#deadlines.check(nowMs)
    this.#scheduleWake()
  }

  pollOutput(): SessionOutput<RtspServerEvent> | undefined {
    return this.#outputs.poll()
  }

  /** A packet of a publisher came by UDP. */
  packetReceived(nowMs: number): void {
    this.#deadlines.packet(nowMs)
  }

  /** A receiver report of a reader came by UDP. */
  reportReceived(nowMs: number): void {
    this.#deadlines.alive(nowMs)
  }

  /** Answers 'describe'. @param sdp its tracks' controls are those of `trackControl` */
  answerDescribe(nowMs: number, sdp: string): void {
    const { request } = this.#take()
    const base = `${request.url.replace(/\?.*$/s, '').replace(/\/+$/, '')}/`
    const headers: RtspHeader[] = [
      ['Content-Base', base],
      ['Content-Type', 'application/sdp'],
    ]
    this.#send(request, { status: 200, headers, body: encodeUtf8(sdp) })
    this.#read(nowMs)
  }

  /** Answers 'announce'. */
  acceptAnnounce(nowMs: number): void {
    const { request, announced } = this.#take()
    this.#announced = announced
    this.#path = pathNameOf(request.url)
    this.#baseUrl = request.url
    this.#enter('announced', nowMs)
    this.#send(request, { status: 200 })
    this.#read(nowMs)
  }

  /** Answers 'setup'. @param serverPort for UDP */
  answerSetup(nowMs: number, answer: { readonly serverPort?: Pair; readonly ssrc?: number }): void {
    const { request, track } = this.#take()
    if (!track) throw new Error('no SETUP is waiting for an answer')
    this.#tracks.add(track)
    if (this.#announced) this.#enter('ready-to-record', nowMs)
    else {
      const { base } = splitTrackControl(request.url)
      this.#path = pathNameOf(base)
      this.#baseUrl = base.replace(/\?.*$/s, '').replace(/\/+$/, '')
      this.#enter('ready-to-play', nowMs)
    }
    const transport: RtspTransport = { ...track.transport, ...answer }
    this.#send(request, { status: 200, headers: [['Transport', encodeTransport(transport)]] })
    this.#read(nowMs)
  }

  /** Answers 'play'. Packets may be sent after what `pollOutput` has by then. @param starts by track index */
  answerPlay(nowMs: number, starts: readonly { readonly track: number; readonly seq: number; readonly rtpTime: number }[]): void {
    const { request } = this.#take()
    const info: RtpInfo[] = starts.map(({ track, seq, rtpTime }) => ({ url: `${this.#baseUrl}/${trackControl(track)}`, seq, rtpTime }))
    this.#enter('playing', nowMs)
    this.#send(request, { status: 200, headers: info.length > 0 ? [['RTP-Info', encodeRtpInfo(info)]] : [] })
    this.#read(nowMs)
  }

  /** Answers 'record'. */
  acceptRecord(nowMs: number): void {
    const { request } = this.#take()
    this.#enter('recording', nowMs)
    this.#send(request, { status: 200 })
    this.#read(nowMs)
  }

  /** Answers any event that asks. @param reason instead of the status's usual phrase, for people */
  refuse(nowMs: number, status: Status, reason: string, { thenClose = false, headers = [] }: Refusal = {}): void {
    const { request } = this.#take()
    this.#send(request, { status, reason, headers })
    if (thenClose) this.#outputs.event({ type: 'close', message: reason })
    else this.#read(nowMs)
  }

  #read(nowMs: number): void {
    let isNew = false
    while (!this.#asked) {
      const element = this.#next()
      if (!element) break
      isNew = true
      if (element.type === 'interleaved') this.#handleFrame(nowMs, element)
      else if (element.type === 'request') {
        this.#deadlines.alive(nowMs)
        this.#handleRequest(nowMs, element)
      } else throw new ProtocolError('rtsp/unexpected-response', `response ${element.status} to a server that asked nothing`)
    }
    this.#deadlines.unfinished(this.#parser.isUnfinished, isNew, nowMs)
    this.#scheduleWake()
  }

  #next(): ReturnType<RtspParser['next']> {
    try {
      return this.#parser.next()
    } catch (error) {
      // Whoever sends bytes that are no message at all does not understand an answer either.
      if (error instanceof ProtocolError && error.code !== 'rtsp/garbage') this.#send(undefined, { status: 400, reason: error.message })
      throw error
    }
  }

  #handleFrame(nowMs: number, frame: InterleavedFrame): void {
    const owner = this.#tracks.onChannel(frame.channel)
    if (!owner) return
    if (this.#state === 'recording') this.#deadlines.packet(nowMs)
    else if (this.#state !== 'playing' || !owner.isRtcp) return
    this.#outputs.event({ type: 'media', track: owner.track, isRtcp: owner.isRtcp, payload: frame.payload })
  }

  #handleRequest(nowMs: number, request: RtspRequest): void {
    const cseq = headerOf(request, 'CSeq') ?? ''
    if (!/^\d{1,10}$/.test(cseq)) {
      this.#send(undefined, { status: 400, reason: 'the request has no CSeq header with a number' })
      throw new ProtocolError('rtsp/bad-cseq', `${request.method} with CSeq ${JSON.stringify(cseq.slice(0, 40))} instead of a number`)
    }
    const reply = this.#check(request) ?? this.#dispatch(nowMs, request)
    if (reply !== 'asked') this.#send(request, reply)
  }

  #check(request: RtspRequest): Reply | undefined {
    const session = headerOf(request, 'Session')?.split(';', 1)[0]?.trim()
    if (session !== undefined && (session !== this.#options.sessionId || this.#state === 'idle')) return { status: 454 }
    const required = headersNamed(request, 'Require')
    return required.length > 0 ? { status: 551, headers: [['Unsupported', required.join(', ')]] } : undefined
  }

  #dispatch(nowMs: number, request: RtspRequest): Reply | 'asked' {
    try {
      return this.#handleMethod(nowMs, request)
    } catch (error) {
      if (error instanceof ProtocolError) this.#send(request, { status: 400, reason: error.message })
      throw error
    }
  }

  #handleMethod(nowMs: number, request: RtspRequest): Reply | 'asked' {
    switch (request.method) {
      case 'OPTIONS':
        return { status: 200, headers: [['Public', METHODS.join(', ')]] }
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        return { status: 200 }
      case 'DESCRIBE':
        return this.#announced
          ? this.#wrongState(request)
          : this.#ask({ request }, { type: 'describe', path: pathNameOf(request.url), claim: claimOf(request) })
      case 'ANNOUNCE':
        return this.#announce(request)
      case 'SETUP':
        return this.#setup(request)
      case 'PLAY':
        // Some players use it to keep the session alive.
        if (this.#state === 'playing') return { status: 200 }
        return this.#state === 'ready-to-play' ? this.#ask({ request }, { type: 'play', tracks: this.#tracks.all }) : this.#wrongState(request)
      case 'RECORD':
        return this.#state === 'ready-to-record' ? this.#ask({ request }, { type: 'record', tracks: this.#tracks.all }) : this.#wrongState(request)
      case 'PAUSE':
        return this.#pause(nowMs, request)
      case 'TEARDOWN':
        return this.#teardown(nowMs)
      default:
        return { status: 501 }
    }
  }

  #announce(request: RtspRequest): Reply | 'asked' {
    if (this.#state !== 'idle') return this.#wrongState(request)
    const contentType = headerOf(request, 'Content-Type')?.split(';', 1)[0]?.trim().toLowerCase()
    if (contentType !== undefined && contentType !== 'application/sdp') return { status: 415 }
    const description = decodeSdp(decodeUtf8(request.body))
    return this.#ask({ request, announced: description }, { type: 'announce', path: pathNameOf(request.url), description, claim: claimOf(request) })
  }

  #setup(request: RtspRequest): Reply | 'asked' {
    if (this.#state === 'playing' || this.#state === 'recording') return this.#wrongState(request)
    const offered = decodeTransport(headerOf(request, 'Transport') ?? '')
    const alternatives = this.#options.interleavedOnly ? offered.filter(({ lower }) => lower === 'tcp') : offered
    if (alternatives.length === 0) return { status: 461, reason: 'over TLS media goes in the connection: use TCP' }
    const isPublishing = this.#announced !== undefined
    if (!isPublishing && alternatives.every((alternative) => alternative.mode === 'record')) return this.#wrongState(request)
    const { path, index } = this.#announced
      ? { path: this.#path, index: findAnnouncedTrack(request.url, this.#baseUrl, this.#announced.media) }
      : streamTrack(request.url)
    if (index === undefined) return { status: 404, reason: 'no announced track has this control URL' }
    if (this.#tracks.all.length > 0 && path !== this.#path)
      return { status: 459, reason: `this session plays ${this.#path}: use another connection for ${path}` }
    if (this.#tracks.has(index)) return this.#wrongState(request)
    const transport = this.#tracks.choose(alternatives)
    if (!transport) return { status: 461 }
    if (this.#tracks.all.some((other) => other.transport.lower !== transport.lower)) return { status: 461, reason: 'all tracks go over TCP, or all over UDP' }
    const track: SetupTrack = { index, transport }
    return this.#ask({ request, track }, { type: 'setup', path, isPublishing, track, claim: claimOf(request) })
  }

  /** GStreamer's publisher pauses before it leaves. */
  #pause(nowMs: number, request: RtspRequest): Reply {
    if (this.#state === 'idle' || this.#state === 'announced') return this.#wrongState(request)
    const isPublishing = this.#announced !== undefined
    if (this.#state === 'playing' || this.#state === 'recording') this.#outputs.event({ type: 'pause' })
    this.#enter(isPublishing ? 'ready-to-record' : 'ready-to-play', nowMs)
    return { status: 200 }
  }

  #teardown(nowMs: number): Reply {
    if (this.#state === 'idle') return { status: 454 }
    this.#outputs.event({ type: 'teardown' })
    this.#tracks = new ServerTracks()
    this.#announced = undefined
    this.#enter('idle', nowMs)
    return { status: 200 }
  }

  #enter(state: State, nowMs: number): void {
    this.#state = state
    const overTcp = this.#tracks.all.every((track) => track.transport.lower === 'tcp')
    // Over TCP a reader lives as long as its connection.
    this.#deadlines.await(state === 'recording' ? 'packets' : state !== 'playing' ? 'request' : overTcp ? 'nothing' : 'life-sign', nowMs)
  }

  #ask(asked: Asked, event: RtspServerEvent): 'asked' {
    this.#asked = asked
    this.#outputs.event(event)
    return 'asked'
  }

  #take(): Asked {
    const asked = this.#asked
    if (!asked) throw new Error('no request is waiting for an answer')
    this.#asked = undefined
    return asked
  }

  #wrongState(request: RtspRequest): Reply {
    return { status: 455, reason: `${request.method} is not valid in the state ${this.#state}` }
  }

  /** @param request undefined if it could not be read */
  #send(request: RtspRequest | undefined, reply: Reply): void {
    const headers: RtspHeader[] = []
    const cseq = request && headerOf(request, 'CSeq')
    if (cseq !== undefined) headers.push(['CSeq', cseq])
    headers.push(['Server', this.#options.server])
    if (reply.status === 200 && this.#tracks.all.length > 0) {
      headers.push(['Session', encodeSessionHeader({ id: this.#options.sessionId, timeoutMs: SESSION_TIMEOUT_MS })])
    }
    if (reply.headers) headers.push(...reply.headers)
    const { status, reason = STATUS_REASONS[status], body = NO_BODY } = reply
    this.#outputs.send(encodeMessage({ type: 'response', status, reason, headers, body }))
  }

  #scheduleWake(): void {
    if (this.#deadlines.dueMs < Number.POSITIVE_INFINITY) this.#outputs.wakeAt(this.#deadlines.dueMs)
  }
}

const claimOf = (request: RtspRequest): Claim => ({
  method: request.method,
  url: request.url,
  authorization: headerOf(request, 'Authorization') ?? '',
  userAgent: (headerOf(request, 'User-Agent') ?? '').slice(0, MAX_USER_AGENT),
})

/** Players that ignore the control attribute mean the first track. */
const streamTrack = (url: string): { path: string; index: number } => {
  const { base, track = 0 } = splitTrackControl(url)
  return { path: pathNameOf(base), index: track }
}
