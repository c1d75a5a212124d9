import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Codec } from '../../codecs/codec.ts'
import { Layer } from '../../hub/layer.ts'
import { Stream } from '../../hub/stream.ts'
import { SimulatedLink, SimulatedReceiver } from '../../protocols/congestion/simulated-link.ts'
import { encodeNack } from '../../protocols/rtp/rtcp-feedback.ts'
import { decodeRtpPacket, type RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { encodeTransportFeedback } from '../../protocols/rtp/transport-feedback.ts'
import type { SrtcpReceiver, SrtcpSender } from '../../protocols/srtp/srtcp.ts'
import { SRTP_HEADROOM, type SrtpStream } from '../../protocols/srtp/srtp-sender.ts'
import { makeWordMemory } from '../../protocols/srtp/word-memory.ts'
import type { DatagramConnection } from './datagram-out.ts'
import { decodableAlone, fittingLayer, startLayer } from './layer-choice.ts'
import { PathProbe } from './path-probe.ts'
import { RtcFeed } from './rtc-feed.ts'
import { RtcViewer } from './rtc-viewer.ts'

const video: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const VIDEO_SSRC = 11
const RTX_SSRC = 23
const FRAME_MS = 40
const PACKET_BYTES = 1000
const IDR = 0x65
const SLICE = 0x41
/** Packets of a picture, by layer: 200, 800 and 2400 kbit/s. */
const PACKETS = { l: 1, m: 4, h: 12 } as const
type Rid = keyof typeof PACKETS
const RIDS: readonly Rid[] = ['l', 'm', 'h']

const clearSrtp: SrtpStream = {
  protect: (out, at, headerBytes, payload, payloadBytes) => {
    out.bytes.set(payload.bytes.subarray(0, payloadBytes), at + headerBytes)
    return headerBytes + payloadBytes
  },
}

/** What a kernel takes for a connection before the process has to wait, and what the process lets wait before it calls it slow, in octets. */
const KERNEL_BYTES = 200_000
const SLOW_BYTES = 64_000
const CAUGHT_UP_BYTES = 32_000

/** A publisher of three layers that makes key frames when asked, the server's side of a viewer, and the path to it. */
class Scene {
  readonly link = new SimulatedLink({ capacityBps: 20_000_000, delayMs: 20, queueMs: 300, loss: 0, jitterMs: 1 })
  readonly sent: (RtpPacket & { readonly atMs: number })[] = []
  readonly layers = new Map<Rid, Layer>()
  readonly viewer: RtcViewer
  readonly stopped = new Set<Rid>()
  /** Key frames asked for, by layer. */
  readonly asked: Rid[] = []
  nowMs = 0
  readonly #stream = new Stream([video], { makePacketizer: () => ({ push: () => [] }), makeDepacketizer: () => ({ push: () => [] }) })
  readonly #receiver = new SimulatedReceiver()
  readonly #feed: RtcFeed
  readonly #isByTcp: boolean
  readonly #wantsKey = new Set<Rid>(RIDS)
  #behind = false
  /** Of a connection, what was written and did not arrive yet, in the order of arrival. */
  readonly #onWay: { readonly arrivedMs: number; readonly bytes: number }[] = []

  /**
   * @param isByTcp nothing is lost; what the path does not carry waits, and all is late where TCP repeats a packet
   * @param areParts each layer is part of the larger ones
   */
  constructor(isByTcp = false, areParts = false) {
    this.#isByTcp = isByTcp
    if (isByTcp) this.link.conditions = { ...this.link.conditions, queueMs: 60_000 }
    const stream = this.#stream
    stream.begin('packets')
    for (const rid of RIDS) this.layers.set(rid, new Layer(rid, this.track, () => this.#ask(rid), areParts))
    this.#tell()
    this.#feed = new RtcFeed(stream, {
      ssrcs: [VIDEO_SSRC],
      rtxSsrcs: [RTX_SSRC],
      now: () => this.nowMs,
      wallOffsetMs: 1e12,
      onCatchUp: () => (this.#behind = true),
    })
    const memory = makeWordMemory(4096)
    const rtcp = { protect: (bytes: Uint8Array) => bytes, unprotect: (bytes: Uint8Array) => bytes } as unknown as SrtcpSender & SrtcpReceiver
    const out = {
      memory,
      reserve: () => SRTP_HEADROOM,
      sendReserved: (at: number, length: number) => this.#onDatagram(memory.bytes.slice(at, at + length)),
      send: () => undefined,
    }
    const map = { payloadType: 96, encoding: '', clockRate: 0, channels: 1 }
    const loss = { rtxPayloadType: 97, transportCcId: 4, takesFir: false }
    const transport = { srtp: { openStream: () => clearSrtp }, srtcpOut: rtcp, srtcpIn: rtcp, out }
    const accepted = [{ trackIndex: 0, mediaIndex: 0, map, format: undefined, loss }]
    this.#pass(2000)
    this.viewer = new RtcViewer(this.#feed, stream.tracks, accepted, transport, {
      address: '192.0.2.1',
      port: 1,
      connection: isByTcp ? this.#connection() : undefined,
    })
    this.#feed.addViewer(this.viewer)
  }

  get track() {
    const [track] = this.#stream.tracks
    assert.ok(track)
    return track
  }

  run(seconds: number, capacityBps?: number): void {
    if (capacityBps !== undefined) this.link.conditions = { ...this.link.conditions, capacityBps }
    this.#pass(seconds * 1000)
  }

  /** The layer that each picture since a time was of, by the last byte of its packets. */
  pictures(sinceMs = 0): { rid: Rid; timestamp: number; atMs: number; isKey: boolean }[] {
    const firsts = this.sent.filter(
      ({ ssrc, atMs }, i) =>
        ssrc === VIDEO_SSRC && atMs >= sinceMs && this.sent.slice(0, i).findLast((p) => p.ssrc === ssrc)?.timestamp !== this.sent[i]?.timestamp,
    )
    return firsts.map(({ payload, timestamp, atMs }) => ({ rid: RIDS[payload.at(-1) ?? 0] as Rid, timestamp, atMs, isKey: payload[0] === IDR }))
  }

  nack(seq: number): void {
    this.viewer.handleRtcp(this.nowMs, encodeNack({ senderSsrc: 1, mediaSsrc: VIDEO_SSRC, seqs: [seq] }))
  }

  #pass(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end; this.nowMs++) {
      if (this.#behind) this.#behind = this.#feed.catchUp()
      if (this.nowMs % FRAME_MS === 0) for (const rid of RIDS) if (!this.stopped.has(rid)) this.#picture(rid)
      if (this.nowMs % 1000 === 10) this.#tell()
      if (this.nowMs % 50 === 25) this.#feedBack()
    }
  }

  /** What waits for the path, in octets. */
  get waitingBytes(): number {
    while ((this.#onWay[0]?.arrivedMs ?? Number.POSITIVE_INFINITY) <= this.nowMs) this.#onWay.shift()
    return this.#onWay.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #connection(): DatagramConnection {
    let slow = false
    const isSlow = (): boolean => {
      slow = this.waitingBytes > KERNEL_BYTES + (slow ? CAUGHT_UP_BYTES : SLOW_BYTES)
      return slow
    }
    return {
      get isSlow() {
        return isSlow()
      },
      send: () => undefined,
    }
  }

  #ask(rid: Rid): void {
    this.asked.push(rid)
    this.#wantsKey.add(rid)
  }

  #tell(): void {
    for (const [rid, layer] of this.layers) layer.bitrateBps = this.stopped.has(rid) ? 0 : (PACKETS[rid] * PACKET_BYTES * 8000) / FRAME_MS
    this.#stream.setLayers(this.track, [...this.layers.values()])
  }

  #picture(rid: Rid): void {
    const layer = this.layers.get(rid)
    if (!layer) return
    const isKey = this.#wantsKey.delete(rid)
    for (let i = 0; i < PACKETS[rid]; i++) {
      const payload = new Uint8Array(PACKET_BYTES).fill(RIDS.indexOf(rid))
      payload[0] = isKey ? IDR : SLICE
      const packet = { timestamp: this.nowMs * 90, marker: i === PACKETS[rid] - 1, randomAccess: isKey && i === 0, payload, arrivalMs: this.nowMs }
      this.#stream.writeLayerPacket(this.track, layer, { ...packet, seq: layer.track.nextSeq })
      if (rid === 'h') this.#stream.writePacket(this.track, { ...packet, seq: this.track.nextSeq })
    }
  }

  #onDatagram(bytes: Uint8Array): void {
    let arrivedMs = this.link.send(this.nowMs, bytes.length)
    if (this.#isByTcp && arrivedMs !== undefined) {
      // In order, and a while later where one is sent again.
      const isRepeated = this.sent.length % 700 === 699
      arrivedMs = Math.max(arrivedMs + (isRepeated ? 200 : 0), this.#onWay.at(-1)?.arrivedMs ?? 0)
      this.#onWay.push({ arrivedMs, bytes: bytes.length })
    }
    this.sent.push({ ...decodeRtpPacket(bytes), atMs: this.nowMs })
    if (((bytes[0] as number) & 0x10) !== 0 && arrivedMs !== undefined) this.#receiver.onPacket(((bytes[17] as number) << 8) | (bytes[18] as number), arrivedMs)
  }

  #feedBack(): void {
    const made = this.viewer && this.#receiver.feedback(this.nowMs)
    if (made) this.viewer.handleRtcp(this.nowMs, encodeTransportFeedback({ ...made, senderSsrc: 1, mediaSsrc: VIDEO_SSRC, feedbackCount: 0 }))
  }
}

