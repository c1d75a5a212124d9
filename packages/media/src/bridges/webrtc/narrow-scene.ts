import type { Codec } from '../../codecs/codec.ts'
import { Stream } from '../../hub/stream.ts'
import { type LinkConditions, SimulatedLink, SimulatedReceiver } from '../../protocols/congestion/simulated-link.ts'
import { wallMsToNtp } from '../../protocols/rtp/ntp.ts'
import { encodeRemb } from '../../protocols/rtp/rtcp-feedback.ts'
import { encodeReceiverReport } from '../../protocols/rtp/rtcp-report.ts'
import { decodeRtpPacket, type RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { encodeTransportFeedback } from '../../protocols/rtp/transport-feedback.ts'
import type { SrtcpReceiver, SrtcpSender } from '../../protocols/srtp/srtcp.ts'
import { SRTP_HEADROOM, type SrtpStream } from '../../protocols/srtp/srtp-sender.ts'
import { makeWordMemory } from '../../protocols/srtp/word-memory.ts'
import { RtcFeed } from './rtc-feed.ts'
import { RtcViewer } from './rtc-viewer.ts'
import type { ViewerLevel } from './viewer-link.ts'

const video: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const audio: Codec = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 }
const WALL_MS = 1e12
export const VIDEO_SSRC = 11
export const FRAME_MS = 40
const GROUP_PICTURES = 25
const PACKET_BYTES = 1100
const SMALL_PACKET_BYTES = 300
const SMALL_SOUND_BYTES = 88
/** 25 pictures of 9 packets, the key frame of 27: about 2.1 Mbit/s. */
export const STREAM_BPS = 2_140_000
/** A publisher that is asked for a key frame sends it so much later, in milliseconds. */
const KEY_FRAME_TAKES_MS = 60
export const IDR = 0x65
export const REFERENCE = 0x61
const NON_REFERENCE = 0x01

export const WIDE: LinkConditions = { capacityBps: 20_000_000, delayMs: 20, queueMs: 400, loss: 0, jitterMs: 2 }

/** Which picture of the stream a packet is of. */
const pictureOf = (packet: RtpPacket | undefined): number => ((packet?.payload[1] ?? 0) << 8) | (packet?.payload[2] ?? 0)

export type SceneOptions = {
  /** Every second picture is one that no other needs. */
  readonly withNonReference?: boolean
  readonly groupPictures?: number
  /** When the viewer comes. */
  readonly joinMs?: number
  /** The viewer knows receiver reports, and nothing of transport-wide feedback. */
  readonly onlyReports?: boolean
  /** The publisher sends key frames only when it is asked for one. */
  readonly onDemand?: boolean
  /** A picture of 85 kbit/s with a key frame each two seconds, and sound that takes 40. */
  readonly small?: boolean
  /** On paths of their own, with the same conditions. */
  readonly viewers?: number
}

/** Encrypts nothing, so that what is sent can be read. */
const clearSrtp: SrtpStream = {
  protect: (out, at, headerBytes, payload, payloadBytes) => {
    out.bytes.set(payload.bytes.subarray(0, payloadBytes), at + headerBytes)
    return headerBytes + payloadBytes
  },
}

/** A viewer that reports, its path, and the server's side of it. */
export class SceneViewer {
  readonly link = new SimulatedLink(WIDE)
  readonly viewer: RtcViewer
  /** In the order of sending. */
  readonly sent: (RtpPacket & { atMs: number; arrivedMs: number | undefined })[] = []
  readonly levels: ViewerLevel[] = []
  /** It vanished: nothing comes from it. */
  isMute = false
  /** Reports, and no feedback of each packet, though it said that it would. */
  isTerse = false
  /** What it takes at most, which it says by REMB each second. */
  takesBps: number | undefined
  readonly #scene: Scene
  readonly #receiver = new SimulatedReceiver()
  readonly #sentPictures = new Set<number>()

