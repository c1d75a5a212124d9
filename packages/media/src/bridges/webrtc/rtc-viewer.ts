import type { Track } from '../../hub/track.ts'
import { roundTripMs } from '../../protocols/rtp/round-trip.ts'
import { decodeRtcp } from '../../protocols/rtp/rtcp.ts'
import { encodeBye, encodeSenderReport, type ReportBlock } from '../../protocols/rtp/rtcp-report.ts'
import type { SrtcpReceiver, SrtcpSender } from '../../protocols/srtp/srtcp.ts'
import type { SrtpSender } from '../../protocols/srtp/srtp-sender.ts'
import type { DatagramOut, Destination } from './datagram-out.ts'
import type { AcceptedTrack } from './negotiate.ts'
import type { OutPacket } from './out-packet.ts'
import { OutTrack } from './out-track.ts'
import type { RtcFeed } from './rtc-feed.ts'
import { type LayerPlace, ViewerLayers } from './viewer-layers.ts'
import { type ViewerLevel, ViewerLink } from './viewer-link.ts'

/**
 * Nothing is sent to a viewer that was not heard for so long, in milliseconds, though it may come back until its consent ends. One that sends
 * nothing but its checks of consent lets six seconds pass between two of them, RFC 7675 section 5.1.
 */
const SILENT_MS = 6500

/** What DTLS and ICE gave to a viewer. */
export type RtcViewerTransport = {
  readonly srtp: SrtpSender
  readonly srtcpOut: SrtcpSender
  readonly srtcpIn: SrtcpReceiver
  readonly out: DatagramOut
}

/** What a viewer's session counts, of all its tracks together. Counters run from its start; what is not known yet is absent. */
export type RtcViewerCounters = {
  /** Octets of media sent, without headers. */
  readonly bytes: number
  readonly packets: number
  /** Packets that were sent again. */
  readonly repeated: number
  /** Packets that NACKs asked for. */
  readonly nacks: number
  /** PLI and FIR. */
  readonly plis: number
  /** As the viewer's receiver reports say. */
  readonly lost: number | undefined
  readonly rttMs: number | undefined
  /** Of the video where there is one. */
  readonly jitterMs: number | undefined
  /** What the path carries, in bits per second; absent while it has shown no bound. */
  readonly estimateBps: number | undefined
  /** What is sent of the picture. */
  readonly level: ViewerLevel
  /** Of a simulcast, the layer that is sent; undefined for a track without layers. */
  readonly place: LayerPlace | undefined
  /** Why not everything is sent, in plain words. */
  readonly levelReason: string | undefined
  /** Pictures that were left out because of the path. */
  readonly leftOut: number
}

/** One who watches by WebRTC: what of the stream is its own. */
export class RtcViewer {
  /** Where its packets go; ICE may change it at any time. */
  to: Destination
  /** By the track's position in the stream. */
  readonly tracks: readonly (OutTrack | undefined)[]
  /** By the track's position in the stream; of video alone. */
  readonly #layers: readonly (ViewerLayers | undefined)[]
  #nacks = 0
  #plis = 0
  readonly link: ViewerLink
  /** When something valid came from it. */
  #heardMs = Number.POSITIVE_INFINITY
  #isPaused = false
  /** The newest report block of each track. */
  readonly #reports: (ReportBlock | undefined)[] = []
  readonly #feed: RtcFeed
  readonly #transport: RtcViewerTransport

