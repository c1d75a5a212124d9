import { createHmac, randomBytes, randomInt } from 'node:crypto'
import type { RemoteInfo } from 'node:dgram'
import type { AcceptedMedia } from '@millrace/media/bridges/webrtc/accept-publisher.ts'
import type { Destination } from '@millrace/media/bridges/webrtc/datagram-out.ts'
import type { AcceptedTrack } from '@millrace/media/bridges/webrtc/negotiate.ts'
import { encodePublisherAnswer } from '@millrace/media/bridges/webrtc/publisher-answer.ts'
import { type AnsweringSide, encodeRtcAnswer } from '@millrace/media/bridges/webrtc/rtc-answer.ts'
import { RtcFeed } from '@millrace/media/bridges/webrtc/rtc-feed.ts'
import type { RtcOffer } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { hostCandidates } from '@millrace/media/protocols/ice/candidate.ts'
import { IceLiteAgent } from '@millrace/media/protocols/ice/ice-lite-agent.ts'
import { decodeStun, isStun } from '@millrace/media/protocols/stun/decode-stun.ts'
import type { HmacSha1 } from '@millrace/media/protocols/stun/stun-message.ts'
import { addressKey, type TransportAddress } from '@millrace/media/protocols/stun/transport-address.ts'
import { nativeCalls } from '../../native/native-calls.ts'
import { monotonicMs, wallClockMs } from '../../net/clock.ts'
import type { Running, ServerContext } from '../../net/context.ts'
import { type DtlsShared, makeDtlsShared } from './dtls-conn.ts'
import { type AdditionalHost, bindAddress, hostAddresses, isLoopback, isOwnAddress } from './host-addresses.ts'
import { makeIceCredentials } from './ice-credentials.ts'
import { type IcePorts, openIcePorts } from './ice-ports.ts'
import { InterfaceList } from './interface-list.ts'
import type { PeerLinkOptions } from './peer-link.ts'
import { PublisherConn } from './publisher-conn.ts'
import { srtpProfiles } from './srtp-crypto.ts'
import type { TcpConnection } from './tcp-connection.ts'
import type { TcpPort } from './tcp-port.ts'
import type { TurnBudget } from './turn-budget.ts'
import type { UdpPort } from './udp-port.ts'
import { ViewerConn } from './viewer-conn.ts'
import type { OfferMaker, WebRtcConn } from './webrtc-conn.ts'

export type WebRtcOptions = {
  /** Address to bind to; `0.0.0.0` or `::` for all; one of the loopback for peers on this machine alone. */
  readonly host: string
  /** 0 for any. */
  readonly port: number
  /** Further addresses under which players reach the port, behind address translation. */
  readonly additionalHosts?: readonly AdditionalHost[]
}

/** A peer that was let in. */
export type WebRtcSession = { readonly conn: WebRtcConn; readonly answer: string }

const TICK_MS = 250
const CATCH_UP_MS = 1
/** Offers whose peers have not connected yet; the oldest gives way. */
const MAX_UNCONNECTED = 256
/** Addresses of one peer: it changes networks, and tries several ways at once. */
const MAX_ADDRESSES = 16
const FEED_KEY = 'webrtc'
/** CNAME of our RTCP, and name of the media stream in answers. */
const CNAME = 'millrace'

/** What a session that begins has. */
type Admission = {
  readonly id: string
  readonly link: PeerLinkOptions
  readonly answer: AnsweringSide
}

const hmacSha1: HmacSha1 = (key, message) => createHmac('sha1', key).update(message).digest()

/** WebRTC's media: one UDP port for all peers, told apart by their ICE user name first and by their address from then on. */
export class WebRtcTransport implements Running {
  readonly #context: ServerContext
  readonly #options: WebRtcOptions
  readonly #dtls: DtlsShared
  readonly #interfaces = new InterfaceList()
  readonly #port: UdpPort
  readonly #tcpPort: TcpPort
  readonly #byId = new Map<string, WebRtcConn>()
  readonly #byUfrag = new Map<string, WebRtcConn>()
  readonly #ufrags = new WeakMap<WebRtcConn, readonly string[]>()
  readonly #byAddress = new Map<string, WebRtcConn>()
  readonly #byConnection = new Map<TcpConnection, WebRtcConn>()
  readonly #catchingUp = new Set<RtcFeed>()
  readonly #ticker: NodeJS.Timeout
  readonly #wallOffsetMs = wallClockMs(0)
  /** Only peers on this machine may connect. */
  readonly #ownOnly: boolean
  #catchUpTimer: NodeJS.Timeout | undefined