  constructor(scene: Scene, stream: Stream, feed: RtcFeed, onlyReports: boolean) {
    this.#scene = scene
    const memory = makeWordMemory(4096)
    const rtcp = { protect: (bytes: Uint8Array) => bytes, unprotect: (bytes: Uint8Array) => bytes } as unknown as SrtcpSender & SrtcpReceiver
    const accepted = [0, 1].map((trackIndex) => ({
      trackIndex,
      mediaIndex: trackIndex,
      map: { payloadType: 96 + trackIndex, encoding: '', clockRate: 0, channels: 1 },
      format: undefined,
      loss: { rtxPayloadType: undefined, transportCcId: trackIndex === 0 && !onlyReports ? 4 : undefined, takesFir: false },
    }))
    const out = { memory, reserve: () => SRTP_HEADROOM, sendReserved: (at: number, length: number) => this.#onDatagram(memory.bytes.slice(at, at + length)) }
    const transport = { srtp: { openStream: () => clearSrtp }, srtcpOut: rtcp, srtcpIn: rtcp, out: { ...out, send: () => undefined } }
    this.viewer = new RtcViewer(feed, stream.tracks, accepted, transport, { address: '192.0.2.1', port: 1 })
  }

  /** Each millisecond. */
  tick(nowMs: number): void {
    if (!this.isMute && nowMs % 50 === 25) this.#feedBack(nowMs)
    if (!this.isMute && nowMs % 1000 === 500) this.#report(nowMs)
    if (this.takesBps !== undefined && nowMs % 1000 === 700) {
      this.viewer.handleRtcp(nowMs, encodeRemb({ senderSsrc: 1, bitrateBps: this.takesBps, ssrcs: [VIDEO_SSRC] }))
    }
    if (this.levels.at(-1) !== this.viewer.counters.level) this.levels.push(this.viewer.counters.level)
  }

  /** Longest time between two pictures that can be decoded when they come, from a moment on. */
  longestGapMs(sinceMs: number): number {
    let longest = 0
    let lastMs = sinceMs
    let chain = false
    for (const packets of Map.groupBy(
      this.sent.filter(({ ssrc }) => ssrc === VIDEO_SSRC),
      pictureOf,
    ).values()) {
      const isWhole = packets.every(({ arrivedMs }) => arrivedMs !== undefined) && packets.at(-1)?.marker === true
      const type = packets[0]?.payload[0]
      if (type === IDR) chain = isWhole
      else if (type === REFERENCE && !(isWhole && this.#follows(pictureOf(packets[0])))) chain = false
      const atMs = Math.max(...packets.map(({ arrivedMs }) => arrivedMs ?? 0))
      if (!chain || !isWhole || atMs < sinceMs) continue
      longest = Math.max(longest, atMs - lastMs)
      lastMs = atMs
    }
    return Math.max(longest, this.#scene.nowMs - lastMs)
  }

  /** What was left out does not look lost. */
  get hasNoSequenceGaps(): boolean {
    const seqs = this.sent.filter(({ ssrc }) => ssrc === VIDEO_SSRC).map(({ seq }) => seq)
    return seqs.every((seq, i) => i === 0 || seq === (((seqs[i - 1] as number) + 1) & 0xffff))
  }

  /** What is shown later has a later time: also where the time of a group was stretched. */
  get timeGoesOn(): boolean {
    const times = this.sent.filter(({ ssrc }) => ssrc === VIDEO_SSRC).map(({ timestamp }) => timestamp)
    return times.every((time, i) => i === 0 || time >= (times[i - 1] as number))
  }

  /** The picture before, if others need it, was sent as well. */
  #follows(picture: number): boolean {
    return this.#sentPictures.has(picture - 1) || this.#scene.isNonReference(picture - 1)
  }

  #onDatagram(bytes: Uint8Array): void {
    const { nowMs } = this.#scene
    const arrivedMs = this.link.send(nowMs, bytes.length)
    const packet = decodeRtpPacket(bytes)
    this.sent.push({ ...packet, atMs: nowMs, arrivedMs })
    if (packet.ssrc === VIDEO_SSRC) this.#sentPictures.add(pictureOf(packet))
    const hasExtension = ((bytes[0] as number) & 0x10) !== 0
    const seq = ((bytes[17] as number) << 8) | (bytes[18] as number)
    if (hasExtension && arrivedMs !== undefined) this.#receiver.onPacket(seq, arrivedMs)
  }

  /** The round trip is that of the newest packet that came, and the same way back as on an empty path. */
  #report(nowMs: number): void {
    const video = this.sent.filter(({ ssrc, atMs, arrivedMs }) => ssrc === VIDEO_SSRC && (arrivedMs ?? atMs) <= nowMs)
    const newest = video.findLast(({ arrivedMs }) => arrivedMs !== undefined)
    if (!newest) return
    const rttMs = (newest.arrivedMs ?? 0) - newest.atMs + WIDE.delayMs
    const report = {
      ssrc: VIDEO_SSRC,
      fractionLost: 0,
      cumulativeLost: video.filter(({ arrivedMs }) => arrivedMs === undefined).length,
      highestSeq: newest.seq,
      jitter: 0,
      lastSenderReport: Number((wallMsToNtp(WALL_MS + nowMs - rttMs) >> 16n) & 0xffff_ffffn),
      delaySinceLastSenderReport: 0,
    }
    this.viewer.handleRtcp(nowMs, encodeReceiverReport({ ssrc: 1, reports: [report], cname: 'viewer' }))
  }

  #feedBack(nowMs: number): void {
    const made = this.#receiver.feedback(nowMs)
    if (made && !this.isTerse) this.viewer.handleRtcp(nowMs, encodeTransportFeedback({ ...made, senderSsrc: 1, mediaSsrc: VIDEO_SSRC, feedbackCount: 0 }))
  }
}

