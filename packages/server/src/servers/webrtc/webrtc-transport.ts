import { createHmac, randomBytes, randomInt } from 'node:crypto'
import type { RemoteInfo } from 'node:dgram'
import type { AcceptedTrack } from '@millrace/media/bridges/webrtc/negotiate.ts'
import { encodeRtcAnswer } from '@millrace/media/bridges/webrtc/rtc-answer.ts'
import { RtcFeed } from '@millrace/media/bridges/webrtc/rtc-feed.ts'
import type { RtcOffer } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { IceLiteAgent } from '@millrace/media/protocols/ice/ice-lite-agent.ts'
import { decodeStun, isStun } from '@millrace/media/protocols/stun/decode-stun.ts'
import type { HmacSha1 } from '@millrace/media/protocols/stun/stun-message.ts'
import { addressKey, type TransportAddress } from '@millrace/media/protocols/stun/transport-address.ts'
import { monotonicMs, wallClockMs } from '../../net/clock.ts'
import type { Running, ServerContext } from '../../net/context.ts'
import { type DtlsCertificate, makeDtlsCertificate } from './dtls.ts'
import { hostAddresses } from './host-addresses.ts'
import { UdpPort } from './udp-port.ts'
import { WebRtcConn } from './webrtc-conn.ts'

export type WebRtcOptions = {
  /** Address to bind to; `0.0.0.0` or `::` for all. */
  readonly host: string
  /** 0 for any. */
  readonly port: number
  /** Further addresses under which players reach the port, behind address translation. */
  readonly additionalHosts?: readonly string[]
}

/** A viewer that was let in. */
export type WebRtcSession = {
  /** Random: who knows it may end the session. */
  readonly id: string
  readonly answer: string
}

const TICK_MS = 250
const CATCH_UP_MS = 1
/** Offers whose players have not connected yet; the oldest gives way. */
const MAX_UNCONNECTED = 256
/** Addresses of one viewer: it changes networks, and tries several ways at once. */
const MAX_ADDRESSES = 16
const FEED_KEY = 'webrtc'

const hmacSha1: HmacSha1 = (key, message) => createHmac('sha1', key).update(message).digest()

/** WebRTC's media: one UDP port for all viewers, told apart by their ICE user name first and by their address from then on. */
export class WebRtcTransport implements Running {
  readonly #context: ServerContext
  readonly #options: WebRtcOptions
  readonly #certificate: DtlsCertificate
  readonly #port: UdpPort
  readonly #byId = new Map<string, WebRtcConn>()
  readonly #byUfrag = new Map<string, WebRtcConn>()
  readonly #byAddress = new Map<string, WebRtcConn>()
  readonly #catchingUp = new Set<RtcFeed>()
  readonly #ticker: NodeJS.Timeout
  readonly #wallOffsetMs = wallClockMs(0)
  #catchUpTimer: NodeJS.Timeout | undefined

