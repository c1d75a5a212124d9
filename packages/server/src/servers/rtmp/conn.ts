import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { RtmpIngest } from '@millrace/media/bridges/rtmp/to-hub.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { codecLabel } from '@millrace/media/codecs/codec.ts'
import type { Publisher } from '@millrace/media/hub/hub.ts'
import type { ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { type RtmpEvent, RtmpServerSession, type StreamRequest } from '@millrace/media/protocols/rtmp/server-session.ts'
import type { Log } from '../../log/log.ts'
import type { AccessDenied, Action } from '../../net/access.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { ServerContext } from '../../net/context.ts'
import type { SessionProbe } from '../../net/session-probe.ts'
import { TcpWriter } from '../../net/tcp-writer.ts'
import { credentialsOf } from './credentials.ts'
import { Playback } from './playback.ts'
import { WakeTimer } from './wake-timer.ts'

/** How long a client that was told to go may take to read it, in milliseconds. */
export const LINGER_MS = 1500
/** What a client may make us queue by asking and not reading, in bytes, beyond what its media may come to. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024

/** One RTMP client: publisher or player. */
export class RtmpConn {
  readonly #socket: Socket
  readonly #context: ServerContext
  readonly #remote: string
  readonly #writer: TcpWriter
  readonly #maxQueuedBytes: number
  readonly #session: RtmpServerSession
  readonly #sessionTimer = new WakeTimer(() => this.#drive((nowMs) => this.#session.handleTimeout(nowMs)))
  readonly #ingestTimer = new WakeTimer(() => this.#drive((nowMs) => this.#ingest?.handleTimeout(nowMs)))
  #log: Log
  #ingest: RtmpIngest | undefined
  #playback: Playback | undefined
  /** The player that waits for its stream; aborted when it goes. */
  #waiting: AbortController | undefined
  /** What came while it is decided whether the client may; reading pauses, so that it is little. */
  #held: RtmpEvent[] | undefined
  #user = ''
  #userAgent = ''
  /** Told to go: what it still sends is not read any more. */
  #finishing = false
  #lingerTimer: NodeJS.Timeout | undefined

  constructor(socket: Socket, context: ServerContext, queueLimits: ReaderQueueLimits) {
    this.#socket = socket
    this.#context = context
    this.#remote = remoteOf(socket)
    this.#log = context.log.child({ protocol: 'rtmp', client: this.#remote })
    this.#writer = new TcpWriter(socket, queueLimits)
    this.#maxQueuedBytes = queueLimits.maxBytes + MAX_ANSWER_BYTES
    this.#session = new RtmpServerSession(monotonicMs())
    socket.on('data', (bytes) => {
      // Without setEncoding it is never a string.
      if (typeof bytes !== 'string') this.#drive((nowMs) => this.#session.handleInput(nowMs, bytes))
    })
    socket.on('error', (error) => this.#log.debug({}, `connection lost: ${error.message}`))
    socket.on('close', () => this.#onClose())
    this.#drain()
  }

  /** The server stops: tells the client and closes. */
  stop(message: string): void {
    if (this.#playback) this.#endPlay(message)
    else if (this.#ingest) this.#endPublish(message)
    else this.#finish()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Closes a client that does not take what it is sent. To be called about once a second. */
  checkQueue(nowMs: number): void {
    const { queue } = this.#writer
    if (!queue.isStuck(nowMs) && queue.bytes <= this.#maxQueuedBytes) return
    this.#context.countFault('rtmp', 'rtmp/reader-too-slow')
    this.#leave(`the connection is too slow for the stream: ${queue.dropped} messages dropped`)
    this.#socket.destroy()
  }

  /** Runs a step of the session; a fault of the client closes it. */
  #drive(step: (nowMs: number) => void): void {
    if (this.#finishing) return
    try {
      step(monotonicMs())
      this.#drain()
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#onFault(error)
    }
  }

  #drain(): void {
    for (let output = this.#session.pollOutput(); output; output = this.#session.pollOutput()) {
      if (output.type === 'send') this.#writer.writeEssential(output.bytes)
      else if (output.type === 'wakeAt') this.#sessionTimer.set(output.atMs)
      else if (!this.#finishing) this.#onEvent(output.event)
    }
    this.#playback?.sync()
  }

  #onEvent(event: RtmpEvent): void {
    if (this.#held) {
      this.#held.push(event)
      return
    }
    switch (event.type) {
      case 'publish':
        this.#authorize('publish', event, () => this.#onPublish(event.path))
        break
      case 'play':
        this.#authorize('read', event, () => this.#onPlay(event.path))
        break
      case 'media':
        this.#ingest?.push(monotonicMs(), event.message)
        if (this.#ingest?.deadlineMs !== undefined) this.#ingestTimer.set(this.#ingest.deadlineMs)
        break
      case 'pause':
        if (this.#playback) this.#playback.paused = event.paused
        break
      case 'stop':
        this.#leave('the client ended it')
        break
    }
  }

  #authorize(action: Action, request: StreamRequest, begin: () => void): void {
    const { path, userAgent } = request
    this.#setPath(path)
    this.#held = []
    this.#socket.pause()
    const protocol = this.#socket instanceof TLSSocket ? 'rtmps' : 'rtmp'
    const ip = this.#socket.remoteAddress ?? ''
    void this.#context.access.authorize({ action, path, protocol, ip, userAgent, credentials: credentialsOf(request) }).then((decision) =>
      this.#drive(() => {
        const held = this.#held ?? []
        this.#held = undefined
        this.#socket.resume()
        if (!decision.allowed) return this.#deny(action, path, decision)
        this.#user = decision.user
        this.#userAgent = userAgent
        begin()
        for (const event of held) this.#onEvent(event)
      }),
    )
  }

  #deny(action: Action, path: string, { challenge, retryAfterMs }: AccessDenied): void {
    const text =
      retryAfterMs !== undefined
        ? `too many attempts: try again in ${Math.ceil(retryAfterMs / 1000)} s`
        : challenge
          ? `to ${action} ${path}, end the stream's name with ?user=NAME&pass=PASSWORD, ?token=TOKEN or ?key=KEY of a user who may`
          : `you may not ${action} ${path}: who runs this server can permit it`
    if (action === 'publish') this.#session.refusePublish('NetStream.Publish.BadName', text)
    else this.#session.refusePlay('NetStream.Play.Failed', text)
    this.#finish()
  }

  #onPublish(path: string): void {
    const refusal = this.#publishRefusal(path)
    if (refusal) {
      this.#log.warn({}, `publisher refused: ${refusal}`)
      this.#session.refusePublish('NetStream.Publish.BadName', refusal)
      this.#finish()
      return
    }
    this.#session.acceptPublish()
    this.#ingest = new RtmpIngest({
      hub: this.#context.hub,
      path,
      publisher: this.#publisher(),
      warn: (message) => this.#log.warn({}, message),
      onPublish: (codecs) => this.#log.info({}, `publisher came with ${codecs.map(codecLabel).join(' + ')}`),
    })
  }

  #publisher(): Publisher & SessionProbe {
    return {
      protocol: 'rtmp',
      remote: this.#remote,
      user: this.#user,
      userAgent: this.#userAgent,
      transport: 'tcp',
      close: (message) => this.#endPublish(message),
      readCounters: () => ({ bytesIn: this.#writer.bytesIn, bytesOut: this.#writer.bytesOut }),
    }
  }

  #publishRefusal(path: string): string | undefined {
    try {
      this.#context.paths.checkPublish(path)
      return undefined
    } catch (error) {
      if (error instanceof ProtocolError) return error.message
      throw error
    }
  }

  #onPlay(path: string): void {
    const waiting = new AbortController()
    this.#waiting?.abort()
    this.#waiting = waiting
    // Starts a source on demand if need be.
    void this.#context.paths.whenAvailable(path, waiting.signal).then((stream) => {
      if (!waiting.signal.aborted) this.#drive(() => this.#startPlaying(path, stream))
    })
  }

  #startPlaying(path: string, stream: Stream | undefined): void {
    if (!stream) {
      const reason = this.#context.paths.whyUnavailable(path)
      this.#log.info({}, `reader refused: ${reason}`)
      this.#session.refusePlay('NetStream.Play.StreamNotFound', reason)
      this.#finish()
      return
    }
    const playback = new Playback(stream, this.#writer, { remote: this.#remote, user: this.#user, userAgent: this.#userAgent }, (reason) =>
      this.#endPlay(reason.message),
    )
    if (playback.refusal) {
      this.#log.warn({}, `reader refused: ${playback.refusal}`)
      this.#session.refusePlay('NetStream.Play.Failed', playback.refusal)
      playback.close('it is refused')
      this.#finish()
      return
    }
    this.#session.acceptPlay()
    this.#playback = playback
    this.#log.info({}, 'reader came')
    playback.logMissing(this.#log)
    stream.addClient(playback)
  }

  /** The publisher is not wanted any more. */
  #endPublish(message: string): void {
    if (this.#finishing) return
    this.#session.refusePublish('NetStream.Publish.Failed', message)
    this.#leave(message)
    this.#finish()
  }

  /** The stream is over for the player. */
  #endPlay(message: string): void {
    if (this.#finishing) return
    this.#session.endPlay(message)
    this.#leave(message)
    this.#finish()
  }

  #onFault(error: ProtocolError): void {
    this.#context.countFault('rtmp', error.code)
    this.#log.warn({ code: error.code }, `closed: ${error.message}`)
    if (this.#ingest) this.#session.refusePublish(error.code === 'path/busy' ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Failed', error.message)
    this.#leave(error.message)
    this.#finish()
  }

  /** Sends what is still to be said and closes. */
  #finish(): void {
    if (this.#finishing) return
    this.#finishing = true
    this.#drain()
    this.#writer.end()
    this.#lingerTimer = setTimeout(() => this.#socket.destroy(), LINGER_MS)
  }

  #leave(reason: string): void {
    this.#waiting?.abort()
    if (this.#ingest) {
      this.#ingest.close(monotonicMs(), reason)
      this.#ingest = undefined
      this.#ingestTimer.stop()
      this.#log.info({}, `publisher left: ${reason}`)
    }
    if (this.#playback) {
      this.#playback.close(reason)
      this.#playback = undefined
      const { queue, bytesOut } = this.#writer
      this.#log.info({ bytesOut, dropped: queue.dropped }, `reader left: ${reason}`)
    }
  }

  #onClose(): void {
    this.#finishing = true
    this.#leave('the connection was closed')
    this.#sessionTimer.stop()
    this.#ingestTimer.stop()
    clearTimeout(this.#lingerTimer)
  }

  #setPath(path: string): void {
    this.#log = this.#context.log.child({ path, protocol: 'rtmp', client: this.#remote })
  }
}

const remoteOf = ({ remoteAddress = 'unknown', remotePort, remoteFamily }: Socket): string =>
  remoteFamily === 'IPv6' ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
