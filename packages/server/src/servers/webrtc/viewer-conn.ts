import type { Destination } from '@millrace/media/bridges/webrtc/datagram-out.ts'
import type { AcceptedTrack } from '@millrace/media/bridges/webrtc/negotiate.ts'
import type { RtcFeed } from '@millrace/media/bridges/webrtc/rtc-feed.ts'
import { RtcViewer } from '@millrace/media/bridges/webrtc/rtc-viewer.ts'
import type { ViewerLevel } from '@millrace/media/bridges/webrtc/viewer-link.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { Stream, StreamClient } from '@millrace/media/hub/stream.ts'
import type { DtlsSrtpKeys } from '@millrace/media/protocols/dtls/srtp-keys.ts'
import { isRtcp } from '@millrace/media/protocols/rtp/rtcp.ts'
import { deriveSessionKeys } from '@millrace/media/protocols/srtp/key-derivation.ts'
import { makeSrtpSender } from '@millrace/media/protocols/srtp/srtp-sender.ts'
import { addressKey } from '@millrace/media/protocols/stun/transport-address.ts'
import type { Log } from '../../log/log.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { SessionCounters, SessionProbe, SessionRecorder } from '../../net/session-probe.ts'
import { PeerLink, type PeerLinkOptions } from './peer-link.ts'
import { SessionTap, TappedOut, TappedSrtcpReceiver, TappedSrtcpSender } from './session-tap.ts'
import { nodeSrtpCrypto } from './srtp-crypto.ts'
import type { OfferMaker, WebRtcConn } from './webrtc-conn.ts'

const REPORT_INTERVAL_MS = 1000
/** From least to all; their places are the layers in the statistics, where the publisher sends one picture. */
const LEVELS: readonly ViewerLevel[] = ['key-frames', 'group-start', 'no-b', 'full']

export type ViewerConnOptions = {
  readonly id: string
  readonly pathName: string
  readonly stream: Stream
  readonly feed: RtcFeed
  readonly accepted: readonly AcceptedTrack[]
  readonly link: PeerLinkOptions
  readonly maker?: OfferMaker | undefined
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
  readonly tap = new SessionTap()
  readonly #options: ViewerConnOptions
  readonly #log: Log
  readonly #out: TappedOut
  #viewer: RtcViewer | undefined
  #bytesIn = 0
  #nextReportMs = 0
  #isClosed = false

  constructor(options: ViewerConnOptions) {
    this.id = options.id
    this.pathName = options.pathName
    this.#options = options
    this.#log = options.log
    this.#out = new TappedOut(options.link.port, this.tap)
    this.link = new PeerLink(options.link, {
      connected: (keys, to) => this.#connected(keys, to),
      moved: (to) => {
        this.tap.checked(to)
        if (!this.#viewer) return
        this.#viewer.to = to
        this.#viewer.heard(monotonicMs())
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

  get user(): string | undefined {
    return this.#options.maker?.user
  }

  get userAgent(): string | undefined {
    return this.#options.maker?.userAgent
  }

  get transport(): 'udp' | 'tcp' | undefined {
    return this.link.transport
  }

  get isActive(): boolean {
    return this.link.connected
  }

  get viewer(): RtcViewer | undefined {
    return this.#viewer
  }

  readCounters(): SessionCounters {
    if (!this.#viewer) return {}
    const { level, levelReason, leftOut, place, bytes: _payload, ...counters } = this.#viewer.counters
    const bytes = { bytesIn: this.#bytesIn, bytesOut: this.#out.bytesOut }
    const layer = place ? place.layer : LEVELS.indexOf(level)
    return { ...counters, ...bytes, layer, dropped: leftOut, dropReason: 'congestion', reason: levelReason }
  }

  record(recorder: SessionRecorder | null): void {
    this.tap.record(recorder)
  }

  handleMedia(nowMs: number, datagram: Uint8Array): void {
    if (!isRtcp(datagram)) return
    this.#bytesIn += datagram.length
    try {
      this.#viewer?.handleRtcp(nowMs, datagram)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#fault(error)
    }
  }

  tick(nowMs: number): void {
    this.link.tick(nowMs)
    this.#viewer?.tick(nowMs)
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
    this.tap.closed(reason)
    this.link.close()
    if (this.#viewer) this.#log.info({ packets: this.#viewer.packetsSent, reason }, 'viewer left')
    else this.#log.debug({ reason }, 'viewer gone before it was connected')
    const { feed, stream } = this.#options
    if (this.#viewer) feed.removeViewer(this.#viewer)
    stream.removeClient(this, reason)
    this.#options.closed()
  }

  #connected({ profile, ...keys }: DtlsSrtpKeys, to: Destination): void {
    const local = deriveSessionKeys(profile, keys.localKey, keys.localSalt, nodeSrtpCrypto)
    const remote = deriveSessionKeys(profile, keys.remoteKey, keys.remoteSalt, nodeSrtpCrypto)
    const { feed, stream, accepted } = this.#options
    this.#viewer = new RtcViewer(
      feed,
      stream.tracks,
      accepted,
      {
        srtp: makeSrtpSender(profile, local.rtp, nodeSrtpCrypto),
        srtcpOut: new TappedSrtcpSender(profile, local.rtcp, this.tap),
        srtcpIn: new TappedSrtcpReceiver(profile, remote.rtcp, this.tap),
        out: this.#out,
      },
      to,
    )
    this.tap.connected(profile, to)
    this.#log.info({ media: addressKey(to), srtp: profile.name }, 'viewer connected')
    this.#viewer.sendReports(this.#options.wallOffsetMs + monotonicMs(), this.#options.cname)
    feed.addViewer(this.#viewer)
    this.#viewer.heard(monotonicMs())
  }

  #fault(error: ProtocolError): void {
    this.#options.countFault(error.code)
    this.#log.debug({ code: error.code }, error.message)
  }
}
