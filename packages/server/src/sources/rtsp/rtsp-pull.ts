import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { type KnownMedia, sortMedia } from '@millrace/media/bridges/rtsp/codec-of-media.ts'
import { RtspReceiver } from '@millrace/media/bridges/rtsp/to-hub.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { codecLabel } from '@millrace/media/codecs/codec.ts'
import type { Publication, Publisher } from '@millrace/media/hub/hub.ts'
import { encodeInterleaved } from '@millrace/media/protocols/rtsp/interleaved.ts'
import { type RtspClientEvent, RtspClientSession, type WantedTrack } from '@millrace/media/protocols/rtsp/rtsp-client-session.ts'
import type { RtspUrl } from '@millrace/media/protocols/rtsp/rtsp-url.ts'
import type { RtspTransport } from '@millrace/media/protocols/rtsp/transport.ts'
import type { SessionDescription } from '@millrace/media/protocols/sdp/sdp.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { ServerContext } from '../../net/context.ts'
import type { SessionProbe } from '../../net/session-probe.ts'
import { nodeCrypto } from './node-crypto.ts'
import { UdpReceiver } from './udp-receiver.ts'

export type PullSettings = {
  readonly path: string
  readonly address: RtspUrl
  /** The address for people, without secrets. */
  readonly label: string
  readonly transport: 'tcp' | 'udp'
  /** How long the first packet may take, in milliseconds. */
  readonly firstPacketMs: number
}

/** Why an attempt ended. */
export type PullEnd = {
  readonly message: string
  /** Of the ProtocolError, if it was the server's fault. */
  readonly code: string | undefined
  /** Whether packets came. */
  readonly hasPlayed: boolean
}

const CONNECT_TIMEOUT_MS = 10_000
/** How often packets that UDP lost are given up, in milliseconds. */
const EXPIRE_MS = 50
/** RFC 3550 section 6.2. */
const RECEIVER_REPORT_INTERVAL_MS = 5000
/** A server that does not take our goodbye is left after this time. */
const LINGER_MS = 500

/** One connection to the server that a source plays from, from its beginning to its end. */
export class RtspPull {
  readonly #context: ServerContext
  readonly #settings: PullSettings
  readonly #onEnd: (end: PullEnd) => void
  readonly #onClosed: (message: string) => void
  readonly #socket: Socket
  readonly #timers: NodeJS.Timeout[] = []
  readonly #transports = new Map<number, RtspTransport>()
  readonly #udp = new Map<number, UdpReceiver>()
  #session: RtspClientSession | undefined
  #wakeTimer: NodeJS.Timeout | undefined
  #known: readonly KnownMedia[] = []
  #publication: Publication | undefined
  #receiver: RtspReceiver | undefined
  #hasPlayed = false
  #udpBytesIn = 0
  #isEnded = false

  /**
   * @param onEnd called once
   * @param onClosed told when the hub wants the source to stop
   */
  constructor(context: ServerContext, settings: PullSettings, onEnd: (end: PullEnd) => void, onClosed: (message: string) => void) {
    this.#context = context
    this.#settings = settings
    this.#onEnd = onEnd
    this.#onClosed = onClosed
    const { host, port } = settings.address
    this.#socket = connect({ host, port, noDelay: true })
    this.#wakeTimer = setTimeout(() => this.#end(`${host}:${port} does not answer`), CONNECT_TIMEOUT_MS)
    this.#socket.on('connect', () => this.#guard(() => this.#begin()))
    this.#socket.on('data', (bytes: Buffer) => this.#guard(() => this.#session?.handleInput(monotonicMs(), bytes)))
    this.#socket.on('error', (error) => this.#end(error.message))
    this.#socket.on('close', () => this.#end('the server closed the connection'))
  }

  /** Says goodbye. @param message why, for the log */
  close(message: string): void {
    if (!this.#isEnded) {
      this.#session?.teardown(monotonicMs())
      this.#flush()
    }
    this.#end(message)
  }

  #begin(): void {
    const { url, username, password = '' } = this.#settings.address
    clearTimeout(this.#wakeTimer)
    const credentials = username === undefined ? undefined : { username, password }
    const { firstPacketMs } = this.#settings
    this.#session = new RtspClientSession({ url, credentials, crypto: nodeCrypto, userAgent: 'Millrace', firstPacketMs }, monotonicMs())
  }

  /** Runs what can throw by the server's fault, and gives out what the session has to say. */
  #guard(work: () => void): void {
    if (this.#isEnded) return
    try {
      work()
      this.#flush()
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#context.countFault('rtsp', error.code)
      this.#end(error.message, error.code)
    }
  }

  #flush(): void {
    for (let output = this.#session?.pollOutput(); output; output = this.#session?.pollOutput()) {
      if (output.type === 'send') this.#socket.write(output.bytes)
      else if (output.type === 'wakeAt') this.#wakeAt(output.atMs)
      else if (!this.#isEnded) this.#handle(output.event)
    }
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#wakeTimer)
    this.#wakeTimer = setTimeout(() => this.#guard(() => this.#session?.handleTimeout(monotonicMs())), Math.max(0, Math.ceil(atMs - monotonicMs())))
  }

