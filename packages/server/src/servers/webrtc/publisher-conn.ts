import { randomInt } from 'node:crypto'
import type { AcceptedMedia } from '@millrace/media/bridges/webrtc/accept-publisher.ts'
import type { Destination } from '@millrace/media/bridges/webrtc/datagram-out.ts'
import { RtcPublisher } from '@millrace/media/bridges/webrtc/rtc-publisher.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { codecLabel } from '@millrace/media/codecs/codec.ts'
import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { Hub, Publication, Publisher } from '@millrace/media/hub/hub.ts'
import type { Track } from '@millrace/media/hub/track.ts'
import type { DtlsSrtpKeys } from '@millrace/media/protocols/dtls/srtp-keys.ts'
import { isRtcp } from '@millrace/media/protocols/rtp/rtcp.ts'
import { deriveSessionKeys } from '@millrace/media/protocols/srtp/key-derivation.ts'
import { SrtpReceiver } from '@millrace/media/protocols/srtp/srtp-receiver.ts'
import { addressKey } from '@millrace/media/protocols/stun/transport-address.ts'
import type { Log } from '../../log/log.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { SessionCounters, SessionProbe, SessionRecorder } from '../../net/session-probe.ts'
import { PeerLink, type PeerLinkOptions } from './peer-link.ts'
import { SessionTap, TappedOut, TappedSrtcpReceiver, TappedSrtcpSender } from './session-tap.ts'
import { nodeSrtpCrypto } from './srtp-crypto.ts'
import type { OfferMaker, WebRtcConn } from './webrtc-conn.ts'

/** How soon a missing packet is asked for. */
const TICK_MS = 10

/**
 * A publisher from which nothing comes for so long is gone, as one by RTSP is. Even one that sends no media, since it is paused, checks its
 * consent every six seconds at least (RFC 7675 section 5.1).
 */
const SILENCE_TIMEOUT_MS = 10_000

export type PublisherConnOptions = {
  readonly id: string
  readonly pathName: string
  readonly hub: Hub
  readonly accepted: readonly AcceptedMedia[]
  readonly link: PeerLinkOptions
  readonly maker?: OfferMaker | undefined
  readonly cname: string
  readonly log: Log
  countFault(code: string): void
  /** It is over: forget it. */
  closed(): void
}

/** One who publishes: its way to us, and the path that it has from the handshake on. */
export class PublisherConn implements WebRtcConn, Publisher, SessionProbe {
  readonly protocol = 'webrtc'
  readonly id: string
  readonly pathName: string
  readonly link: PeerLink
  readonly tap = new SessionTap()
  readonly #options: PublisherConnOptions
  readonly #log: Log
  readonly #out: TappedOut
  #publisher: RtcPublisher | undefined
  #bytesIn = 0
  #publication: Publication | undefined
  #ticker: NodeJS.Timeout | undefined
  #packets = 0
  #mediaMs = 0
  #isClosed = false

  constructor(options: PublisherConnOptions) {
    this.id = options.id
    this.pathName = options.pathName
    this.#options = options
    this.#log = options.log
    this.#out = new TappedOut(options.link.port, this.tap)
    this.link = new PeerLink(options.link, {
      connected: (keys, to) => this.#connected(keys, to),
      moved: (to) => {
        this.tap.checked(to)
        if (this.#publisher) this.#publisher.to = to
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

  get lastHeardMs(): number {
    return Math.max(this.link.agent.lastValidMs, this.#mediaMs)
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

  handleMedia(nowMs: number, datagram: Uint8Array): void {
    this.#bytesIn += datagram.length
    try {
      if (isRtcp(datagram)) this.#publisher?.handleRtcp(nowMs, datagram)
      else {
        this.tap.recorder?.rtp('in', datagram, 0, datagram.length)
        this.#publisher?.handleRtp(nowMs, datagram)
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#fault(error)
    }
  }

  tick(nowMs: number): void {
    const packets = this.#publisher?.counters.packets ?? 0
    if (packets !== this.#packets) this.#mediaMs = nowMs
    this.#packets = packets
    if (this.link.connected && nowMs - this.lastHeardMs > SILENCE_TIMEOUT_MS) this.close('the peer went silent')
    else this.link.tick(nowMs)
  }

  requestKeyFrame(track: Track): void {
    this.#publisher?.requestKeyFrame(monotonicMs(), track)
  }

  readCounters(): SessionCounters {
    if (!this.#publisher) return {}
    const { bytes: _payload, ...counters } = this.#publisher.counters
    return { ...counters, bytesIn: this.#bytesIn, bytesOut: this.#out.bytesOut }
  }

  record(recorder: SessionRecorder | null): void {
    this.tap.record(recorder)
  }

  end(reason: EndReason): void {
    this.#publisher?.sendBye(reason.message)
    this.close(reason.message)
  }

  close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.tap.closed(reason)
    clearInterval(this.#ticker)
    this.link.close()
    if (this.#publication) this.#log.info({ ...this.#publisher?.counters, reason }, 'publisher left')
    else this.#log.debug({ reason }, 'publisher gone before it was connected')
    this.#publication?.close(monotonicMs(), reason)
    this.#options.closed()
  }

  #connected({ profile, ...keys }: DtlsSrtpKeys, to: Destination): void {
    const { hub, accepted, cname } = this.#options
    const codecs = accepted.map(({ codec }) => codec)
    let publication: Publication
    try {
      publication = hub.publish(this.pathName, codecs, 'packets', this, monotonicMs())
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#log.warn({ code: error.code }, error.message)
      this.close(error.message)
      return
    }
    const local = deriveSessionKeys(profile, keys.localKey, keys.localSalt, nodeSrtpCrypto)
    const remote = deriveSessionKeys(profile, keys.remoteKey, keys.remoteSalt, nodeSrtpCrypto)
    this.#publication = publication
    const transport = {
      srtp: new SrtpReceiver(profile, remote.rtp, nodeSrtpCrypto),
      srtcpIn: new TappedSrtcpReceiver(profile, remote.rtcp, this.tap),
      srtcpOut: new TappedSrtcpSender(profile, local.rtcp, this.tap),
      out: this.#out,
    }
    const publisher = new RtcPublisher(publication, accepted, transport, to, { ssrc: randomInt(1, 2 ** 32), cname })
    this.#publisher = publisher
    this.#ticker = setInterval(() => publisher.tick(monotonicMs()), TICK_MS)
    this.tap.connected(profile, to)
    this.#log.info({ media: addressKey(to), srtp: profile.name, tracks: codecs.map(codecLabel) }, 'publisher connected')
  }

  #fault(error: ProtocolError): void {
    this.#options.countFault(error.code)
    this.#log.debug({ code: error.code }, error.message)
  }
}
