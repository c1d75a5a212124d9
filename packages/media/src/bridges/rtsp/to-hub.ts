import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { Publication } from '../../hub/hub.ts'
import type { Track } from '../../hub/track.ts'
import { ReceptionStats } from '../../protocols/rtp/reception-stats.ts'
import { ReorderBuffer } from '../../protocols/rtp/reorder-buffer.ts'
import { decodeRtcp } from '../../protocols/rtp/rtcp.ts'
import { encodeReceiverReport } from '../../protocols/rtp/rtcp-report.ts'
import { decodeRtpPacket, type RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { RtpIngest } from '../rtp/rtp-ingest.ts'
import { RtpTimeline } from '../rtp/rtp-timeline.ts'
import type { KnownMedia } from './codec-of-media.ts'

export type RtspReceiverOptions = {
  /** Whether packets can come out of order: those of UDP. */
  readonly reorder: boolean
  /** Ours, for receiver reports: 32 bits. */
  readonly ssrc: number
  readonly cname: string
}

type Incoming = {
  readonly media: KnownMedia
  readonly track: Track
  readonly ingest: RtpIngest
  readonly reorder: ReorderBuffer | undefined
  stats: ReceptionStats | undefined
  /** The sender that `stats` counts. */
  ssrc: number
}

/** Brings the packets of a publisher or a camera into the hub. */
export class RtspReceiver {
  /** Packets that were no RTP or RTCP, or of another payload type. */
  broken = 0
  readonly #options: RtspReceiverOptions
  readonly #timeline: RtpTimeline
  /** By position among the description's media sections. */
  readonly #incoming: (Incoming | undefined)[] = []

  /** @param media in the order of the publication's tracks */
  constructor(publication: Publication, media: readonly KnownMedia[], options: RtspReceiverOptions) {
    this.#options = options
    this.#timeline = new RtpTimeline(media.map((known) => known.codec.clockRate))
    publication.stream.tracks.forEach((track, index) => {
      const known = media[index]
      if (!known) throw new Error('the publication has other tracks than the description')
      this.#incoming[known.index] = {
        media: known,
        track,
        ingest: new RtpIngest(track, publication, this.#timeline),
        reorder: options.reorder ? new ReorderBuffer() : undefined,
        stats: undefined,
        ssrc: 0,
      }
    })
  }

  /** Tells the RTP timestamp that a track has at the moment where playing begins. */
  setRtpInfo(mediaIndex: number, rtpTime: number): void {
    const incoming = this.#incoming[mediaIndex]
    if (incoming) this.#timeline.setRtpInfo(incoming.track.index, rtpTime)
  }

  /** @param bytes become part of the stream and must not be written to afterwards. Packets of tracks that the hub does not take are dropped. */
  onRtp(nowMs: number, mediaIndex: number, bytes: Uint8Array): void {
    const incoming = this.#incoming[mediaIndex]
    if (!incoming) return
    let packet: RtpPacket
    try {
      packet = decodeRtpPacket(bytes)
    } catch (error) {
      this.#countBroken(error)
      return
    }
    if (packet.payloadType !== incoming.media.payloadType) {
      this.broken++
      return
    }
    if (!incoming.stats || packet.ssrc !== incoming.ssrc) {
      incoming.ssrc = packet.ssrc
      incoming.stats = new ReceptionStats(packet.ssrc, incoming.track.clockRate)
    }
    incoming.stats.onPacket(nowMs, packet.seq, packet.timestamp)
    if (incoming.reorder) this.#deliver(nowMs, incoming, incoming.reorder.push(nowMs, packet))
    else incoming.ingest.push(nowMs, packet)
  }

  onRtcp(nowMs: number, mediaIndex: number, bytes: Uint8Array): void {
    const incoming = this.#incoming[mediaIndex]
    if (!incoming) return
    try {
      for (const message of decodeRtcp(bytes)) {
        if (message.type !== 'sender-report') continue
        this.#timeline.onSenderReport(incoming.track.index, message.ntpMs, message.rtpTimestamp)
        if (message.ssrc === incoming.ssrc) incoming.stats?.onSenderReport(nowMs, message.compactNtp)
      }
    } catch (error) {
      this.#countBroken(error)
    }
  }

  /** Goes on without packets that were waited for too long. Call it some times a second where packets can come out of order. */
  expire(nowMs: number): void {
    for (const incoming of this.#incoming) if (incoming?.reorder) this.#deliver(nowMs, incoming, incoming.reorder.expire(nowMs))
  }

  /** What came of all tracks since the start; the jitter is the video's. */
  counters(): { readonly packets: number; readonly lost: number; readonly jitterMs: number | undefined } {
    let packets = 0
    let lost = 0
    let jitterMs: number | undefined
    for (const incoming of this.#incoming) {
      if (!incoming?.stats) continue
      packets += incoming.stats.received
      lost += incoming.stats.lost
      if (jitterMs === undefined || incoming.media.codec.kind === 'video') jitterMs = incoming.stats.jitterMs
    }
    return { packets, lost, jitterMs }
  }

  /** One report for each track that packets came of; RFC 3550 wants one about every 5 s. */
  receiverReports(nowMs: number): { readonly mediaIndex: number; readonly bytes: Uint8Array }[] {
    const found: { mediaIndex: number; bytes: Uint8Array }[] = []
    const { ssrc, cname } = this.#options
    for (const incoming of this.#incoming) {
      const report = incoming?.stats?.report(nowMs)
      if (incoming && report) found.push({ mediaIndex: incoming.media.index, bytes: encodeReceiverReport({ ssrc, reports: [report], cname }) })
    }
    return found
  }

  #deliver(nowMs: number, incoming: Incoming, packets: readonly RtpPacket[]): void {
    for (let i = 0; i < packets.length; i++) incoming.ingest.push(nowMs, packets[i] as RtpPacket)
  }

  #countBroken(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error
    this.broken++
  }
}
