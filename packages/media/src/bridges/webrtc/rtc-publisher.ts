import { decodeUtf8 } from '../../bytes/utf8.ts'
import type { Publication } from '../../hub/hub.ts'
import type { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import { ArrivalRecorder } from '../../protocols/rtp/arrival-recorder.ts'
import { findHeaderExtension } from '../../protocols/rtp/header-extensions.ts'
import { decodeRtcp } from '../../protocols/rtp/rtcp.ts'
import { encodeFir, encodeNack, encodePli, encodeRemb } from '../../protocols/rtp/rtcp-feedback.ts'
import { encodeBye, encodeReceiverReport } from '../../protocols/rtp/rtcp-report.ts'
import { decodeRtpPacket, type RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { encodeTransportFeedback } from '../../protocols/rtp/transport-feedback.ts'
import type { SrtcpReceiver, SrtcpSender } from '../../protocols/srtp/srtcp.ts'
import { MAX_SRTP_SOURCES, type SrtpReceiver } from '../../protocols/srtp/srtp-receiver.ts'

import { RtpTimeline } from '../rtp/rtp-timeline.ts'
import type { AcceptedMedia } from './accept-publisher.ts'
import type { DatagramOut, Destination } from './datagram-out.ts'
import type { InSource } from './in-source.ts'
import { InTrack } from './in-track.ts'
import type { LayerCounters } from './layer-counters.ts'
import { ReceiveRate } from './receive-rate.ts'
import { Redundancy } from './redundancy.ts'

const REPORT_INTERVAL_MS = 1000
/** Browsers reckon with feedback about each packet 10 to 20 times a second. */
const FEEDBACK_INTERVAL_MS = 50
/** A damaged picture is not complained about more often, in milliseconds. */
const KEY_FRAME_INTERVAL_MS = 1000
/**
 * WebRTC's encoders make key frames only when asked. Segments and recordings need them regularly; without such readers one is enough now and
 * then, so that who joins finds the beginning of the pictures in the ring. In milliseconds.
 */
const KEY_FRAME_PERIOD_MS = { units: 2000, packets: 8000 } as const
/** Bytes of the original sequence number in front of a packet that is sent again, RFC 4588 section 4. */
const OSN_BYTES = 2

/** What DTLS and ICE gave to a publisher. */
export type RtcPublisherTransport = {
  readonly srtp: Pick<SrtpReceiver, 'unprotect'>
  readonly srtcpOut: Pick<SrtcpSender, 'protect'>
  readonly srtcpIn: Pick<SrtcpReceiver, 'unprotect'>
  readonly out: Pick<DatagramOut, 'send'>
}

export type RtcPublisherOptions = {
  /** Ours, in RTCP: 32 bits. */
  readonly ssrc: number
  readonly cname: string
}

/** Counted since the start; the rest is as of now. */
export type RtcPublisherCounters = {
  readonly bytes: number
  readonly packets: number
  /** Packets that never came. */
  readonly lost: number
  /** Packets asked for again, each once. */
  readonly nacks: number
  /** Key frames asked for. */
  readonly plis: number
  /** Packets that came after they were asked for, or were made from others. */
  readonly repeated: number
  readonly rttMs: number | undefined
  readonly jitterMs: number | undefined
  readonly estimateBps: number | undefined
  /** Of a simulcast, the layer that is written to the stream: 0 for the lowest. */
  readonly layer: number | undefined
  /** What comes of each layer, the smallest first; undefined for a publisher of one picture. */
  readonly layers: readonly LayerCounters[] | undefined
}

/** Where the packets of an SSRC go. */
type Route = { readonly track: InTrack; readonly source: InSource; readonly isRepair: boolean; redundancy?: Redundancy }

/** One who publishes by WebRTC: brings its packets into the hub, and tells it what it has to know. */
export class RtcPublisher {
  /** Where RTCP goes; ICE may change it at any time. */
  to: Destination
  readonly tracks: readonly InTrack[]
  /** Packets that belong to no section. */
  unknown = 0
  readonly #transport: RtcPublisherTransport
  readonly #options: RtcPublisherOptions
  readonly #timeline: RtpTimeline
  readonly #routes = new Map<number, Route>()
  readonly #arrivals = new ArrivalRecorder()
  readonly #rate = new ReceiveRate()
  readonly #transportCc: number | undefined
  readonly #reducedSize: boolean
  #feedbackCount = 0
  #nextFeedbackMs = 0
  #nextReportMs = 0
  #firCount = 0
  readonly #stream: Stream
  /** When each source was asked for a key frame, by its SSRC. */
  readonly #keyFrameMs = new Map<number, number>()

  /** @param accepted in the order of the publication's tracks */
  constructor(publication: Publication, accepted: readonly AcceptedMedia[], transport: RtcPublisherTransport, to: Destination, options: RtcPublisherOptions) {
    this.to = to
    this.#stream = publication.stream
    this.#transport = transport
    this.#options = options
    this.#timeline = new RtpTimeline(accepted.map(({ codec }) => codec.clockRate))
    const ask = (nowMs: number, track: InTrack, source: InSource): boolean => this.#askForKeyFrame(nowMs, track, source)
    this.tracks = accepted.map((media, index) => new InTrack(publication.stream.tracks[index] as Track, media, publication, this.#timeline, ask))
    this.#transportCc = accepted.find(({ feedback }) => feedback.has('transport-cc'))?.extensions.transportCc
    this.#reducedSize = accepted.every(({ reducedSizeRtcp }) => reducedSizeRtcp)
  }

  /** What the publisher is told that the path carries, in bits per second; undefined where it finds out by itself. */
  get estimateBps(): number | undefined {
    return this.tracks.some(({ media }) => media.feedback.has('goog-remb')) ? this.#rate.bitrateBps : undefined
  }

  /** For statistics. */
  get counters(): RtcPublisherCounters {
    const sources = this.tracks.flatMap((track) => track.sources)
    const sum = (of: (source: InSource) => number): number => sources.reduce((total, source) => total + of(source), 0)
    const video = this.tracks.find((track) => track.track.codec.kind === 'video')
    return {
      bytes: sum((source) => source.octets),
      packets: sum((source) => source.packets),
      lost: sum((source) => source.lost),
      nacks: sum((source) => source.requested),
      plis: this.tracks.reduce((total, track) => total + track.plis, 0),
      repeated: sum((source) => source.recovered + source.mended),
      rttMs: video?.active?.roundTripMs,
      jitterMs: (video ?? this.tracks[0])?.active?.jitterMs,
      estimateBps: this.estimateBps,
      layer: video?.layer,
      layers: video && video.layerCounters.length > 0 ? video.layerCounters : undefined,
    }
  }

  /**
   * Takes a datagram with RTP.
   * @throws ProtocolError `srtp/…`, `rtp/…`: the datagram is dropped and counted
   */
  handleRtp(nowMs: number, datagram: Uint8Array): void {
    const bytes = this.#transport.srtp.unprotect(datagram)
    if (this.#transportCc !== undefined) {
      const count = findHeaderExtension(bytes, this.#transportCc)
      if (count?.length === 2) this.#arrivals.onPacket(nowMs, ((count[0] as number) << 8) | (count[1] as number))
    }
    const plain = decodeRtpPacket(bytes)
    const route = this.#routes.get(plain.ssrc) ?? this.#findRoute(bytes, plain)
    if (!route) {
      this.unknown++
      return
    }
    const { track, source, isRepair } = route
    const { dependencyDescriptor: id } = track.media.extensions
    const packet = id === undefined ? plain : { ...plain, dependencyDescriptor: findHeaderExtension(bytes, id) }
    if (!isRepair) {
      if (packet.payloadType === track.media.map.payloadType) track.push(nowMs, source, packet, false)
      else if (packet.payloadType === track.media.redPayloadType) this.#unwrap(nowMs, route, bytes, packet)
      return
    }
    // What is shorter is a probe of the path.
    if (packet.payload.length > OSN_BYTES && packet.payloadType === track.media.rtxPayloadType) track.push(nowMs, source, original(packet, track, source), true)
  }

  /**
   * Takes a datagram with RTCP.
   * @throws ProtocolError `srtcp/…`, `rtcp/…`: the datagram is dropped and counted
   */
  handleRtcp(nowMs: number, datagram: Uint8Array): void {
    for (const message of decodeRtcp(this.#transport.srtcpIn.unprotect(datagram))) {
      if (message.type !== 'sender-report') continue
      const route = this.#routes.get(message.ssrc)
      if (!route || route.isRepair) continue
      route.source.onSenderReport(nowMs, message)
      const offset = route.track.timestampOffset(route.source)
      if (route.source !== route.track.active || offset === undefined) continue
      this.#timeline.onSenderReport(route.track.track.index, message.ntpMs, (message.rtpTimestamp + offset) >>> 0)
    }
  }

  /** Asks for what is missing, and reports. Call it every 10 to 20 ms. */
  tick(nowMs: number): void {
    for (const track of this.tracks) {
      for (const source of track.sources) {
        const seqs = source.missing(nowMs)
        if (seqs.length > 0) this.#sendFeedback(encodeNack({ senderSsrc: this.#options.ssrc, mediaSsrc: source.ssrc, seqs }))
      }
      track.expire(nowMs)
      if (track.chooseSource(nowMs)) track.isDamaged = true
      const wanted = track.isDamaged || this.#isKeyFrameDue(nowMs, track)
      if (wanted && this.requestKeyFrame(nowMs, track.track)) track.isDamaged = false
    }
    if (nowMs >= this.#nextFeedbackMs) this.#sendArrivals(nowMs)
    if (nowMs >= this.#nextReportMs) this.#sendReports(nowMs)
  }

  /**
   * Asks for a picture where decoding can start, at most once a second for each source.
   * @returns whether it was asked, or never will be
   */
  requestKeyFrame(nowMs: number, { index, codec }: Track): boolean {
    const track = this.tracks[index]
    const source = track?.wanted
    return !track || !source || codec.kind !== 'video' || this.#askForKeyFrame(nowMs, track, source)
  }

  #askForKeyFrame(nowMs: number, track: InTrack, source: InSource): boolean {
    if (nowMs - (this.#keyFrameMs.get(source.ssrc) ?? Number.NEGATIVE_INFINITY) < KEY_FRAME_INTERVAL_MS) return false
    this.#keyFrameMs.set(source.ssrc, nowMs)
    const { feedback } = track.media
    const senderSsrc = this.#options.ssrc
    // Where neither was negotiated a PLI may still be understood.
    if (feedback.has('ccm fir') && !feedback.has('nack pli')) {
      this.#firCount = (this.#firCount + 1) & 0xff
      this.#sendFeedback(encodeFir({ senderSsrc, entries: [{ ssrc: source.ssrc, commandSeq: this.#firCount }] }))
    } else this.#sendFeedback(encodePli({ senderSsrc, mediaSsrc: source.ssrc }))
    track.plis++
    return true
  }

  #unwrap(nowMs: number, route: Route, bytes: Uint8Array, packet: RtpPacket): void {
    const { track, source } = route
    route.redundancy ??= new Redundancy(track.media)
    const { packet: own, earlier } = route.redundancy.unwrap(bytes, packet)
    for (const each of earlier) track.pushRedundant(nowMs, source, each)
    track.push(nowMs, source, own, false)
  }

  /** The server ends the session. */
  sendBye(reason: string): void {
    this.#send(encodeBye({ ssrc: this.#options.ssrc, reason }))
  }

  #isKeyFrameDue(nowMs: number, { track, active }: InTrack): boolean {
    if (!active || track.codec.kind !== 'video') return false
    const seq = track.ring.randomAccessSeq
    const newest = seq === undefined ? undefined : track.ring.get(seq)
    return !newest || nowMs - newest.arrivalMs >= KEY_FRAME_PERIOD_MS[this.#stream.readsUnits ? 'units' : 'packets']
  }

  #sendArrivals(nowMs: number): void {
    this.#nextFeedbackMs = nowMs + FEEDBACK_INTERVAL_MS
    const arrivals = this.#arrivals.take()
    if (!arrivals) return
    const mediaSsrc = this.tracks.find((track) => track.active)?.active?.ssrc ?? 0
    this.#sendFeedback(encodeTransportFeedback({ ...arrivals, senderSsrc: this.#options.ssrc, mediaSsrc, feedbackCount: this.#feedbackCount }))
    this.#feedbackCount = (this.#feedbackCount + 1) & 0xff
  }

  #sendReports(nowMs: number): void {
    this.#nextReportMs = nowMs + REPORT_INTERVAL_MS
    const sources = this.tracks.flatMap((track) => track.sources)
    const reports = sources.flatMap((source) => source.report(nowMs) ?? [])
    if (reports.length === 0) return
    const { ssrc, cname } = this.#options
    this.#send(encodeReceiverReport({ ssrc, reports, cname }))
    if (this.estimateBps === undefined) return
    const lossShare = Math.max(...reports.map(({ fractionLost }) => fractionLost / 256))
    const octets = sources.reduce((sum, source) => sum + source.octets, 0)
    this.#rate.update(nowMs, octets, lossShare)
    this.#sendFeedback(encodeRemb({ senderSsrc: ssrc, bitrateBps: this.#rate.bitrateBps, ssrcs: sources.map((source) => source.ssrc) }))
  }

  /** Feedback goes alone only where that was negotiated: RFC 5506 section 5. */
  #sendFeedback(message: Uint8Array): void {
    if (this.#reducedSize) {
      this.#send(message)
      return
    }
    const { ssrc, cname } = this.#options
    const report = encodeReceiverReport({ ssrc, reports: [], cname })
    const compound = new Uint8Array(report.length + message.length)
    compound.set(report)
    compound.set(message, report.length)
    this.#send(compound)
  }

  #send(bytes: Uint8Array): void {
    this.#transport.out.send(this.#transport.srtcpOut.protect(bytes), this.to)
  }

  /** By the SSRCs of the offer, the name of the section in the packet, or a payload type of one section only: RFC 9143 section 9.2. */
  #findRoute(bytes: Uint8Array, packet: RtpPacket): Route | undefined {
    if (this.#routes.size === MAX_SRTP_SOURCES) return undefined
    const fits = ({ media }: InTrack): boolean => [media.map.payloadType, media.rtxPayloadType, media.redPayloadType].includes(packet.payloadType)
    const candidates = this.tracks.filter(fits)
    const track =
      candidates.find(({ media }) => media.ssrcs.includes(packet.ssrc)) ??
      candidates.find(({ media }) => media.mid !== undefined && textOf(bytes, media.extensions.mid) === media.mid) ??
      (candidates.length === 1 ? candidates[0] : undefined)
    if (!track) return undefined
    const isRepair = packet.payloadType === track.media.rtxPayloadType
    const source = isRepair ? repairedSource(track, bytes, packet.ssrc) : track.sourceOf(packet.ssrc, textOf(bytes, track.media.extensions.rid) ?? '')
    if (!source) return undefined
    const route = { track, source, isRepair }
    this.#routes.set(packet.ssrc, route)
    return route
  }
}

const repairedSource = ({ media, sources }: InTrack, bytes: Uint8Array, ssrc: number): InSource | undefined => {
  const repaired = media.repairs.get(ssrc)
  if (repaired !== undefined) return sources.find((source) => source.ssrc === repaired)
  const rid = textOf(bytes, media.extensions.repairedRid)
  if (rid !== undefined) return sources.find((source) => source.rid === rid)
  return sources.length === 1 ? sources[0] : undefined
}

/** The packet that is sent again, RFC 4588 section 4. */
const original = ({ marker, timestamp, payload, dependencyDescriptor }: RtpPacket, { media }: InTrack, source: InSource): RtpPacket => ({
  payloadType: media.map.payloadType,
  marker,
  seq: ((payload[0] as number) << 8) | (payload[1] as number),
  timestamp,
  ssrc: source.ssrc,
  payload: payload.subarray(OSN_BYTES),
  dependencyDescriptor,
})

/** The header extension with that identifier as text, as `mid` and `rid` have it. */
const textOf = (bytes: Uint8Array, id: number | undefined): string | undefined => {
  const data = id === undefined ? undefined : findHeaderExtension(bytes, id)
  return data && decodeUtf8(data)
}