/** A stream, and those who watch it. */
export class Scene {
  readonly viewers: readonly SceneViewer[]
  /** When the publisher was asked for key frames. */
  readonly askedMs: number[] = []
  nowMs = 0
  readonly feed: RtcFeed
  readonly #stream: Stream
  readonly #options: SceneOptions
  readonly #groupPictures: number
  #behind = false
  #pictures = 0
  #keyAtMs = 0

  constructor(options: SceneOptions = {}) {
    this.#options = options
    this.#groupPictures = options.groupPictures ?? (options.small ? 2 * GROUP_PICTURES : GROUP_PICTURES)
    this.#stream = new Stream([video, audio], { makePacketizer: () => ({ push: () => [] }), makeDepacketizer: () => ({ push: () => [] }) })
    this.#stream.begin('packets', options.onDemand ? () => this.#onAsked() : undefined)
    this.feed = new RtcFeed(this.#stream, {
      ssrcs: [VIDEO_SSRC, 22],
      rtxSsrcs: [23, 24],
      now: () => this.nowMs,
      wallOffsetMs: WALL_MS,
      onCatchUp: () => {
        this.#behind = true
      },
    })
    this.viewers = Array.from({ length: options.viewers ?? 1 }, () => new SceneViewer(this, this.#stream, this.feed, options.onlyReports === true))
  }

  get first(): SceneViewer {
    return this.viewers[0] as SceneViewer
  }

  run(seconds: number, conditions?: Partial<LinkConditions>): void {
    for (const { link } of this.viewers) link.conditions = { ...link.conditions, ...conditions }
    for (const end = this.nowMs + seconds * 1000; this.nowMs < end; this.nowMs++) {
      if (this.nowMs === (this.#options.joinMs ?? 0)) for (const { viewer } of this.viewers) this.feed.addViewer(viewer)
      if (this.#behind) this.#behind = this.feed.catchUp()
      if (this.nowMs % FRAME_MS === 0) this.#picture()
      if (this.nowMs % 20 === 0) this.#write(1, 1, true, true, new Uint8Array(this.#options.small ? SMALL_SOUND_BYTES : 1))
      for (const each of this.viewers) {
        each.tick(this.nowMs)
        each.viewer.tick(this.nowMs)
      }
    }
  }

  isNonReference(picture: number): boolean {
    return this.#options.withNonReference === true && picture % this.#groupPictures !== 0 && picture % 2 === 1
  }

  #onAsked(): void {
    this.askedMs.push(this.nowMs)
    this.#keyAtMs = this.nowMs + KEY_FRAME_TAKES_MS
  }

  #isKey(): boolean {
    if (!this.#options.onDemand) return this.#pictures % this.#groupPictures === 0
    if (this.nowMs < this.#keyAtMs) return false
    this.#keyAtMs = Number.POSITIVE_INFINITY
    return true
  }

  #picture(): void {
    const key = this.#isKey()
    const { small } = this.#options
    const packets = small ? (key ? 5 : 1) : key ? 27 : 9
    const payload = new Uint8Array(small && !key ? SMALL_PACKET_BYTES : PACKET_BYTES)
    payload.set([0, this.#pictures >> 8, this.#pictures & 0xff])
    payload[0] = key ? IDR : this.isNonReference(this.#pictures) ? NON_REFERENCE : REFERENCE
    for (let i = 0; i < packets; i++) this.#write(0, 90, i === packets - 1, key && i === 0, payload)
    this.#pictures++
  }

  #write(index: number, ticksPerMs: number, marker: boolean, randomAccess: boolean, payload: Uint8Array): void {
    const track = this.#stream.tracks[index]
    if (!track) return
    this.#stream.writePacket(track, { seq: track.nextSeq, timestamp: this.nowMs * ticksPerMs, marker, randomAccess, payload, arrivalMs: this.nowMs })
  }
}