  constructor(feed: RtcFeed, tracks: readonly Track[], accepted: readonly AcceptedTrack[], transport: RtcViewerTransport, to: Destination) {
    this.to = to
    this.#feed = feed
    this.#transport = transport
    this.link = new ViewerLink(
      accepted.some(({ loss }) => loss.transportCcId !== undefined),
      feed,
    )
    this.tracks = tracks.map((track, trackIndex) => {
      const choice = accepted.find((candidate) => candidate.trackIndex === trackIndex)
      if (!choice) return undefined
      const { srtp, out } = transport
      const [ssrc, rtxSsrc] = [feed.ssrcs[trackIndex] as number, feed.rtxSsrcs[trackIndex] as number]
      return new OutTrack(track, choice, { srtp, out, link: this.link, ssrc, rtxSsrc, needsKeyFrame: (nowMs) => this.#afterCut(nowMs, trackIndex) })
    })
    this.#layers = this.tracks.map((out) => (out?.track.codec.kind === 'video' ? new ViewerLayers(out, this.link) : undefined))
    this.link.onTarget = (nowMs) => {
      for (const trackIndex of this.#layers.keys()) this.chooseLayer(nowMs, trackIndex)
    }
  }

  /** The layers of a track changed, or their bit rates, or what the path carries. */
  chooseLayer(nowMs: number, trackIndex: number): void {
    this.#layers[trackIndex]?.choose(nowMs)
    if (this.catchingUp) this.#feed.onCatchUp()
  }

  /** Packets sent, with those that were sent again. */
  get packetsSent(): number {
    return this.tracks.reduce((sum, track) => sum + (track?.packets ?? 0), 0)
  }

  get counters(): RtcViewerCounters {
    let bytes = 0
    let repeated = 0
    let lost: number | undefined
    let jitterMs: number | undefined
    for (const out of this.tracks) {
      if (!out) continue
      bytes += out.octets
      repeated += out.repeated
      const report = this.#reports[out.track.index]
      if (!report) continue
      lost = (lost ?? 0) + Math.max(0, report.cumulativeLost)
      if (jitterMs === undefined || out.track.codec.kind === 'video') jitterMs = (report.jitter * 1000) / out.track.clockRate
    }
    const { link } = this
    const leftOut = link.tally.droppedAlone + link.tally.cut
    const place = this.#layers.find((layers) => layers?.place)?.place
    // At the start a smaller one is sent for a moment without a reason.
    const isSmaller = place !== undefined && place.layer < place.layers - 1 && link.path !== undefined
    const levelReason = isSmaller ? `a smaller picture is sent (size ${place.layer + 1} of ${place.layers}), because ${link.path}` : link.reason
    const level = { estimateBps: link.estimateBps, level: link.level, levelReason, leftOut, place }
    return { bytes, packets: this.packetsSent, repeated, nacks: this.#nacks, plis: this.#plis, lost, rttMs: link.rttMs, jitterMs, ...level }
  }

  get catchingUp(): boolean {
    return this.tracks.some((track) => track?.catchingUp) || this.#layers.some((layers) => layers?.isProbing)
  }

  /** Sending begins, or goes on after a pause. */
  start(nowMs: number): void {
    this.link.watch(nowMs)
    for (const [trackIndex, layers] of this.#layers.entries()) {
      if (this.tracks[trackIndex]?.packets === 0) layers?.start(nowMs)
      else layers?.choose(nowMs)
    }
    for (const track of this.tracks) track?.start()
  }

  /** @returns packets sent */
  catchUp(nowMs: number, maxPackets: number, ready: OutPacket): number {
    let sent = 0
    for (const layers of this.#layers) if (layers?.isProbing) layers.probe(nowMs, ready, this.to)
    for (const track of this.tracks) if (track?.catchingUp) sent += track.catchUp(nowMs, maxPackets - sent, ready, this.to)
    return sent
  }

  /** Something valid came from the viewer: sending begins, or goes on. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#feed.addViewer(this)
  }

  /** Several times a second: sends no media to one that seems to have vanished. */
  tick(nowMs: number): void {
    if (this.#isPaused || nowMs - this.#heardMs < SILENT_MS) return
    this.#isPaused = true
    this.#feed.removeViewer(this)
  }

  /**
   * Takes a datagram with RTCP.
   * @throws ProtocolError `srtcp/…`, `rtcp/…`: the datagram is dropped and counted
   */
  handleRtcp(nowMs: number, datagram: Uint8Array): void {
    const messages = decodeRtcp(this.#transport.srtcpIn.unprotect(datagram))
    this.heard(nowMs)
    for (const message of messages) {
      if (message.type === 'nack') {
        this.#nacks += message.seqs.length
        this.link.watch(nowMs)
        const track = this.#trackOf(message.mediaSsrc)
        if (track) for (const seq of message.seqs) track.repeat(nowMs, seq, this.#feed.scratch, this.to)
        if (track?.catchingUp) this.#feed.onCatchUp()
      } else if (message.type === 'pli') {
        this.#plis++
        this.#needsKeyFrame(nowMs, message.mediaSsrc)
      } else if (message.type === 'fir') {
        this.#plis++
        for (const { ssrc } of message.entries) this.#needsKeyFrame(nowMs, ssrc)
      } else if (message.type === 'transport-feedback') {
        this.link.handleFeedback(nowMs, message, this.to.connection !== undefined)
      } else if (message.type === 'remb') {
        this.link.handleRemb(nowMs, message.bitrateBps)
      } else if (message.type === 'receiver-report' || message.type === 'sender-report') {
        for (const report of message.reports) this.#learnReport(nowMs, report)
      }
    }
  }

  /** @param wallMs wall clock of `nowMs`, in milliseconds since 1970 */
  sendReports(wallMs: number, cname: string): void {
    for (const track of this.tracks) {
      if (!track) continue
      const rtpTimestamp = this.#feed.timestampAt(wallMs, track.track.clockRate)
      const report = encodeSenderReport({ ssrc: track.ssrc, ntpMs: wallMs, rtpTimestamp, packets: track.packets, octets: track.octets, cname })
      this.#transport.out.send(this.#transport.srtcpOut.protect(report), this.to)
    }
  }

  /** The stream is over. */
  sendBye(reason: string): void {
    for (const track of this.tracks) {
      if (track) this.#transport.out.send(this.#transport.srtcpOut.protect(encodeBye({ ssrc: track.ssrc, reason })), this.to)
    }
  }

  #learnReport(nowMs: number, report: ReportBlock): void {
    const out = this.#trackOf(report.ssrc)
    if (!out) return
    this.#reports[out.track.index] = report
    out.handleReport(report.highestSeq)
    const rttMs = roundTripMs(report, this.#feed.wallMs(nowMs))
    const { fractionLost, cumulativeLost, highestSeq } = report
    this.link.handleReport(nowMs, rttMs, fractionLost > 0)
    if (out.track.codec.kind === 'video') this.link.handleVideoReport(nowMs, { rttMs, lost: cumulativeLost, highestSeq, octets: this.link.octets })
  }

  /** The publisher is asked where it can be, as its picture is new; otherwise what is there goes out once more, if it helps. */
  #needsKeyFrame(nowMs: number, ssrc: number): void {
    const out = this.#trackOf(ssrc)
    if (!out || this.#askForKeyFrame(nowMs, out) || out.hasAllOfSilent(nowMs)) return
    if (out.repeatGroup(nowMs)) this.#feed.onCatchUp()
  }

  #afterCut(nowMs: number, trackIndex: number): void {
    const out = this.tracks[trackIndex]
    if (out && this.#feed.mayAskAfterCut(out.track, nowMs) && this.#askForKeyFrame(nowMs, out)) this.#feed.askedAfterCut(out.track, nowMs)
  }

  #askForKeyFrame(nowMs: number, { track }: OutTrack): boolean {
    if (track.layers.length === 0) return this.#feed.askForKeyFrame(track, nowMs)
    this.#layers[track.index]?.requestKeyFrame(nowMs)
    return true
  }

  #trackOf(ssrc: number): OutTrack | undefined {
    return this.tracks.find((track) => track?.ssrc === ssrc)
  }
}