const assertContinuous = (scene: Scene): void => {
  const packets = scene.sent.filter(({ ssrc }) => ssrc === VIDEO_SSRC)
  for (const [i, { seq, timestamp, marker }] of packets.entries()) {
    const before = packets[i - 1]
    if (!before) continue
    assert.equal(seq, (before.seq + 1) & 0xffff)
    if (timestamp !== before.timestamp) assert.ok(timestamp > before.timestamp && before.marker, `packet ${seq} of a new picture`)
    else assert.ok(!before.marker || marker)
  }
}

describe('layers for a viewer', () => {
  test('begins with a small layer at once, and has the largest in a second; a layer begins with a key frame', () => {
    const scene = new Scene()
    scene.run(3)
    const pictures = scene.pictures()
    assert.equal(pictures[0]?.isKey, true)
    assert.notEqual(pictures[0]?.rid, 'h')
    assert.equal(pictures.findLast(({ atMs }) => atMs <= 3100)?.rid, 'h')
    assert.ok(pictures.every(({ rid, isKey }, i) => i === 0 || rid === pictures[i - 1]?.rid || isKey))
    assertContinuous(scene)
  })

  for (const [share, expected] of [
    [0.7, 'm'],
    [0.3, 'l'],
  ] as const) {
    test(`a path of ${share * 100} % of the largest: a smaller one, without standstill, and the largest when the path is wide again`, () => {
      const scene = new Scene()
      scene.run(5)
      scene.run(40, share * 2_400_000)
      const since = scene.pictures(12_000)
      const rids = since.map(({ rid }) => rid)
      assert.ok(
        rids.filter((rid) => rid === expected).length > 0.9 * rids.length,
        `${Object.entries(Object.groupBy(rids, (rid) => rid)).map(([rid, all]) => `${rid} ${all?.length}`)}`,
      )
      const gaps = since.map(({ atMs }, i) => atMs - (since[i - 1]?.atMs ?? atMs))
      assert.ok(Math.max(...gaps) < 500, `${Math.max(...gaps)} ms without a picture`)
      const changes = rids.filter((rid, i) => i > 0 && rid !== rids[i - 1]).length
      assert.ok(changes <= 2, `it does not waver: ${changes} changes`)
      assert.match(scene.viewer.counters.levelReason ?? '', /^a smaller picture is sent \(size [12] of 3\), because /)
      scene.run(40, 20_000_000)
      assert.equal(scene.pictures().at(-1)?.rid, 'h')
      assert.equal(scene.viewer.counters.levelReason, undefined)
      assertContinuous(scene)
    })
  }

  for (const [share, expected] of [
    [0.7, 'm'],
    [0.3, 'l'],
  ] as const) {
    test(`by TCP, a path of ${share * 100} % of the largest: the same, though what it does not carry waits first`, () => {
      const scene = new Scene(true)
      scene.run(10)
      scene.run(40, share * 2_400_000)
      const all = scene.pictures(10_000)
      const gaps = all.map(({ atMs }, i) => atMs - (all[i - 1]?.atMs ?? atMs))
      assert.ok(Math.max(...gaps) < 500, `${Math.max(...gaps)} ms without a picture`)
      const rids = all.filter(({ atMs }) => atMs > 19_000).map(({ rid }) => rid)
      assert.ok(rids.filter((rid) => rid === expected).length > 0.9 * rids.length, rids.join(''))
      assert.ok((scene.waitingBytes * 8000) / (share * 2_400_000) < 100, 'nothing waits any more')
      scene.run(30, 20_000_000)
      assert.equal(scene.pictures().at(-1)?.rid, 'h')
      assertContinuous(scene)
    })
  }

  test('layers that are parts of larger ones take over at any picture, without a key frame', () => {
    const scene = new Scene(false, true)
    scene.run(5)
    const asked = scene.asked.length
    scene.run(20, 0.3 * 2_400_000)
    const since = scene.pictures(7000)
    assert.equal(since.at(-1)?.rid, 'l')
    assert.ok(since.every(({ rid, isKey }, i) => rid === 'h' || !isKey || i === 0))
    assert.equal(scene.asked.length, asked)
    const times = since.map(({ timestamp }) => timestamp)
    assert.ok(
      times.every((time, i) => i === 0 || time - (times[i - 1] ?? 0) <= 3 * FRAME_MS * 90),
      'no picture is missing but for those of the queue',
    )
    assertContinuous(scene)
  })

  test('by TCP such a layer takes over between pictures, however suddenly the connection stops taking packets', () => {
    const scene = new Scene(true, true)
    scene.run(10)
    for (const share of [0.3, 8, 0.1, 8, 0.5]) scene.run(12, share * 2_400_000)
    assert.ok(new Set(scene.pictures(10_000).map(({ rid }) => rid)).size > 1)
    assertContinuous(scene)
  })

  test('a packet from before the change is sent again from the layer that it was of', () => {
    const scene = new Scene()
    scene.run(3)
    const small = scene.sent.find(({ ssrc, payload }) => ssrc === VIDEO_SSRC && payload.at(-1) !== RIDS.indexOf('h'))
    assert.ok(small)
    const before = scene.sent.length
    scene.nack(small.seq)
    const [again] = scene.sent.slice(before)
    assert.equal(again?.ssrc, RTX_SSRC)
    assert.deepEqual([...(again?.payload.subarray(2) ?? [])], [...small.payload])
    assert.equal(again?.timestamp, small.timestamp)
  })

  test('a layer that stops is left for the next one as soon as that is known', () => {
    const scene = new Scene()
    scene.run(5)
    scene.stopped.add('h')
    scene.run(3)
    assert.equal(scene.pictures().at(-1)?.rid, 'm')
    scene.stopped.delete('h')
    scene.run(3)
    assert.equal(scene.pictures().at(-1)?.rid, 'h')
    assertContinuous(scene)
  })

  test('key frames are asked for of the layer that is wanted, at most one a second', () => {
    const scene = new Scene()
    scene.run(10)
    assert.deepEqual([...new Set(scene.asked)], ['h'])
    assert.equal(scene.asked.length, 1)
  })
})