  private constructor(context: ServerContext, options: WebRtcOptions, dtls: DtlsShared, { udp, tcp }: IcePorts) {
    this.#context = context
    this.#options = options
    this.#ownOnly = isLoopback(options.host)
    this.#dtls = dtls
    this.#port = udp
    this.#tcpPort = tcp
    udp.onDatagram((datagram, from) => this.#receive(datagram, from))
    tcp.onConnections({
      admits: (address) => !this.#ownOnly || isOwnAddress(address, this.#interfaces.current),
      packet: (connection, packet) => this.#receiveByTcp(connection, packet),
      fault: (error) => this.#context.countFault('webrtc', error.code),
      closed: (connection) => this.#byConnection.delete(connection),
    })
    this.#ticker = setInterval(() => this.#tick(), TICK_MS)
  }

  /** @throws ListenError if the port is taken, by UDP or by TCP */
  static async start(context: ServerContext, options: WebRtcOptions): Promise<WebRtcTransport> {
    for (const note of nativeCalls().notes) context.log.debug({ protocol: 'webrtc' }, note)
    const dtls = await makeDtlsShared(srtpProfiles)
    return new WebRtcTransport(context, options, dtls, await openIcePorts(bindAddress(options.host), options.port, context.guard))
  }

  get port(): number {
    return this.#port.port
  }

  /** What a turn of the event loop may spend on those who join. */
  get turns(): TurnBudget {
    return this.#dtls.turns
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
  open(pathName: string, stream: Stream, offer: RtcOffer, accepted: readonly AcceptedTrack[], remote: string, maker?: OfferMaker): WebRtcSession {
    const feed = this.#shareFeed(stream)
    const admission = this.#admit(offer, remote)
    const { id } = admission
    const conn = new ViewerConn({
      id,
      pathName,
      stream,
      feed,
      accepted,
      link: admission.link,
      maker,
      cname: CNAME,
      log: this.#context.log.child({ path: pathName, protocol: 'webrtc', client: remote }),
      wallOffsetMs: this.#wallOffsetMs,
      countFault: (code) => this.#context.countFault('webrtc', code),
      closed: () => {
        this.#forget(conn)
        stream.release(FEED_KEY)
      },
    })
    this.#remember(conn)
    stream.addClient(conn)
    const ssrcs = accepted.map(({ trackIndex }) => feed.ssrcs[trackIndex] as number)
    const rtxSsrcs = accepted.map(({ trackIndex }) => feed.rtxSsrcs[trackIndex] as number)
    return { conn, answer: encodeRtcAnswer({ ...admission.answer, offer, accepted, ssrcs, rtxSsrcs }) }
  }

  /**
   * Lets a publisher in. It has the path from the end of the handshake on; one that waits for that on the same path gives way.
   * @param accepted at least one section
   * @param remote `address:port` of the request
   */
  openPublisher(pathName: string, offer: RtcOffer, accepted: readonly AcceptedMedia[], remote: string, maker?: OfferMaker): WebRtcSession {
    for (const other of [...this.#byId.values()]) {
      if (other instanceof PublisherConn && other.pathName === pathName && !other.link.connected) other.close('another publisher came')
    }
    const admission = this.#admit(offer, remote)
    const conn = new PublisherConn({
      id: admission.id,
      pathName,
      hub: this.#context.hub,
      accepted,
      link: admission.link,
      maker,
      cname: CNAME,
      log: this.#context.log.child({ path: pathName, protocol: 'webrtc', client: remote }),
      countFault: (code) => this.#context.countFault('webrtc', code),
      closed: () => this.#forget(conn),
    })
    this.#remember(conn)
    return { conn, answer: encodePublisherAnswer(admission.answer, offer, accepted) }
  }

  find(pathName: string, id: string): WebRtcConn | undefined {
    const conn = this.#byId.get(id)
    return conn?.pathName === pathName ? conn : undefined
  }

  async close(): Promise<void> {
    clearInterval(this.#ticker)
    clearTimeout(this.#catchUpTimer)
    for (const conn of [...this.#byId.values()]) conn.end({ code: 'server-stopping', message: 'the server is stopping' })
    await Promise.all([this.#port.close(), this.#tcpPort.close()])
  }

  /** What a new session has of its own. */
  #admit(offer: RtcOffer, remote: string): Admission {
    this.#makeRoom()
    const id = randomBytes(18).toString('base64url')
    const ice = makeIceCredentials()
    const addresses = this.#addresses()
    const candidates = hostCandidates(addresses, true)
    // RFC 8842 section 5.3: who offers passive waits for our hello; who leaves it to us is waited for.
    const dtlsRole = offer.setup === 'passive' ? 'client' : 'server'
    return {
      id,
      link: {
        agent: new IceLiteAgent(ice, offer.ice, hmacSha1, monotonicMs()),
        dtlsRole,
        fingerprints: offer.fingerprints,
        dtls: this.#dtls,
        remote,
        port: this.#port,
        candidates,
        countFault: (code) => this.#context.countFault('webrtc', code),
        restarted: () => {
          this.#learnUfrags(id)
          this.#byId.get(id)?.tap.restarted()
        },
      },
      answer: {
        ice,
        setup: dtlsRole === 'client' ? 'active' : 'passive',
        fingerprint: this.#dtls.certificate.fingerprint,
        addresses,
        candidates,
        sessionId: String(randomInt(2 ** 47)),
        cname: CNAME,
      },
    }
  }

  #addresses(): TransportAddress[] {
    return hostAddresses(this.#options.host, this.#port.port, this.#options.additionalHosts ?? [], this.#interfaces.current)
  }

  #shareFeed(stream: Stream): RtcFeed {
    return stream.share(FEED_KEY, () => {
      const count = stream.tracks.length
      const ssrcs = distinctSsrcs(2 * count)
      const feed: RtcFeed = new RtcFeed(stream, {
        ssrcs: ssrcs.slice(0, count),
        rtxSsrcs: ssrcs.slice(count),
        now: monotonicMs,
        wallOffsetMs: this.#wallOffsetMs,
        later: setImmediate,
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
    const unconnected = [...this.#byId.values()].filter((conn) => !conn.link.connected)
    if (unconnected.length >= MAX_UNCONNECTED) unconnected[0]?.close('too many peers wait to be connected')
  }

  #remember(conn: WebRtcConn): void {
    this.#byId.set(conn.id, conn)
    this.#learnUfrags(conn.id)
  }

  /** ICE user names come and go with each ICE restart. */
  #learnUfrags(id: string): void {
    const conn = this.#byId.get(id)
    if (!conn) return
    const valid = conn.link.agent.localUfrags
    for (const ufrag of this.#ufrags.get(conn) ?? []) if (!valid.includes(ufrag)) this.#byUfrag.delete(ufrag)
    for (const ufrag of valid) this.#byUfrag.set(ufrag, conn)
    this.#ufrags.set(conn, valid)
  }

  #forget(conn: WebRtcConn): void {
    this.#byId.delete(conn.id)
    for (const ufrag of this.#ufrags.get(conn) ?? []) this.#byUfrag.delete(ufrag)
    for (const [connection, owner] of this.#byConnection) {
      if (owner !== conn) continue
      this.#byConnection.delete(connection)
      connection.end()
    }
    for (const key of conn.link.addresses) if (this.#byAddress.get(key) === conn) this.#byAddress.delete(key)
  }

  #tick(): void {
    const nowMs = monotonicMs()
    for (const conn of [...this.#byId.values()]) conn.tick(nowMs)
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    try {
      if (isCheck(datagram)) {
        // The same form as the others have, with and without a connection: sending looks at it for each packet.
        const source = { address: from.address, port: from.port, connection: undefined }
        const conn = this.#receiveCheck(datagram, source)
        if (conn) this.#rememberAddress(conn, addressKey(source))
        return
      }
      const conn = this.#byAddress.get(addressKey(from))
      if (conn) dispatch(conn, datagram)
    } catch (error) {
      this.#ownFault(error, this.#byAddress.get(addressKey(from)))
    }
  }

  #receiveByTcp(connection: TcpConnection, packet: Buffer): void {
    try {
      if (isCheck(packet)) {
        const conn = this.#receiveCheck(packet, connection.destination)
        if (!conn) return
        connection.confirm()
        this.#byConnection.set(connection, conn)
        return
      }
      const conn = this.#byConnection.get(connection)
      if (conn) dispatch(conn, packet)
    } catch (error) {
      this.#ownFault(error, this.#byConnection.get(connection))
      connection.end()
    }
  }

  /** A mistake of ours in what a peer sent: it costs that session, and none of the others. */
  #ownFault(error: unknown, conn: WebRtcConn | undefined): void {
    this.#context.countFault('webrtc', 'webrtc/internal')
    this.#context.log.error({ protocol: 'webrtc', err: error }, 'a fault of the server in what a peer sent: its session is closed')
    conn?.close('a fault of the server')
  }

  /** @returns whose valid check it is */
  #receiveCheck(datagram: Buffer, from: Destination): WebRtcConn | undefined {
    if (!isStun(datagram) || (this.#ownOnly && !isOwnAddress(from.address, this.#interfaces.current))) return undefined
    try {
      const message = decodeStun(datagram)
      const conn = this.#byUfrag.get(message.username?.split(':', 1)[0] ?? '')
      if (!conn) return undefined
      if (conn.link.handleStun(monotonicMs(), message, datagram, from)) return conn
      this.#context.countFault('webrtc', 'stun/refused')
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#context.countFault('webrtc', error.code)
    }
    return undefined
  }

  #rememberAddress(conn: WebRtcConn, key: string): void {
    if (this.#byAddress.get(key) === conn) return
    if (conn.link.addresses.size === MAX_ADDRESSES) {
      const [oldest = ''] = conn.link.addresses
      conn.link.addresses.delete(oldest)
      if (this.#byAddress.get(oldest) === conn) this.#byAddress.delete(oldest)
    }
    conn.link.addresses.add(key)
    this.#byAddress.set(key, conn)
  }
}

/** The first byte tells what a packet is: RFC 7983 section 7. */
const isCheck = (packet: Buffer): boolean => (packet[0] ?? 255) < 4

const dispatch = (conn: WebRtcConn, packet: Buffer): void => {
  const first = packet[0] ?? 255
  if (first >= 20 && first < 64) conn.link.handleDtls(monotonicMs(), packet)
  else if (first >= 128 && first < 192) conn.handleMedia(monotonicMs(), packet)
}

const distinctSsrcs = (count: number): number[] => {
  const ssrcs = new Set<number>()
  while (ssrcs.size < count) ssrcs.add(randomInt(1, 2 ** 32))
  return [...ssrcs]
}
