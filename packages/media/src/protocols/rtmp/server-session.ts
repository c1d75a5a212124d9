import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { ByteStreamSession, SessionOutput } from '../../bytes/session.ts'
import { type AmfValue, encodeAmf0 } from '../../containers/flv/amf0.ts'
import { splitAggregate } from './aggregate.ts'
import { ChunkReader } from './chunk-reader.ts'
import { encodeMessage } from './chunk-writer.ts'
import { type Command, decodeCommand, encodeCommand } from './command.ts'
import {
  decodePingRequest,
  decodeWindowAcknowledgementSize,
  encodeAcknowledgement,
  encodeSetChunkSize,
  encodeSetPeerBandwidth,
  encodeUserControl,
  encodeWindowAcknowledgementSize,
  USER_CONTROL,
} from './control.ts'
import { ServerHandshake } from './handshake.ts'
import { CHUNK_STREAM, MEDIA_STREAM_ID, MESSAGE_TYPE, OUT_CHUNK_SIZE, type RtmpMessage } from './message.ts'
import { encodeStatus, statusInfo } from './status.ts'
import { streamPath, streamQuery } from './stream-path.ts'

/** Which stream, and what the client says of itself. */
export type StreamRequest = {
  readonly path: string
  /** Of the stream's name and the application, without `?`; may hold credentials. */
  readonly query: string
  /** `user:password` of the URL that it connected to, percent-encoded as it came; empty if there is none. */
  readonly userInfo: string
  /** Name of the program, such as `FMLE/3.0`; empty if it has none. */
  readonly userAgent: string
}

/** What a client wants. `publish` and `play` are to be answered by accept… or refuse…. */
export type RtmpEvent =
  | ({ readonly type: 'publish' } & StreamRequest)
  | ({ readonly type: 'play' } & StreamRequest)
  /** Audio, video or data of the publisher. */
  | { readonly type: 'media'; readonly message: RtmpMessage }
  | { readonly type: 'pause'; readonly paused: boolean }
  /** The client ended what it published or played; it may begin anew. */
  | { readonly type: 'stop' }

/** From the first byte to publish or play, in milliseconds. */
export const START_TIMEOUT_MS = 10_000
/** A publisher that sends no media for so long is gone, in milliseconds. */
export const PUBLISHER_TIMEOUT_MS = 15_000
/** Longest name of a client's program that is kept. */
const MAX_USER_AGENT = 256
/** What either side may send without an acknowledgement, in bytes: what nginx and Adobe's servers use. */
const WINDOW_BYTES = 5_000_000

/** A server's side of one RTMP connection: Adobe's RTMP specification 1.0. */
export class RtmpServerSession implements ByteStreamSession<RtmpEvent> {
  readonly #handshake = new ServerHandshake()
  readonly #chunks = new ChunkReader()
  #outputs: SessionOutput<RtmpEvent>[] = []
  #taken = 0
  #state: 'idle' | 'publishing' | 'playing' = 'idle'
  /** Undefined before connect. */
  #app: string | undefined
  #userInfo = ''
  #userAgent = ''
  #received = 0
  #acknowledged = 0
  #peerWindow = WINDOW_BYTES
  /** When the client will have been silent for too long; Infinity for players. */
  #deadlineMs = 0

  constructor(nowMs: number) {
    this.#setDeadline(nowMs + START_TIMEOUT_MS)
  }