  #handle(event: RtspClientEvent): void {
    switch (event.type) {
      case 'media':
        this.#onPacket(event.mediaIndex, event.isRtcp, event.payload)
        break
      case 'described':
        this.#choose(event.description)
        break
      case 'set-up':
        this.#transports.set(event.mediaIndex, event.transport)
        if (event.transport.serverPort) this.#udp.get(event.mediaIndex)?.connect(event.transport.serverPort)
        break
      case 'playing':
        this.#publish(event.starts)
    }
  }

  #choose(description: SessionDescription): void {
    const { known, unknown } = sortMedia(description)
    if (known.length === 0) throw new ProtocolError('path/no-tracks', `nothing to play: ${unknown.map(({ reason }) => reason).join(', ') || 'no tracks'}`)
    for (const { reason } of unknown) this.#context.log.warn(this.#fields, `left out of the stream: ${reason}`)
    this.#known = known
    if (this.#settings.transport === 'tcp') {
      this.#setup(known.map(({ index }) => ({ mediaIndex: index, clientPort: undefined })))
    } else {
      this.#openPorts(known).then(
        (tracks) => this.#guard(() => this.#setup(tracks)),
        (error: Error) => this.#end(`no UDP ports: ${error.message}`),
      )
    }
  }

  #setup(tracks: readonly WantedTrack[]): void {
    this.#session?.setup(monotonicMs(), tracks)
  }

  async #openPorts(known: readonly KnownMedia[]): Promise<WantedTrack[]> {
    const tracks: WantedTrack[] = []
    for (const { index } of known) {
      const receiver = await UdpReceiver.open(this.#socket.remoteAddress ?? '', (isRtcp, bytes) => this.#onDatagram(index, isRtcp, bytes))
      // The connection may have ended meanwhile: nobody else would close the ports.
      if (this.#isEnded) receiver.close()
      else this.#udp.set(index, receiver)
      tracks.push({ mediaIndex: index, clientPort: receiver.ports })
    }
    return tracks
  }

  #publish(starts: readonly { readonly mediaIndex: number; readonly rtpTime: number }[]): void {
    const { path, label, transport } = this.#settings
    const codecs = this.#known.map((media) => media.codec)
    const publisher: Publisher & SessionProbe = {
      protocol: 'rtsp',
      remote: label,
      close: this.#onClosed,
      isSource: true,
      transport,
      readCounters: () => ({ ...this.#receiver?.counters(), bytesIn: this.#socket.bytesRead + this.#udpBytesIn, bytesOut: this.#socket.bytesWritten }),
    }
    const isUdp = transport === 'udp'
    this.#publication = this.#context.hub.publish(path, codecs, 'packets', publisher, monotonicMs())
    const receiver = new RtspReceiver(this.#publication, this.#known, { reorder: isUdp, ssrc: randomBytes(4).readUInt32BE(), cname: 'millrace' })
    for (const { mediaIndex, rtpTime } of starts) receiver.setRtpInfo(mediaIndex, rtpTime)
    this.#receiver = receiver
    if (isUdp) this.#timers.push(setInterval(() => receiver.expire(monotonicMs()), EXPIRE_MS))
    this.#timers.push(setInterval(() => this.#report(receiver), RECEIVER_REPORT_INTERVAL_MS))
    this.#context.log.info(this.#fields, `source plays ${codecs.map(codecLabel).join(' + ')} over ${transport.toUpperCase()}`)
  }

  #onDatagram(mediaIndex: number, isRtcp: boolean, bytes: Uint8Array): void {
    this.#udpBytesIn += bytes.length
    if (!isRtcp) this.#session?.packetReceived(monotonicMs())
    this.#onPacket(mediaIndex, isRtcp, bytes)
  }

  #onPacket(mediaIndex: number, isRtcp: boolean, bytes: Uint8Array): void {
    const receiver = this.#receiver
    if (!receiver) return
    if (isRtcp) receiver.onRtcp(monotonicMs(), mediaIndex, bytes)
    else {
      this.#hasPlayed = true
      receiver.onRtp(monotonicMs(), mediaIndex, bytes)
    }
  }

  #report(receiver: RtspReceiver): void {
    for (const { mediaIndex, bytes } of receiver.receiverReports(monotonicMs())) {
      const channels = this.#transports.get(mediaIndex)?.interleaved ?? [mediaIndex * 2, mediaIndex * 2 + 1]
      const udp = this.#udp.get(mediaIndex)
      if (udp) udp.sendRtcp(bytes)
      else this.#socket.write(encodeInterleaved(channels[1], bytes))
    }
  }

  #end(message: string, code?: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    clearTimeout(this.#wakeTimer)
    for (const timer of this.#timers) clearInterval(timer)
    for (const receiver of this.#udp.values()) receiver.close()
    this.#publication?.close(monotonicMs(), message)
    this.#socket.end()
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref()
    this.#onEnd({ message, code, hasPlayed: this.#hasPlayed })
  }

  get #fields(): object {
    return { path: this.#settings.path, protocol: 'rtsp', client: this.#settings.label }
  }
}
