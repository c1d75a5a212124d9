import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { describeStream } from '@millrace/media/bridges/rtsp/describe-stream.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { Publisher } from '@millrace/media/hub/hub.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { type Claim, type RtspServerEvent, RtspServerSession } from '@millrace/media/protocols/rtsp/rtsp-server-session.ts'
import type { SetupTrack } from '@millrace/media/protocols/rtsp/server-tracks.ts'
import type { Status } from '@millrace/media/protocols/rtsp/status.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { SessionProbe } from '../../net/session-probe.ts'
import { TcpWriter } from '../../net/tcp-writer.ts'
import { type Remote, type RtspParts, remoteOf } from './parts.ts'
import { Publishing } from './publishing.ts'
import { Reading } from './reading.ts'
import { RtspGate } from './rtsp-gate.ts'

/** A client that does not take its last bytes is cut off after this time. */
const LINGER_MS = 1000

const PORT_TAKEN = 'another client of this address has told the same client_port'

/** One client's connection. */
export class RtspConn {
  readonly #parts: RtspParts
  readonly #socket: Socket
  readonly #writer: TcpWriter
  readonly #session: RtspServerSession
  readonly #remote: Remote
  readonly #gate: RtspGate
  #role: Publishing | Reading | undefined
  #wakeTimer: NodeJS.Timeout | undefined
  /** Aborted when the connection closes. */
  readonly #gone = new AbortController()
  #isClosing = false

  constructor(parts: RtspParts, socket: Socket) {
    this.#parts = parts
    this.#socket = socket
    this.#remote = remoteOf(socket.remoteAddress ?? '', socket.remotePort ?? 0)
    this.#writer = new TcpWriter(socket, parts.queueLimits)
    this.#gate = new RtspGate(parts.context.access, this.#remote, socket instanceof TLSSocket ? 'rtsps' : 'rtsp')
    // Media by UDP would leave in the clear what the client wants encrypted.
    const options = { sessionId: randomBytes(8).toString('hex'), server: 'Millrace', interleavedOnly: socket instanceof TLSSocket }
    this.#session = new RtspServerSession(options, monotonicMs())
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#guard(() => this.#session.handleInput(monotonicMs(), bytes)))
    socket.on('error', () => undefined)
    socket.on('end', () => this.close('the client closed the connection'))
    socket.on('close', () => this.close('the connection was lost'))
    this.#flush()
  }