  /** @throws ProtocolError `rtmp/…`, `amf0/…` */
  handleInput(nowMs: number, bytes: Uint8Array): void {
    this.#received += bytes.length
    let chunks = bytes
    if (!this.#handshake.done) {
      const { taken, answer } = this.#handshake.push(bytes)
      if (answer) this.#send(answer)
      chunks = bytes.subarray(taken)
    }
    if (chunks.length > 0) for (const message of this.#chunks.push(chunks)) this.#onMessage(nowMs, message)
    if (this.#received - this.#acknowledged >= this.#peerWindow) {
      this.#acknowledged = this.#received
      this.#send(encodeAcknowledgement(this.#received))
    }
  }

  /** @throws ProtocolError `rtmp/start-timeout`, `rtmp/publisher-silent` */
  handleTimeout(nowMs: number): void {
    if (this.#deadlineMs === Number.POSITIVE_INFINITY) return
    if (nowMs < this.#deadlineMs) this.#output({ type: 'wakeAt', atMs: this.#deadlineMs })
    else if (this.#state === 'publishing') throw new ProtocolError('rtmp/publisher-silent', `the publisher sent no media for ${PUBLISHER_TIMEOUT_MS / 1000} s`)
    else throw new ProtocolError('rtmp/start-timeout', `neither publish nor play came within ${START_TIMEOUT_MS / 1000} s`)
  }

  pollOutput(): SessionOutput<RtmpEvent> | undefined {
    if (this.#taken < this.#outputs.length) return this.#outputs[this.#taken++]
    this.#outputs = []
    this.#taken = 0
    return undefined
  }

  acceptPublish(): void {
    this.#send(encodeStatus('NetStream.Publish.Start', 'the stream is published'))
  }

  /** Before or after `acceptPublish`: the client is to be closed next. @param description for people */
  refusePublish(code: 'NetStream.Publish.BadName' | 'NetStream.Publish.Failed', description: string): void {
    this.#send(encodeStatus(code, description))
  }

  acceptPlay(): void {
    this.#send(encodeUserControl(USER_CONTROL.STREAM_BEGIN, MEDIA_STREAM_ID))
    this.#send(encodeStatus('NetStream.Play.Reset', 'the stream starts anew'))
    this.#send(encodeStatus('NetStream.Play.Start', 'the stream starts'))
    this.#sendData(encodeAmf0('|RtmpSampleAccess', true, true))
  }

  /** The client is to be closed next. @param description for people */
  refusePlay(code: 'NetStream.Play.StreamNotFound' | 'NetStream.Play.Failed', description: string): void {
    this.#send(encodeStatus(code, description))
  }

  /** The stream is over. @param description for people */
  endPlay(description: string): void {
    this.#send(encodeStatus('NetStream.Play.UnpublishNotify', description))
    this.#send(encodeUserControl(USER_CONTROL.STREAM_EOF, MEDIA_STREAM_ID))
    this.#send(encodeStatus('NetStream.Play.Stop', description))
  }

  #onMessage(nowMs: number, message: RtmpMessage): void {
    switch (message.type) {
      case MESSAGE_TYPE.AUDIO:
      case MESSAGE_TYPE.VIDEO:
      case MESSAGE_TYPE.DATA_AMF0:
      case MESSAGE_TYPE.DATA_AMF3:
        this.#onMedia(nowMs, message)
        break
      case MESSAGE_TYPE.AGGREGATE:
        for (const part of splitAggregate(message)) this.#onMedia(nowMs, part)
        break
      case MESSAGE_TYPE.COMMAND_AMF0:
      case MESSAGE_TYPE.COMMAND_AMF3:
        this.#onCommand(nowMs, decodeCommand(message))
        break
      case MESSAGE_TYPE.WINDOW_ACKNOWLEDGEMENT_SIZE:
        this.#peerWindow = decodeWindowAcknowledgementSize(message.payload)
        break
      case MESSAGE_TYPE.USER_CONTROL: {
        const timestamp = decodePingRequest(message.payload)
        if (timestamp !== undefined) this.#send(encodeUserControl(USER_CONTROL.PING_RESPONSE, timestamp))
        break
      }
      default:
      // Acknowledgements, the peer's bandwidth for us, shared objects: nothing to do for a live stream.
    }
  }

  #onMedia(nowMs: number, message: RtmpMessage): void {
    if (this.#state !== 'publishing') return
    this.#deadlineMs = nowMs + PUBLISHER_TIMEOUT_MS
    this.#event({ type: 'media', message })
  }

  #onCommand(nowMs: number, command: Command): void {
    if (command.name === 'connect') {
      this.#onConnect(command)
      return
    }
    if (this.#app === undefined) throw new ProtocolError('rtmp/not-connected', `command ${printable(command.name)} before connect`)
    switch (command.name) {
      case 'createStream':
        this.#result(command, null, MEDIA_STREAM_ID)
        break
      case 'publish':
        this.#start('publishing', nowMs + PUBLISHER_TIMEOUT_MS, { type: 'publish', ...this.#request(command) })
        break
      case 'play':
      case 'play2':
        this.#start('playing', Number.POSITIVE_INFINITY, { type: 'play', ...this.#request(command) })
        break
      case 'FCUnpublish':
        // deleteStream or closeStream follows and ends it.
        this.#result(command, null)
        break
      case 'deleteStream':
      case 'closeStream':
        this.#stop(nowMs)
        this.#result(command, null)
        break
      case 'pause':
        this.#pause(command.args[0] === true)
        break
      case 'seek':
        this.#send(encodeStatus('NetStream.Seek.Failed', 'a live stream cannot be sought in'))
        break
      case 'getStreamLength':
        this.#result(command, null, 0)
        break
      case 'FCSubscribe':
        this.#result(command, null)
        this.#send(encodeCommand(0, 'onFCSubscribe', 0, null, statusInfo('NetStream.Play.Start', 'subscribed')))
        break
      case 'releaseStream':
      case 'FCPublish':
      case '_checkbw':
      case 'receiveAudio':
      case 'receiveVideo':
        this.#result(command, null)
        break
      case '_result':
      case '_error':
      case 'onStatus':
        break
      default:
        if (command.transactionId === 0) break
        this.#send(
          encodeCommand(0, '_error', command.transactionId, null, statusInfo('NetConnection.Call.Failed', `no command ${printable(command.name)} here`)),
        )
    }
  }

  #onConnect(command: Command): void {
    if (this.#app !== undefined) throw new ProtocolError('rtmp/connected-twice', 'a second connect on one connection')
    const app = command.object?.app
    this.#app = typeof app === 'string' ? app : ''
    const { tcUrl, flashVer } = command.object ?? {}
    this.#userInfo = typeof tcUrl === 'string' ? (/^rtmps?:\/\/([^/?#]*)@/i.exec(tcUrl)?.[1] ?? '') : ''
    this.#userAgent = typeof flashVer === 'string' ? flashVer.slice(0, MAX_USER_AGENT) : ''
    this.#send(encodeWindowAcknowledgementSize(WINDOW_BYTES))
    this.#send(encodeSetPeerBandwidth(WINDOW_BYTES))
    this.#send(encodeSetChunkSize(OUT_CHUNK_SIZE))
    this.#result(command, { fmsVer: 'FMS/3,0,1,123', capabilities: 31 }, { ...statusInfo('NetConnection.Connect.Success', 'connected'), objectEncoding: 0 })
  }

  /** Of a publish or play, whose first argument is the stream's name. */
  #request(command: Command): StreamRequest {
    const [first] = command.args
    const name = typeof first === 'string' ? first : ''
    const app = this.#app ?? ''
    return { path: streamPath(app, name), query: streamQuery(app, name), userInfo: this.#userInfo, userAgent: this.#userAgent }
  }

  #start(state: 'publishing' | 'playing', deadlineMs: number, event: RtmpEvent): void {
    if (this.#state !== 'idle') {
      throw new ProtocolError('rtmp/already-started', `${event.type} on a connection that is ${this.#state} already: one stream for each connection`)
    }
    this.#state = state
    this.#setDeadline(deadlineMs)
    this.#event(event)
  }

  #stop(nowMs: number): void {
    if (this.#state === 'idle') return
    if (this.#state === 'publishing') this.#send(encodeStatus('NetStream.Unpublish.Success', 'the stream is no longer published'))
    else this.#send(encodeStatus('NetStream.Play.Stop', 'stopped'))
    this.#state = 'idle'
    this.#setDeadline(nowMs + START_TIMEOUT_MS)
    this.#event({ type: 'stop' })
  }

  #pause(paused: boolean): void {
    if (this.#state !== 'playing') return
    this.#event({ type: 'pause', paused })
    this.#send(paused ? encodeStatus('NetStream.Pause.Notify', 'paused') : encodeStatus('NetStream.Unpause.Notify', 'goes on live'))
  }

  #setDeadline(atMs: number): void {
    this.#deadlineMs = atMs
    if (atMs !== Number.POSITIVE_INFINITY) this.#output({ type: 'wakeAt', atMs })
  }

  #result(command: Command, ...values: readonly AmfValue[]): void {
    if (command.transactionId !== 0) this.#send(encodeCommand(0, '_result', command.transactionId, ...values))
  }

  #sendData(payload: Uint8Array): void {
    this.#send(encodeMessage(CHUNK_STREAM.DATA, { type: MESSAGE_TYPE.DATA_AMF0, streamId: MEDIA_STREAM_ID, timestampMs: 0, payload }, OUT_CHUNK_SIZE))
  }

  #send(bytes: Uint8Array): void {
    this.#output({ type: 'send', bytes })
  }

  #event(event: RtmpEvent): void {
    this.#output({ type: 'event', event })
  }

  #output(output: SessionOutput<RtmpEvent>): void {
    this.#outputs.push(output)
  }
}

/** A peer's word for our messages: short, and without control characters. */
const printable = (text: string): string => JSON.stringify(text.slice(0, 32))
