import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Codec } from '../../codecs/codec.ts'
import { Stream } from '../../hub/stream.ts'
import { type LinkConditions, SimulatedLink, SimulatedReceiver } from '../../protocols/congestion/simulated-link.ts'
import { wallMsToNtp } from '../../protocols/rtp/ntp.ts'
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
const VIDEO_SSRC = 11
const FRAME_MS = 40
const GROUP_PICTURES = 25
const PACKET_BYTES = 1100
/** 25 pictures of 9 packets, the key frame of 27: about 2.1 Mbit/s. */
const STREAM_BPS = 2_140_000
const IDR = 0x65
const REFERENCE = 0x61
const NON_REFERENCE = 0x01

const WIDE: LinkConditions = { capacityBps: 20_000_000, delayMs: 20, queueMs: 400, loss: 0, jitterMs: 2 }

/** Which picture of the stream a packet is of. */
const pictureOf = (packet: RtpPacket | undefined): number => ((packet?.payload[1] ?? 0) << 8) | (packet?.payload[2] ?? 0)

type SceneOptions = {
  /** Every second picture is one that no other needs. */
  readonly withNonReference?: boolean
  readonly groupPictures?: number
  /** When the viewer comes. */
  readonly joinMs?: number
  /** The viewer knows receiver reports, and nothing of transport-wide feedback. */
  readonly onlyReports?: boolean
}

/** Encrypts nothing, so that what is sent can be read. */
const clearSrtp: SrtpStream = {
  protect: (out, at, headerBytes, payload, payloadBytes) => {
    out.bytes.set(payload.bytes.subarray(0, payloadBytes), at + headerBytes)
    return headerBytes + payloadBytes
  },
}

/** A stream, the server's side of a viewer, a path, and a viewer that reports. */
class Scene {
  readonly link = new SimulatedLink(WIDE)
  readonly viewer: RtcViewer
  /** In the order of sending. */
  readonly sent: (RtpPacket & { atMs: number; arrivedMs: number | undefined })[] = []
  readonly levels: ViewerLevel[] = []
  nowMs = 0
  readonly #stream: Stream
  readonly #feed: RtcFeed
  readonly #receiver = new SimulatedReceiver()
  readonly #withNonReference: boolean
  readonly #groupPictures: number
  readonly #joinMs: number
  #behind = false
  #pictures = 0