  private constructor(context: ServerContext, options: WebRtcOptions, certificate: DtlsCertificate, port: UdpPort) {
    this.#context = context
    this.#options = options
    this.#certificate = certificate
    this.#port = port
    port.onDatagram((datagram, from) => this.#receive(datagram, from))
    this.#ticker = setInterval(() => this.#tick(), TICK_MS)
  }

  /** @throws ListenError if the port is taken */
  static async start(context: ServerContext, options: WebRtcOptions): Promise<WebRtcTransport> {
    const certificate = await makeDtlsCertificate()
    const port = await UdpPort.open(options.host, options.port)
    return new WebRtcTransport(context, options, certificate, port)
  }

  get port(): number {
    return this.#port.port
  }

  /** Sessions that exist, connected or not. */
  get sessions(): number {
    return this.#byId.size
  }

  /**
   * Lets a viewer in.
   * @param accepted at least one track
   * @param remote `address:port` of the request
   */
  open(pathName: string, stream: Stream, offer: RtcOffer, accepted: readonly AcceptedTrack[], remote: string): WebRtcSession {
    this.#makeRoom()
    const id = randomBytes(18).toString('base64url')
    const ice = { ufrag: iceText(8), password: iceText(24) }
    const feed = this.#shareFeed(stream)
    const cname = 'millrace'
    const conn = new WebRtcConn({
      id,
      pathName,
      stream,
      feed,
      accepted,
      agent: new IceLiteAgent(ice, offer.ice, hmacSha1, monotonicMs()),
      fingerprints: offer.fingerprints,
      certificate: this.#certificate,
      cname,
      remote,
      port: this.#port,
      log: this.#context.log.child({ path: pathName, protocol: 'webrtc', client: remote }),
      wallOffsetMs: this.#wallOffsetMs,
      countFault: (code) => this.#context.countFault('webrtc', code),
      closed: () => this.#forget(conn, ice.ufrag, stream),
    })
    this.#byId.set(id, conn)
    this.#byUfrag.set(ice.ufrag, conn)
    stream.addClient(conn)
    const answer = encodeRtcAnswer({
      offer,
      accepted,
      ssrcs: accepted.map(({ trackIndex }) => feed.ssrcs[trackIndex] as number),
      ice,
      fingerprint: this.#certificate.fingerprint,
      addresses: this.#addresses(),
      sessionId: String(randomInt(2 ** 47)),
      cname,
    })
    return { id, answer }
  }

  find(pathName: string, id: string): WebRtcConn | undefined {
    const conn = this.#byId.get(id)
    return conn?.pathName === pathName ? conn : undefined
  }

  async close(): Promise<void> {
    clearInterval(this.#ticker)
    clearTimeout(this.#catchUpTimer)
    for (const conn of [...this.#byId.values()]) conn.end({ code: 'server-stopping', message: 'the server is stopping' })
    await this.#port.close()
  }

  #addresses(): TransportAddress[] {
    const { port } = this.#port
    return hostAddresses(this.#options.host, this.#options.additionalHosts ?? []).map((address) => ({ address, port }))
  }

  #shareFeed(stream: Stream): RtcFeed {
    return stream.share(FEED_KEY, () => {
      const feed: RtcFeed = new RtcFeed(stream, {
        ssrcs: distinctSsrcs(stream.tracks.length),
        wallOffsetMs: this.#wallOffsetMs,
        onCatchUp: () => {
          this.#catchingUp.add(feed)
          this.#catchUpTimer ??= setTimeout(this.#catchUp, CATCH_UP_MS)
        },
      })
      return feed
    })
  }

  readonly #catchUp = (): void => {
    for (const feed of this.#catchingUp) if (!feed.catchUp()) this.#catchingUp.delete(feed)
    this.#catchUpTimer = this.#catchingUp.size > 0 ? setTimeout(this.#catchUp, CATCH_UP_MS) : undefined
  }

  #makeRoom(): void {
    const unconnected = [...this.#byId.values()].filter((conn) => !conn.viewer)
    if (unconnected.length >= MAX_UNCONNECTED) unconnected[0]?.close('too many players wait to be connected')
  }

  #forget(conn: WebRtcConn, ufrag: string, stream: Stream): void {
    this.#byId.delete(conn.id)
    this.#byUfrag.delete(ufrag)
    for (const key of conn.addresses) if (this.#byAddress.get(key) === conn) this.#byAddress.delete(key)
    stream.release(FEED_KEY)
  }

  #tick(): void {
    const nowMs = monotonicMs()
    for (const conn of [...this.#byId.values()]) conn.tick(nowMs)
  }

  /** The first byte tells what it is: RFC 7983 section 7. */
  #receive(datagram: Buffer, from: RemoteInfo): void {
    const first = datagram[0] ?? 255
    if (first < 4) {
      this.#receiveStun(datagram, from)
      return
    }
    const conn = this.#byAddress.get(addressKey(from))
    if (!conn) return
    if (first >= 20 && first < 64) conn.handleDtls(monotonicMs(), datagram)
    else if (first >= 128 && first < 192) conn.handleRtcp(monotonicMs(), datagram)
  }

  #receiveStun(datagram: Buffer, from: RemoteInfo): void {
    if (!isStun(datagram)) return
    try {
      const message = decodeStun(datagram)
      const conn = this.#byUfrag.get(message.username?.split(':', 1)[0] ?? '')
      if (!conn) return
      const address = { address: from.address, port: from.port }
      if (conn.handleStun(monotonicMs(), message, datagram, address)) this.#remember(conn, addressKey(address))
      else this.#context.countFault('webrtc', 'stun/refused')
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#context.countFault('webrtc', error.code)
    }
  }

  #remember(conn: WebRtcConn, key: string): void {
    if (this.#byAddress.get(key) === conn) return
    if (conn.addresses.size === MAX_ADDRESSES) {
      const [oldest = ''] = conn.addresses
      conn.addresses.delete(oldest)
      if (this.#byAddress.get(oldest) === conn) this.#byAddress.delete(oldest)
    }
    conn.addresses.add(key)
    this.#byAddress.set(key, conn)
  }
}

/** ICE characters (RFC 8839 section 5.4) with at least 6 bits each. */
const iceText = (length: number): string => randomBytes(length).toString('base64').replaceAll('=', '').slice(0, length)

const distinctSsrcs = (count: number): number[] => {
  const ssrcs = new Set<number>()
  while (ssrcs.size < count) ssrcs.add(randomInt(1, 2 ** 32))
  return [...ssrcs]
}
