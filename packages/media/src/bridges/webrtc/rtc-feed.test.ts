import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Codec } from '../../codecs/codec.ts'
import type { Converters } from '../../hub/converters.ts'
import { Stream } from '../../hub/stream.ts'
import { wallMsToNtp } from '../../protocols/rtp/ntp.ts'
import { encodeFir, encodeNack, encodePli } from '../../protocols/rtp/rtcp-feedback.ts'
import { encodeReceiverReport } from '../../protocols/rtp/rtcp-report.ts'
import { decodeRtpPacket, type RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import type { SrtcpReceiver, SrtcpSender } from '../../protocols/srtp/srtcp.ts'
import { SRTP_HEADROOM, type SrtpStream } from '../../protocols/srtp/srtp-sender.ts'
import { makeWordMemory } from '../../protocols/srtp/word-memory.ts'
import type { DatagramOut } from './datagram-out.ts'
import type { LossFormats } from './loss-formats.ts'
import { RtcFeed } from './rtc-feed.ts'
import { RtcViewer } from './rtc-viewer.ts'

const video: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const audio: Codec = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 }
const noConverters: Converters = { makePacketizer: () => ({ push: () => [] }), makeDepacketizer: () => ({ push: () => [] }) }
const VIDEO_SSRC = 11
const RTX_SSRC = 23
const PLAIN: LossFormats = { rtxPayloadType: undefined, transportCcId: undefined, takesFir: false }

/** Encrypts nothing, so that what would be sent can be read; keeps the index. */
const clearSrtp = (indices: number[]): SrtpStream => ({
  protect: (out, at, headerBytes, payload, payloadBytes, index) => {
    indices.push(index)
    out.bytes.set(payload.bytes.subarray(0, payloadBytes), at + headerBytes)
    return headerBytes + payloadBytes
  },
})

class Scene {
  readonly stream = new Stream([video, audio], noConverters)
  readonly sent: RtpPacket[] = []
  readonly indices: number[] = []
  readonly feed: RtcFeed
  catchUps = 0
  nowMs = 0
  /** Milliseconds that catch-ups took. */
  turns = 0
  #seq: number

  /** @param later `RtcFeedOptions.later` */
  constructor(firstSeq = 0, later?: (deliver: () => void) => void) {
    this.#seq = firstSeq
    this.stream.begin('packets')
    this.feed = new RtcFeed(this.stream, {
      ssrcs: [VIDEO_SSRC, 22],
      rtxSsrcs: [RTX_SSRC, 24],
      now: () => this.nowMs + this.turns,
      wallOffsetMs: 1e12,
      later,
      onCatchUp: () => this.catchUps++,
    })
  }