  constructor({ withNonReference = false, groupPictures = GROUP_PICTURES, joinMs = 0, onlyReports = false }: SceneOptions = {}) {
    this.#withNonReference = withNonReference
    this.#groupPictures = groupPictures
    this.#joinMs = joinMs
    this.#stream = new Stream([video, audio], { makePacketizer: () => ({ push: () => [] }), makeDepacketizer: () => ({ push: () => [] }) })
    this.#stream.begin('packets')
    this.#feed = new RtcFeed(this.#stream, {
      ssrcs: [VIDEO_SSRC, 22],
      rtxSsrcs: [23, 24],
      now: () => this.nowMs,
      wallOffsetMs: WALL_MS,
      onCatchUp: () => {
        this.#behind = true
      },
    })
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
    this.viewer = new RtcViewer(this.#feed, this.#stream.tracks, accepted, transport, { address: '192.0.2.1', port: 1 })
  }

  run(seconds: number, conditions?: Partial<LinkConditions>): void {
    this.link.conditions = { ...this.link.conditions, ...conditions }
    for (const end = this.nowMs + seconds * 1000; this.nowMs < end; this.nowMs++) {
      if (this.nowMs === this.#joinMs) this.#feed.addViewer(this.viewer)
      if (this.#behind) this.#behind = this.#feed.catchUp()
      if (this.nowMs % FRAME_MS === 0) this.#picture()
      if (this.nowMs % 20 === 0) this.#write(1, 1, true, true, Uint8Array.of(1))
      if (this.nowMs % 50 === 25) this.#feedBack()
      if (this.nowMs % 1000 === 500) this.#report()
      if (this.levels.at(-1) !== this.viewer.counters.level) this.levels.push(this.viewer.counters.level)
    }
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
    return Math.max(longest, this.nowMs - lastMs)
  }

  /** The picture before, if others need it, was sent as well. */
  #follows(picture: number): boolean {
    return this.#sentPictures.has(picture - 1) || this.#isNonReference(picture - 1)
  }

  readonly #sentPictures = new Set<number>()

  #isNonReference(picture: number): boolean {
    return this.#withNonReference && picture % this.#groupPictures !== 0 && picture % 2 === 1
  }

  #picture(): void {
    const key = this.#pictures % this.#groupPictures === 0
    const packets = key ? 27 : 9
    const payload = new Uint8Array(PACKET_BYTES)
    payload.set([0, this.#pictures >> 8, this.#pictures & 0xff])
    payload[0] = key ? IDR : this.#isNonReference(this.#pictures) ? NON_REFERENCE : REFERENCE
    for (let i = 0; i < packets; i++) this.#write(0, 90, i === packets - 1, key && i === 0, payload)
    this.#pictures++
  }

  #write(index: number, ticksPerMs: number, marker: boolean, randomAccess: boolean, payload: Uint8Array): void {
    const track = this.#stream.tracks[index]
    if (!track) return
    this.#stream.writePacket(track, { seq: track.nextSeq, timestamp: this.nowMs * ticksPerMs, marker, randomAccess, payload, arrivalMs: this.nowMs })
  }

  #onDatagram(bytes: Uint8Array): void {
    const arrivedMs = this.link.send(this.nowMs, bytes.length)
    const packet = decodeRtpPacket(bytes)
    this.sent.push({ ...packet, atMs: this.nowMs, arrivedMs })
    if (packet.ssrc === VIDEO_SSRC) this.#sentPictures.add(pictureOf(packet))
    const hasExtension = ((bytes[0] as number) & 0x10) !== 0
    const seq = ((bytes[17] as number) << 8) | (bytes[18] as number)
    if (hasExtension && arrivedMs !== undefined) this.#receiver.onPacket(seq, arrivedMs)
  }

  /** The round trip is that of the newest packet that came, and the same way back as on an empty path. */
  #report(): void {
    const video = this.sent.filter(({ ssrc, atMs, arrivedMs }) => ssrc === VIDEO_SSRC && (arrivedMs ?? atMs) <= this.nowMs)
    const newest = video.findLast(({ arrivedMs }) => arrivedMs !== undefined)
    if (!newest) return
    const rttMs = (newest.arrivedMs ?? 0) - newest.atMs + WIDE.delayMs
    const report = {
      ssrc: VIDEO_SSRC,
      fractionLost: 0,
      cumulativeLost: video.filter(({ arrivedMs }) => arrivedMs === undefined).length,
      highestSeq: newest.seq,
      jitter: 0,
      lastSenderReport: Number((wallMsToNtp(WALL_MS + this.nowMs - rttMs) >> 16n) & 0xffff_ffffn),
      delaySinceLastSenderReport: 0,
    }
    this.viewer.handleRtcp(this.nowMs, encodeReceiverReport({ ssrc: 1, reports: [report], cname: 'viewer' }))
  }

  #feedBack(): void {
    const made = this.#receiver.feedback(this.nowMs)
    if (made) this.viewer.handleRtcp(this.nowMs, encodeTransportFeedback({ ...made, senderSsrc: 1, mediaSsrc: VIDEO_SSRC, feedbackCount: 0 }))
  }
}

const assertNoSequenceGaps = (scene: Scene): void => {
  const seqs = scene.sent.filter(({ ssrc }) => ssrc === VIDEO_SSRC).map(({ seq }) => seq)
  for (const [i, seq] of seqs.entries()) if (i > 0) assert.equal(seq, ((seqs[i - 1] as number) + 1) & 0xffff)
}

/** What is shown later has a later time: also where the time of a group was stretched. */
const assertTimeGoesOn = (scene: Scene): void => {
  const times = scene.sent.filter(({ ssrc }) => ssrc === VIDEO_SSRC).map(({ timestamp }) => timestamp)
  for (const [i, time] of times.entries()) if (i > 0) assert.ok(time >= (times[i - 1] as number), `${times[i - 1]} ${time}`)
}

test('a wide path gets everything', () => {
  const scene = new Scene()
  scene.run(30)
  assert.deepEqual(scene.levels, ['full'])
  assert.equal(scene.viewer.counters.leftOut, 0)
  assertNoSequenceGaps(scene)
})