test('the largest layer that fits, or the smallest', () => {
  const scene = new Scene()
  const coming = [...scene.layers.values()]
  const at = (targetBps: number): string | undefined => fittingLayer(coming, { targetBps })?.name
  assert.deepEqual([100_000, 300_000, 700_000, 1_000_000, 2_500_000, 3_000_000, Number.POSITIVE_INFINITY].map(at), ['l', 'l', 'l', 'm', 'm', 'h', 'h'])
  assert.equal(fittingLayer([], { targetBps: 1 }), undefined)
  assert.equal(startLayer(coming)?.name, 'l', 'two seconds of it are 50 kB, of the next one 200')
})

test("of AV1's spatial layers who cannot take descriptors gets the smallest, of other layers all", () => {
  const scene = new Scene()
  const layers = [...scene.layers.values()]
  assert.deepEqual(decodableAlone(layers), layers)
  const [{ track }] = layers as [Layer]
  const packet = { seq: track.nextSeq, timestamp: 0, marker: true, randomAccess: false, payload: Uint8Array.of(1), arrivalMs: 0 }
  track.ring.push({ ...packet, dependencyDescriptor: Uint8Array.of(1, 2, 3) })
  assert.deepEqual(
    decodableAlone(layers).map(({ name }) => name),
    ['l'],
  )
})

test('a probe fills the path up, and ends early where packets wait', () => {
  const probe = new PathProbe(1000, 800_000, 5000)
  assert.equal(Math.round(probe.missing(1100, 5000)), 11_000)
  assert.equal(Math.round(probe.missing(1100, 10_000)), 6000)
  assert.equal(probe.result(1100, 0), 'running')
  assert.equal(probe.result(1100, 61), 'narrow')
  assert.equal(probe.result(1900, 0), 'wide')
})
