import type { Destination } from '@millrace/media/bridges/webrtc/datagram-out.ts'
import type { AcceptedTrack } from '@millrace/media/bridges/webrtc/negotiate.ts'
import type { RtcFeed } from '@millrace/media/bridges/webrtc/rtc-feed.ts'
import { RtcViewer } from '@millrace/media/bridges/webrtc/rtc-viewer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { Stream, StreamClient } from '@millrace/media/hub/stream.ts'
import { isRtcp } from '@millrace/media/protocols/rtp/rtcp.ts'
import { deriveSessionKeys } from '@millrace/media/protocols/srtp/key-derivation.ts'
import { SrtcpReceiver, SrtcpSender } from '@millrace/media/protocols/srtp/srtcp.ts'
import { makeSrtpSender } from '@millrace/media/protocols/srtp/srtp-sender.ts'
import { addressKey } from '@millrace/media/protocols/stun/transport-address.ts'
import type { Log } from '../../log/log.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { SessionCounters, SessionProbe } from '../../net/session-probe.ts'
import type { DtlsSrtpKeys } from './dtls.ts'
import { PeerLink, type PeerLinkOptions } from './peer-link.ts'
import { nodeSrtpCrypto } from './srtp-crypto.ts'
import type { WebRtcConn } from './webrtc-conn.ts'

const REPORT_INTERVAL_MS = 1000

export type ViewerConnOptions = {
  readonly id: string
  readonly pathName: string
  readonly stream: Stream
  readonly feed: RtcFeed
  readonly accepted: readonly AcceptedTrack[]
  readonly link: PeerLinkOptions
  readonly cname: string
  readonly log: Log
  readonly wallOffsetMs: number
  countFault(code: string): void
  /** It is over: forget it. */
  closed(): void
}

/** One who watches: its way to us, and what of the stream it gets. */
export class ViewerConn implements StreamClient, SessionProbe, WebRtcConn {
  readonly protocol = 'webrtc'
  readonly id: string
  readonly pathName: string
  readonly link: PeerLink
  readonly #options: ViewerConnOptions
  readonly #log: Log
  #viewer: RtcViewer | undefined
  #nextReportMs = 0
  #isClosed = false

  constructor(options: ViewerConnOptions) {
    this.id = options.id
    this.pathName = options.pathName
    this.#options = options
    this.#log = options.log
    this.link = new PeerLink(options.link, {
      connected: (keys, to) => this.#connected(keys, to),
      moved: (to) => {
        if (this.#viewer) this.#viewer.to = to
      },
      closed: (reason, fault) => {
        if (fault) this.#fault(fault)
        this.close(reason)
      },
    })
  }

  get remote(): string {
    return this.link.remote
  }

  get viewer(): RtcViewer | undefined {
    return this.#viewer
  }

  readCounters(): SessionCounters {
    return this.#viewer?.counters ?? {}
  }

  handleMedia(nowMs: number, datagram: Uint8Array): void {
    if (!isRtcp(datagram)) return
    try {
      this.#viewer?.handleRtcp(nowMs, datagram)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#fault(error)
    }
  }

  tick(nowMs: number): void {
    this.link.tick(nowMs)
    if (nowMs < this.#nextReportMs) return
    this.#viewer?.sendReports(this.#options.wallOffsetMs + nowMs, this.#options.cname)
    this.#nextReportMs = nowMs + REPORT_INTERVAL_MS
  }

  end(reason: EndReason): void {
    this.#viewer?.sendBye(reason.message)
    this.close(reason.message)
  }

  close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.link.close()
    if (this.#viewer) this.#log.info({ packets: this.#viewer.packetsSent, reason }, 'viewer left')
    else this.#log.debug({ reason }, 'viewer gone before it was connected')
    const { feed, stream } = this.#options
    if (this.#viewer) feed.removeViewer(this.#viewer)
    stream.removeClient(this)
    this.#options.closed()
  }

  #connected({ profile, ...keys }: DtlsSrtpKeys, to: Destination): void {
    const local = deriveSessionKeys(profile, keys.localKey, keys.localSalt, nodeSrtpCrypto)
    const remote = deriveSessionKeys(profile, keys.remoteKey, keys.remoteSalt, nodeSrtpCrypto)
    const { feed, stream, accepted, link } = this.#options
    this.#viewer = new RtcViewer(
      feed,
      stream.tracks,
      accepted,
      {
        srtp: makeSrtpSender(profile, local.rtp, nodeSrtpCrypto),
        srtcpOut: new SrtcpSender(profile, local.rtcp, nodeSrtpCrypto),
        srtcpIn: new SrtcpReceiver(profile, remote.rtcp, nodeSrtpCrypto),
        out: link.port,
      },
      to,
    )
    this.#log.info({ media: addressKey(to), srtp: profile.name }, 'viewer connected')
    this.#viewer.sendReports(this.#options.wallOffsetMs + monotonicMs(), this.#options.cname)
    feed.addViewer(this.#viewer)
  }

  #fault(error: ProtocolError): void {
    this.#options.countFault(error.code)
    this.#log.debug({ code: error.code }, error.message)
  }
}