  /** Pictures of two packets each, 25 a second; the first is a key frame if it is said so. */
  pictures(count: number, key = false): void {
    const [track] = this.stream.tracks
    if (!track) return
    for (let i = 0; i < count; i++, this.nowMs += 40) {
      for (const marker of [false, true]) {
        const payload = Uint8Array.of(this.#seq & 0xff)
        this.stream.writePacket(track, {
          seq: this.#seq++,
          timestamp: this.nowMs * 90,
          marker,
          randomAccess: key && i === 0 && !marker,
          payload,
          arrivalMs: this.nowMs,
        })
      }
    }
  }

  /** A packet that does not end its picture. */
  begun(): void {
    const [track] = this.stream.tracks
    const common = { timestamp: this.nowMs * 90, marker: false, randomAccess: false, arrivalMs: this.nowMs }
    if (track) this.stream.writePacket(track, { seq: this.#seq, payload: Uint8Array.of(this.#seq++ & 0xff), ...common })
  }

  sound(): void {
    const [, track] = this.stream.tracks
    if (track)
      this.stream.writePacket(track, {
        seq: track.nextSeq,
        timestamp: this.nowMs * 48,
        marker: false,
        randomAccess: true,
        payload: Uint8Array.of(1),
        arrivalMs: this.nowMs,
      })
  }

  viewer(loss: LossFormats = PLAIN): RtcViewer {
    const memory = makeWordMemory(4096)
    const out: DatagramOut = {
      memory,
      reserve: () => SRTP_HEADROOM,
      sendReserved: (at, length) => this.sent.push(decodeRtpPacket(memory.bytes.slice(at, at + length))),
      send: () => undefined,
    }
    const accepted = [0, 1].map((trackIndex) => ({
      trackIndex,
      mediaIndex: trackIndex,
      map: { payloadType: 96 + trackIndex, encoding: '', clockRate: 0, channels: 1 },
      format: undefined,
      loss: trackIndex === 0 ? loss : PLAIN,
    }))
    const rtcp = { protect: (bytes: Uint8Array) => bytes, unprotect: (bytes: Uint8Array) => bytes } as unknown as SrtcpSender & SrtcpReceiver
    const transport = { srtp: { openStream: () => clearSrtp(this.indices) }, srtcpOut: rtcp, srtcpIn: rtcp, out }
    const viewer = new RtcViewer(this.feed, this.stream.tracks, accepted, transport, { address: '192.0.2.1', port: 1 })
    this.feed.addViewer(viewer)
    return viewer
  }

  /** Turns of a millisecond, until nobody is behind. */
  catchUp(): void {
    for (let turns = 0; this.feed.catchUp(); turns++, this.turns++) assert.ok(turns < 1000)
  }

  get video(): RtpPacket[] {
    return this.sent.filter(({ ssrc }) => ssrc === VIDEO_SSRC)
  }
}

test('who joins in the middle gets the group of pictures at once, its time pressed together, and then what comes', () => {
  const scene = new Scene()
  scene.pictures(100, true)
  scene.viewer()
  assert.equal(scene.catchUps, 1)
  scene.feed.catchUp()
  assert.ok(scene.video.length > 0 && scene.video.length < 50, 'not all in one burst')
  scene.pictures(1)
  scene.catchUp()
  scene.pictures(1)
  const packets = scene.video
  assert.deepEqual(
    packets.map(({ seq }) => seq),
    Array.from({ length: 204 }, (_, i) => i),
  )
  const times = [...new Set(packets.map(({ timestamp }) => timestamp))]
  assert.equal(times.length, 102, 'each picture has its own time')
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  )
  assert.ok((times[99] as number) - (times[0] as number) < 90 * 140, 'four seconds are an eighth of one')
  assert.deepEqual(
    times.slice(99),
    [99, 100, 101].map((picture) => picture * 3600),
  )
})

test('the packets of a picture go to one viewer after the other, at its end, or when nothing more comes in the turn', () => {
  const due: (() => void)[] = []
  const scene = new Scene(0, (deliver) => due.push(deliver))
  scene.pictures(1, true)
  scene.viewer()
  scene.viewer()
  scene.catchUp()
  const seqs = () => scene.sent.splice(0).map(({ seq }) => seq)
  assert.deepEqual(seqs(), [0, 1, 0, 1])
  scene.pictures(1)
  assert.deepEqual(seqs(), [2, 3, 2, 3], 'the picture ended')
  scene.begun()
  scene.begun()
  assert.deepEqual(seqs(), [])
  for (const deliver of due.splice(0)) deliver()
  assert.deepEqual(seqs(), [4, 5, 4, 5], 'the turn ended')
  for (let i = 0; i < 10; i++) scene.begun()
  assert.equal(seqs().length, 20, 'no more than that is kept back')
  scene.begun()
  scene.sound()
  assert.equal(seqs().length, 4, 'sound goes behind what came before, and at once')
  scene.begun()
  scene.viewer()
  assert.deepEqual(seqs(), [17, 17], 'who joins finds it in the cache only')
  scene.catchUp()
  assert.deepEqual(
    seqs(),
    Array.from({ length: 18 }, (_, i) => i),
  )
  for (const deliver of due.splice(0)) deliver()
  assert.deepEqual(seqs(), [], 'nothing goes twice')
})

test('without a key frame in the cache pictures begin with the next one, sound at once', () => {
  const scene = new Scene()
  scene.pictures(3)
  scene.viewer()
  scene.pictures(2)
  scene.sound()
  assert.equal(scene.video.length, 0)
  assert.equal(scene.sent.length, 1)
  scene.pictures(2, true)
  assert.deepEqual(
    scene.video.map(({ seq }) => seq),
    [10, 11, 12, 13],
  )
})

test("SRTP's first sequence number is below 2^15, and the count goes on past 2^16", () => {
  const scene = new Scene(200_000)
  scene.pictures(1, true)
  scene.viewer()
  scene.catchUp()
  assert.ok((scene.indices[0] as number) < 0x8000)
  scene.pictures(30_000)
  assert.equal(scene.indices.at(-1), (scene.indices[0] as number) + 60_001)
  assert.equal(scene.video.at(-1)?.seq, (scene.indices.at(-1) as number) & 0xffff)
})

test('a NACK is answered with the same packet, and not again right away, nor for what was never sent', () => {
  const scene = new Scene(40_000)
  scene.pictures(50, true)
  const viewer = scene.viewer()
  scene.catchUp()
  const [, , lost] = scene.video
  assert.ok(lost)
  const nack = (nowMs: number, ...seqs: number[]): RtpPacket[] => {
    const before = scene.sent.length
    viewer.handleRtcp(nowMs, encodeNack({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC, seqs }))
    return scene.sent.slice(before)
  }
  assert.deepEqual(nack(3000, lost.seq), [lost])
  assert.deepEqual(nack(3010, lost.seq), [])
  assert.deepEqual(nack(3100, lost.seq), [lost])
  assert.deepEqual(nack(3200, (lost.seq - 10) & 0xffff, (lost.seq + 5000) & 0xffff), [])
})

test('RFC 4588: what is sent again goes by a stream of its own, with the number that it had', () => {
  const scene = new Scene()
  scene.pictures(50, true)
  const viewer = scene.viewer({ ...PLAIN, rtxPayloadType: 99 })
  scene.catchUp()
  const [, , lost, , other] = scene.video
  assert.ok(lost && other)
  const before = scene.sent.length
  viewer.handleRtcp(3000, encodeNack({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC, seqs: [lost.seq, other.seq] }))
  assert.deepEqual(
    scene.sent.slice(before),
    [lost, other].map((packet, i) => ({ ...packet, ssrc: RTX_SSRC, payloadType: 99, seq: 1 + i, payload: Uint8Array.of(0, packet.seq, ...packet.payload) })),
  )
  scene.pictures(1)
  assert.equal(scene.video.at(-1)?.seq, 101, 'the stream itself goes on')
})

test('what NACKs can cost is bounded', () => {
  const scene = new Scene()
  scene.pictures(1500, true)
  const viewer = scene.viewer()
  scene.catchUp()
  const before = scene.sent.length
  for (let round = 0; round < 1000; round++) {
    const seqs = Array.from({ length: 500 }, (_, i) => 2000 + i)
    viewer.handleRtcp(60_000 + round, encodeNack({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC, seqs }))
  }
  const rounds = (scene.sent.length - before) / 500
  assert.ok(rounds <= 31, `each packet ${rounds} times in a second`)
})

test('a PLI brings the group again under new numbers, after the time that was sent, once a second', () => {
  const scene = new Scene()
  scene.pictures(20, true)
  const viewer = scene.viewer()
  scene.catchUp()
  const pli = (): void => viewer.handleRtcp(scene.nowMs, encodePli({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC }))
  pli()
  scene.catchUp()
  pli()
  assert.equal(scene.feed.catchUp(), false, 'the second one comes too soon')
  scene.pictures(1)
  assert.deepEqual(
    scene.video.map(({ seq }) => seq),
    Array.from({ length: 82 }, (_, i) => i),
  )
  const times = scene.video.map(({ timestamp }) => timestamp)
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  )
  // What is asked for from before the repetition is found as well.
  const before = scene.video.length
  viewer.handleRtcp(scene.nowMs, encodeNack({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC, seqs: [30, 50] }))
  assert.deepEqual(scene.video.slice(before), [scene.video[30], scene.video[50]])
})

test('an old group is not repeated: the next key frame is nearer', () => {
  const scene = new Scene()
  scene.pictures(200, true)
  const viewer = scene.viewer()
  scene.catchUp()
  viewer.handleRtcp(scene.nowMs, encodePli({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC }))
  assert.equal(viewer.catchingUp, false)
})

test('nothing is repeated to who has all of a stream that went silent; to who misses something it is', () => {
  const scene = new Scene()
  scene.pictures(20, true)
  const viewer = scene.viewer()
  scene.catchUp()
  scene.nowMs += 2000
  const report = (highestSeq: number): void => {
    const block = { ssrc: VIDEO_SSRC, fractionLost: 0, cumulativeLost: 0, highestSeq, jitter: 0, lastSenderReport: 0, delaySinceLastSenderReport: 0 }
    viewer.handleRtcp(scene.nowMs, encodeReceiverReport({ ssrc: 1, reports: [block], cname: 'c' }))
  }
  const pli = (): boolean => {
    viewer.handleRtcp(scene.nowMs, encodePli({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC }))
    return viewer.catchingUp
  }
  const newest = scene.video.at(-1)?.seq ?? 0
  report(newest)
  assert.equal(pli(), false)
  report(newest - 1)
  assert.equal(pli(), true)
})

test('a publisher that can be asked makes the key frame, once for all viewers', () => {
  const scene = new Scene()
  let asked = 0
  scene.stream.begin('packets', () => asked++)
  scene.pictures(20, true)
  const viewers = [scene.viewer(), scene.viewer()]
  scene.catchUp()
  for (const viewer of viewers) {
    viewer.handleRtcp(scene.nowMs, encodePli({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC }))
    viewer.handleRtcp(scene.nowMs, encodeFir({ senderSsrc: 1, entries: [{ ssrc: VIDEO_SSRC, commandSeq: 1 }] }))
    assert.equal(viewer.catchingUp, false)
  }
  assert.equal(asked, 1)
})

test('sound and picture have one clock in their reports', () => {
  const scene = new Scene()
  scene.nowMs = 1000
  scene.pictures(1, true)
  const wallMs = 1e12 + 3000
  assert.equal(scene.feed.timestampAt(wallMs, 90000), 3000 * 90)
  assert.equal(scene.feed.timestampAt(wallMs, 48000), 3000 * 48)
})

test('a viewer’s counters: what was sent, what it asked for, and what its receiver report says', () => {
  const scene = new Scene()
  const viewer = scene.viewer()
  scene.pictures(10, true)
  const { packets, bytes } = viewer.counters
  assert.deepEqual([packets, bytes], [20, 20])
  viewer.handleRtcp(1000, encodePli({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC }))
  viewer.handleRtcp(1000, encodeNack({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC, seqs: [3, 4] }))
  // The sender report went out at 500 ms; it came back at 1600 ms, after the viewer had held it for a second.
  const lastSenderReport = Number((wallMsToNtp(1e12 + 500) >> 16n) & 0xffff_ffffn)
  const block = { ssrc: VIDEO_SSRC, fractionLost: 0, cumulativeLost: 7, highestSeq: 20, jitter: 450, lastSenderReport, delaySinceLastSenderReport: 65_536 }
  viewer.handleRtcp(1600, encodeReceiverReport({ ssrc: 1, reports: [block], cname: 'viewer' }))
  const { nacks, plis, lost, jitterMs, rttMs = 0 } = viewer.counters
  assert.deepEqual({ nacks, plis, lost, jitterMs }, { nacks: 2, plis: 1, lost: 7, jitterMs: 5 })
  assert.ok(Math.abs(rttMs - 100) < 0.1, `${rttMs}`)
})

test('a connection that is too slow: pictures wait for a key frame after it caught up, without a gap; sound goes on', () => {
  const scene = new Scene()
  const viewer = scene.viewer()
  const connection = { isSlow: false, send: () => undefined }
  viewer.to = { address: '192.0.2.1', port: 1, connection }
  scene.pictures(2, true)
  connection.isSlow = true
  scene.pictures(2)
  scene.pictures(2, true)
  scene.sound()
  connection.isSlow = false
  scene.pictures(2)
  assert.equal(scene.video.length, 4)
  assert.equal(scene.sent.length - scene.video.length, 1)
  scene.pictures(2, true)
  scene.catchUp()
  const numbers = scene.video.map(({ seq }) => seq)
  assert.deepEqual(
    numbers,
    Array.from({ length: 8 }, (_, i) => (numbers[0] ?? 0) + i),
  )
})