test('a path of 70 %: the beginning of each group goes on, and all of it soon after the path is wide again', () => {
  const scene = new Scene()
  scene.run(10)
  scene.run(40, { capacityBps: 0.7 * STREAM_BPS })
  const gapMs = scene.longestGapMs(15_000)
  assert.ok(gapMs < 1000, `no freeze over a second with a key frame each second: ${gapMs} ms`)
  assert.equal(scene.viewer.counters.level, 'group-start')
  assert.match(scene.viewer.counters.levelReason ?? '', /carries about 1\.\d of 2\.\d Mbit\/s/)
  assertNoSequenceGaps(scene)
  const delays = scene.sent
    .filter(({ ssrc, atMs, arrivedMs }) => ssrc !== VIDEO_SSRC && atMs > 15_000 && arrivedMs !== undefined)
    .map((packet) => (packet.arrivedMs ?? 0) - packet.atMs)
  assert.ok(Math.max(...delays) < 400, `sound is not later than ${Math.max(...delays)} ms`)
  scene.run(30, WIDE)
  assert.equal(scene.viewer.counters.level, 'full')
  const { leftOut } = scene.viewer.counters
  scene.run(20)
  assert.equal(scene.viewer.counters.leftOut, leftOut)
  assert.ok(scene.levels.length <= 7, `it does not waver: ${scene.levels}`)
})

test('who joins late in a long group on a path of 70 %: no freeze over a second after the first five', () => {
  for (const queueMs of [60, 200, 400]) {
    const scene = new Scene({ groupPictures: 50, joinMs: 1900 })
    scene.link.conditions = { ...WIDE, capacityBps: 0.7 * STREAM_BPS, queueMs }
    scene.run(40)
    const gapMs = scene.longestGapMs(6900)
    assert.ok(gapMs < 1000, `a queue of ${queueMs} ms: ${gapMs} ms`)
    assertTimeGoesOn(scene)
  }
})

test('10 % of random loss is no narrow path', () => {
  const scene = new Scene()
  scene.run(40, { loss: 0.1 })
  assert.deepEqual(scene.levels, ['full'])
})

test('a path that is narrow again and again: each time all comes back, and it does not waver', () => {
  const scene = new Scene()
  for (let round = 0; round < 4; round++) {
    scene.run(15, { capacityBps: 0.7 * STREAM_BPS })
    scene.run(25, WIDE)
    assert.equal(scene.viewer.counters.level, 'full')
  }
  assertTimeGoesOn(scene)
  assert.ok(scene.levels.length <= 4 * 5, `${scene.levels}`)
})

test('a viewer that only sends receiver reports gets what its path carries, too', () => {
  const scene = new Scene({ onlyReports: true })
  scene.run(10)
  scene.run(40, { capacityBps: 0.7 * STREAM_BPS })
  const gapMs = scene.longestGapMs(20_000)
  assert.ok(gapMs < 1000, `${gapMs} ms`)
  assert.equal(scene.viewer.counters.level, 'group-start')
  scene.run(40, WIDE)
  assert.equal(scene.viewer.counters.level, 'full')
})

test('pictures that no other one needs go first', () => {
  const scene = new Scene({ withNonReference: true })
  scene.run(10)
  scene.run(40, { capacityBps: 0.7 * STREAM_BPS })
  assert.equal(scene.viewer.counters.level, 'no-b')
  const gapMs = scene.longestGapMs(15_000)
  assert.ok(gapMs < 250, `every second picture comes: ${gapMs} ms`)
  assertNoSequenceGaps(scene)
  scene.run(60, WIDE)
  assert.equal(scene.viewer.counters.level, 'full')
})

test('a path that carries little more than key frames: they come, and sound', () => {
  const scene = new Scene()
  scene.run(10)
  scene.run(60, { capacityBps: 400_000 })
  const gapMs = scene.longestGapMs(30_000)
  assert.ok(gapMs < 2200, `a key frame each two seconds: ${gapMs} ms`)
  const sounds = scene.sent.filter(({ ssrc, atMs }) => ssrc !== VIDEO_SSRC && atMs > 30_000)
  assert.ok(sounds.filter(({ arrivedMs }) => arrivedMs !== undefined).length >= sounds.length * 0.97, 'sound comes through')
})

test('pictures leave at once as long as the path is wide; on a narrow one key frames are spread', () => {
  const scene = new Scene()
  scene.run(10)
  scene.run(20, { capacityBps: 0.7 * STREAM_BPS })
  const spreads = (type: number, fromMs: number, toMs: number): number[] => {
    const packets = scene.sent.filter(({ ssrc, atMs }) => ssrc === VIDEO_SSRC && atMs >= fromMs && atMs < toMs)
    return [...Map.groupBy(packets, ({ timestamp }) => timestamp).values()]
      .filter(([first]) => first?.payload[0] === type)
      .map((picture) => (picture.at(-1)?.atMs ?? 0) - (picture[0]?.atMs ?? 0))
  }
  assert.equal(Math.max(...spreads(REFERENCE, 1000, 10_000), ...spreads(IDR, 1000, 10_000)), 0)
  const narrow = Math.min(...spreads(IDR, 15_000, 29_000))
  assert.ok(narrow > 10, `${narrow} ms`)
})
