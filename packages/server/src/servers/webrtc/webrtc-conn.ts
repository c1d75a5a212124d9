import type { AcceptedTrack } from '@millrace/media/bridges/webrtc/negotiate.ts'
import type { RtcFeed } from '@millrace/media/bridges/webrtc/rtc-feed.ts'
import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { RtcViewer } from '@millrace/media/bridges/webrtc/rtc-viewer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { Stream, StreamClient } from '@millrace/media/hub/stream.ts'
import type { IceLiteAgent } from '@millrace/media/protocols/ice/ice-lite-agent.ts'
import { deriveSessionKeys } from '@millrace/media/protocols/srtp/key-derivation.ts'
import { SrtcpReceiver, SrtcpSender } from '@millrace/media/protocols/srtp/srtcp.ts'
import { makeSrtpSender } from '@millrace/media/protocols/srtp/srtp-sender.ts'
import type { ReceivedStun } from '@millrace/media/protocols/stun/decode-stun.ts'
import { addressKey, type TransportAddress } from '@millrace/media/protocols/stun/transport-address.ts'
import type { Log } from '../../log/log.ts'
import { type DtlsCertificate, DtlsServerSession, type DtlsSrtpKeys } from './dtls.ts'
import { nodeSrtpCrypto } from './srtp-crypto.ts'
import type { UdpPort } from './udp-port.ts'

/** From the first datagram of the handshake to its end. */
const HANDSHAKE_TIMEOUT_MS = 10_000
const REPORT_INTERVAL_MS = 1000

export type WebRtcConnOptions = {
  readonly id: string
  readonly pathName: string
  readonly stream: Stream
  readonly feed: RtcFeed
  readonly accepted: readonly AcceptedTrack[]
  readonly agent: IceLiteAgent
  readonly fingerprints: readonly Fingerprint[]
  readonly certificate: DtlsCertificate
  readonly cname: string
  /** Who made the offer, until the media's own address is known. */
  readonly remote: string
  readonly port: UdpPort
  readonly log: Log
  readonly wallOffsetMs: number
  countFault(code: string): void
  /** It is over: forget it. */
  closed(conn: WebRtcConn): void
}

/** One viewer: its way through ICE, DTLS and SRTP. */
export class WebRtcConn implements StreamClient {
  readonly protocol = 'webrtc'
  readonly id: string
  readonly pathName: string
  /** Addresses that its valid checks came from. */
  readonly addresses = new Set<string>()
  readonly #options: WebRtcConnOptions
  readonly #agent: IceLiteAgent
  readonly #log: Log
  #dtls: DtlsServerSession | undefined
  #handshakeUntilMs = Number.POSITIVE_INFINITY
  #viewer: RtcViewer | undefined
  #nextReportMs = 0
  #isClosed = false

  constructor(options: WebRtcConnOptions) {
    this.id = options.id
    this.pathName = options.pathName
    this.#options = options
    this.#agent = options.agent
    this.#log = options.log
  }

  /** `address:port` of the media once it is known, of the request before. */
  get remote(): string {
    const address = this.#agent.remoteAddress
    return address ? addressKey(address) : this.#options.remote
  }

  /** The player's ICE user name; another one would be an ICE restart. */
  get remoteUfrag(): string {
    return this.#agent.remoteUfrag
  }

  get viewer(): RtcViewer | undefined {
    return this.#viewer
  }

  /**
   * @param bytes what `message` was decoded from
   * @returns whether the check was authentic
   */
  handleStun(nowMs: number, message: ReceivedStun, bytes: Uint8Array, from: TransportAddress): boolean {
    const { response, valid } = this.#agent.handleRequest(nowMs, message, bytes, from)
    if (response) this.#options.port.send(response, from)
    const to = this.#agent.remoteAddress
    if (valid && to && this.#viewer) this.#viewer.to = to
    return valid
  }

  handleDtls(nowMs: number, datagram: Buffer): void {
    if (!this.#dtls) {
      this.#handshakeUntilMs = nowMs + HANDSHAKE_TIMEOUT_MS
      this.#dtls = new DtlsServerSession(this.#options.certificate, this.#options.fingerprints, {
        send: (bytes) => {
          const to = this.#agent.remoteAddress
          if (to) this.#options.port.send(bytes, to)
        },
        connected: (keys) => this.#connected(keys),
        closed: (error) => {
          if (error) this.#fault(error)
          this.close(error ? error.message : 'the player closed')
        },
      })
    }
    this.#dtls.handleDatagram(nowMs, datagram)
  }

  handleRtcp(nowMs: number, datagram: Uint8Array): void {
    try {
      this.#viewer?.handleRtcp(nowMs, datagram)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#fault(error)
    }
  }

  /** Several times a second. */
  tick(nowMs: number): void {
    if (this.#agent.isExpired(nowMs)) this.close(this.#viewer ? 'the player went silent' : 'the player did not connect')
    else if (!this.#viewer && nowMs > this.#handshakeUntilMs) this.close('the DTLS handshake took too long')
    else if (nowMs >= this.#nextReportMs) {
      this.#viewer?.sendReports(this.#options.wallOffsetMs + nowMs, this.#options.cname)
      this.#nextReportMs = nowMs + REPORT_INTERVAL_MS
    }
  }

  /** The stream is over. */
  end(reason: EndReason): void {
    this.#viewer?.sendBye(reason.message)
    this.close(reason.message)
  }

  /** @param reason for the log */
  close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#dtls?.close()
    if (this.#viewer) this.#log.info({ packets: this.#viewer.packetsSent, reason }, 'viewer left')
    else this.#log.debug({ reason }, 'viewer gone before it was connected')
    const { feed, stream } = this.#options
    if (this.#viewer) feed.removeViewer(this.#viewer)
    stream.removeClient(this)
    this.#options.closed(this)
  }

  #connected(keys: DtlsSrtpKeys): void {
    const to = this.#agent.remoteAddress
    if (!to || this.#isClosed) return
    const { profile } = keys
    const local = deriveSessionKeys(profile, keys.localKey, keys.localSalt, nodeSrtpCrypto)
    const remote = deriveSessionKeys(profile, keys.remoteKey, keys.remoteSalt, nodeSrtpCrypto)
    const { feed, stream, accepted, port } = this.#options
    this.#viewer = new RtcViewer(
      feed,
      stream.tracks,
      accepted,
      {
        srtp: makeSrtpSender(profile, local.rtp, nodeSrtpCrypto),
        srtcpOut: new SrtcpSender(profile, local.rtcp, nodeSrtpCrypto),
        srtcpIn: new SrtcpReceiver(profile, remote.rtcp, nodeSrtpCrypto),
        out: port,
      },
      to,
    )
    this.#log.info({ media: addressKey(to), srtp: profile.name }, 'viewer connected')
    this.#viewer.sendReports(this.#options.wallOffsetMs + performance.now(), this.#options.cname)
    feed.addViewer(this.#viewer)
  }

  #fault(error: ProtocolError): void {
    this.#options.countFault(error.code)
    this.#log.debug({ code: error.code }, error.message)
  }
}