  /** Call about once a second. */
  tick(nowMs: number): void {
    if (this.#role instanceof Publishing) this.#role.tick(nowMs, this.#writer)
    else if (this.#role && this.#writer.queue.isStuck(nowMs))
      this.close(`the connection is too slow for the stream: ${this.#writer.queue.dropped} packets dropped`)
  }

  /** @param message why, for the log */
  close(message: string): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#gone.abort()
    clearTimeout(this.#wakeTimer)
    this.#leaveRole(message)
    this.#writer.end()
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref()
  }

  /** Runs what can throw by the client's fault, and gives out what the session has to say. */
  #guard(work: () => void): void {
    if (this.#isClosing) return
    const fault = faultOf(() => {
      work()
      this.#flush()
    })
    if (!fault) return
    // What was answered before it, and often the answer to it.
    this.#flush()
    this.#fail(fault)
  }

  #fail(fault: ProtocolError): void {
    if (this.#isClosing) return
    this.#parts.context.countFault('rtsp', fault.code)
    this.#parts.context.log.warn({ path: this.#role?.path, protocol: 'rtsp', client: this.#remote.label, code: fault.code }, `closed: ${fault.message}`)
    this.close(fault.message)
  }

  #flush(): void {
    for (let output = this.#session.pollOutput(); output; output = this.#session.pollOutput()) {
      if (output.type === 'send') this.#writer.writeEssential(output.bytes)
      else if (output.type === 'wakeAt') this.#wakeAt(output.atMs)
      else if (!this.#isClosing) this.#handle(output.event)
    }
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#wakeTimer)
    this.#wakeTimer = setTimeout(() => this.#guard(() => this.#session.handleTimeout(monotonicMs())), Math.max(0, Math.ceil(atMs - monotonicMs())))
  }

  #handle(event: RtspServerEvent): void {
    switch (event.type) {
      case 'media':
        if (this.#role instanceof Publishing) this.#role.onMedia(event.track, event.isRtcp, event.payload)
        else this.#role?.onReport(event.payload)
        break
      case 'describe':
        this.#authorize('read', event.path, event.claim, () => this.#describe(event.path))
        break
      case 'announce':
        this.#authorize('publish', event.path, event.claim, () => this.#announce(event))
        break
      case 'setup':
        if (event.isPublishing) this.#setupPublishing(event.track)
        else this.#authorize('read', event.path, event.claim, () => this.#setupReading(event.path, event.track))
        break
      case 'play':
        this.#play(event.tracks)
        break
      case 'record':
        this.#record(event.tracks)
        break
      case 'pause':
        this.#role?.pause()
        break
      case 'teardown':
        this.#leaveRole('it said goodbye')
        break
      case 'close':
        this.close(event.message)
    }
  }

  /** Once for each thing that the client does: further requests of the same connection go on with it. */
  #authorize(action: 'publish' | 'read', path: string, claim: Claim, begin: () => void): void {
    void this.#gate.authorize(action, path, claim).then((answer) =>
      this.#guard(() => {
        if (answer === undefined) begin()
        else this.#session.refuse(monotonicMs(), answer.status, answer.reason, answer)
      }),
    )
  }

  #describe(path: string): void {
    this.#whenAvailable(path, (stream) => this.#session.answerDescribe(monotonicMs(), describeStream(path, stream)))
  }

  /** Starts a source on demand if need be; the session reads no further request meanwhile. */
  #whenAvailable(path: string, answer: (stream: Stream) => void): void {
    const { paths } = this.#parts.context
    void paths.whenAvailable(path, this.#gone.signal).then((stream) =>
      this.#guard(() => {
        if (stream) answer(stream)
        else this.#session.refuse(monotonicMs(), 404, paths.whyUnavailable(path))
      }),
    )
  }

  #announce({ path, description }: Extract<RtspServerEvent, { type: 'announce' }>): void {
    const fault = faultOf(() => {
      this.#role = new Publishing(this.#parts, path, this.#remote, description, (nowMs) => this.#session.packetReceived(nowMs))
    })
    if (fault) this.#refusePublisher(path, fault)
    else this.#session.acceptAnnounce(monotonicMs())
  }

  #setupPublishing(track: SetupTrack): void {
    if (this.#role instanceof Publishing && this.#role.register(track)) this.#answerSetup(track, undefined)
    else this.#session.refuse(monotonicMs(), 461, PORT_TAKEN)
  }

  #setupReading(path: string, track: SetupTrack): void {
    // A later SETUP is of the same stream as the first.
    if (this.#role instanceof Reading) this.#setupTrack(this.#role, track)
    else {
      this.#whenAvailable(path, (stream) => {
        const reading = new Reading(this.#parts, path, stream, { ...this.#remote, user: this.#gate.user, userAgent: this.#gate.userAgent }, (reason) =>
          this.close(reason.message),
        )
        this.#role = reading
        this.#setupTrack(reading, track)
      })
    }
  }

  #setupTrack(reading: Reading, track: SetupTrack): void {
    const ssrc = reading.ssrc(track.index)
    if (ssrc === undefined) this.#session.refuse(monotonicMs(), 404, `${reading.path} has no track ${track.index}`)
    else if (reading.register(track, () => this.#session.reportReceived(monotonicMs()))) this.#answerSetup(track, ssrc)
    else this.#session.refuse(monotonicMs(), 461, PORT_TAKEN)
  }

  #answerSetup(track: SetupTrack, ssrc: number | undefined): void {
    const { rtp, rtcp } = this.#parts.udp
    this.#session.answerSetup(monotonicMs(), {
      ...(track.transport.lower === 'udp' ? { serverPort: [rtp.port, rtcp.port] } : {}),
      ...(ssrc === undefined ? {} : { ssrc }),
    })
  }

  #play(tracks: readonly SetupTrack[]): void {
    if (!(this.#role instanceof Reading)) throw new Error('PLAY without a stream')
    const { starts, run } = this.#role.prepare(tracks, this.#writer)
    this.#session.answerPlay(monotonicMs(), starts)
    // The answer goes out before the first packet.
    this.#flush()
    run()
  }

  #record(tracks: readonly SetupTrack[]): void {
    const publishing = this.#role
    if (!(publishing instanceof Publishing)) throw new Error('RECORD without an announced stream')
    const publisher: Publisher & SessionProbe = {
      protocol: 'rtsp',
      remote: this.#remote.label,
      user: this.#gate.user,
      userAgent: this.#gate.userAgent,
      close: (message) => this.close(message),
      transport: publishing.transport,
      readCounters: () => publishing.readCounters(this.#writer),
    }
    const fault = faultOf(() => publishing.start(tracks, publisher))
    if (fault) this.#refusePublisher(publishing.path, fault)
    else this.#session.acceptRecord(monotonicMs())
  }

  #refusePublisher(path: string, error: ProtocolError): void {
    const status: Status =
      error.code === 'path/busy' || error.code === 'path/has-source'
        ? 403
        : error.code === 'path/not-configured'
          ? 404
          : error.code === 'path/no-tracks'
            ? 415
            : 400
    this.#parts.context.countFault('rtsp', error.code)
    this.#parts.context.log.warn({ path, protocol: 'rtsp', client: this.#remote.label, code: error.code }, `publisher refused: ${error.message}`)
    this.#session.refuse(monotonicMs(), status, error.message, { thenClose: true })
  }

  #leaveRole(message: string): void {
    const role = this.#role
    this.#role = undefined
    role?.close(message)
  }
}

/** The client's fault in what is done for it, if there is one; our own faults are thrown on. */
const faultOf = (work: () => void): ProtocolError | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}
