import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { Hub, type Publication } from '../../hub/hub.ts'
import { publisher as hubPublisher, oneToOne } from '../../hub/hub-fixtures.ts'
import type { Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import { decodeRtcp, type RtcpMessage } from '../../protocols/rtp/rtcp.ts'
import { encodeSenderReport } from '../../protocols/rtp/rtcp-report.ts'
import { encodeRtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { acceptPublisher } from './accept-publisher.ts'
import { CHROMIUM_PUBLISHER, OBS_OFFER, SIMULCAST_PUBLISHER } from './publisher-offers.corpus.ts'
import { decodeRtcOffer } from './rtc-offer.ts'
import { RtcPublisher } from './rtc-publisher.ts'

const TO = { address: '192.0.2.1', port: 1, connection: undefined }
const VIDEO_SSRC = 1000
const RTX_SSRC = 2000
const AUDIO_SSRC = 3000
/** VP8 payload descriptor that starts a frame, and its first byte: RFC 7741 section 4. */
const KEY_FRAME = [0x10, 0x00, 0x9d]
const DELTA_FRAME = [0x10, 0x01]

type Extension = readonly [id: number, ...data: number[]]

/** Gives an RTP packet header extensions of the one-byte form. */
const extended = (packet: Uint8Array, extensions: readonly Extension[]): Uint8Array => {
  const elements = extensions.flatMap(([id, ...data]) => [(id << 4) | (data.length - 1), ...data])
  while (elements.length % 4 !== 0) elements.push(0)
  return Uint8Array.of((packet[0] as number) | 0x10, ...packet.subarray(1, 12), 0xbe, 0xde, 0, elements.length / 4, ...elements, ...packet.subarray(12))
}

/** The extension of the transport's count that `Scene.rtp` gives the packets of a test, which begin with the sequence number 1. */
const extensionOf = (seq: number): number[] => [0xbe, 0xde, 0, 1, 0x41, 0, seq < 3 ? seq - 1 : seq - 2, 0]

const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0))

/** A publisher in virtual time, whose packets are not encrypted. */
class Scene {
  nowMs = 1000
  readonly publication: Publication
  readonly publisher: RtcPublisher
  readonly written: Packet[] = []
  sent: RtcpMessage[] = []
  transportSeq = 0
  /** Pictures of a simulcast. */
  frames = 0

  constructor(offer = CHROMIUM_PUBLISHER) {
    const { accepted } = acceptPublisher(decodeRtcOffer(offer))
    const hub = new Hub({ converters: oneToOne, republishGraceMs: 0 })
    this.publication = hub.publish(
      'live',
      accepted.map(({ codec }) => codec),
      'packets',
      hubPublisher(),
      this.nowMs,
    )
    this.publication.stream.readPackets({ onPacket: (track, packet) => track.codec.kind === 'video' && this.written.push(packet) })
    const clear = { unprotect: (bytes: Uint8Array) => bytes, protect: (bytes: Uint8Array) => bytes }
    const out = { send: (bytes: Uint8Array) => this.sent.push(...decodeRtcp(bytes)) }
    this.publisher = new RtcPublisher(this.publication, accepted, { srtp: clear, srtcpIn: clear, srtcpOut: clear, out }, TO, { ssrc: 7, cname: 'c' })
  }

  get video(): Track {
    return this.publication.stream.tracks.find((track) => track.codec.kind === 'video') as Track
  }

  rtp(payloadType: number, ssrc: number, seq: number, timestamp: number, payload: readonly number[], extensions: readonly Extension[] = []): void {
    const packet = encodeRtpPacket({ payloadType, marker: true, seq, timestamp, ssrc, payload: Uint8Array.from(payload) })
    const count = this.transportSeq++
    this.publisher.handleRtp(this.nowMs, extended(packet, [[4, count >> 8, count & 0xff], ...extensions]))
  }

  picture(seq: number, payload: readonly number[] = DELTA_FRAME): void {
    this.rtp(96, VIDEO_SSRC, seq, seq * 3000, payload)
  }

  /** Time passes, in steps of the ticker. */
  pass(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      this.nowMs += 10
      this.publisher.tick(this.nowMs)
    }
  }

  take<Type extends RtcpMessage['type']>(type: Type): Extract<RtcpMessage, { type: Type }>[] {
    const found = this.sent.filter((message): message is Extract<RtcpMessage, { type: Type }> => message.type === type)
    this.sent = this.sent.filter((message) => message.type !== type)
    return found
  }
}

describe('a publisher by WebRTC', () => {
  test('a lost packet is asked for, comes by RTX, and is written in order', () => {
    const scene = new Scene()
    scene.picture(10, KEY_FRAME)
    scene.picture(12)
    scene.pass(20)
    assert.deepEqual(scene.take('nack'), [{ type: 'nack', senderSsrc: 7, mediaSsrc: VIDEO_SSRC, seqs: [11] }])
    assert.equal(scene.written.length, 1)
    scene.rtp(97, RTX_SSRC, 500, 11 * 3000, [0, 11, ...DELTA_FRAME])
    assert.deepEqual(
      scene.written.map(({ seq, timestamp }) => [seq, timestamp - (scene.written[0]?.timestamp ?? 0)]),
      [
        [0, 0],
        [1, 3000],
        [2, 6000],
      ],
    )
    const { nacks, repeated, lost, packets } = scene.publisher.counters
    assert.deepEqual([nacks, repeated, lost, packets], [1, 1, 0, 2])
  })

  test('packets out of order are not asked for', () => {
    const scene = new Scene()
    for (const seq of [10, 12, 11, 13]) scene.picture(seq, seq === 10 ? KEY_FRAME : DELTA_FRAME)
    scene.pass(500)
    assert.deepEqual(scene.take('nack'), [])
    assert.equal(scene.written.length, 4)
  })

  test('what does not come is given up, and a key frame asked for once a second', () => {
    const scene = new Scene()
    scene.picture(10, KEY_FRAME)
    scene.picture(12)
    scene.pass(2000)
    assert.deepEqual(
      scene.written.map(({ seq }) => seq),
      [0, 2],
    )
    assert.deepEqual(scene.take('pli'), [{ type: 'pli', senderSsrc: 7, mediaSsrc: VIDEO_SSRC }])
    scene.picture(14)
    scene.pass(2000)
    assert.equal(scene.take('pli').length, 1)
    assert.equal(scene.publisher.counters.lost, 2)
    const before = scene.publisher.counters.plis
    for (let i = 0; i < 5; i++) scene.publisher.requestKeyFrame(scene.nowMs + i, scene.video)
    assert.ok(scene.publisher.counters.plis - before <= 1)
  })

  test('key frames are asked for regularly, oftener while somebody reads units', () => {
    const scene = new Scene()
    const publish = (ms: number): number => {
      for (let i = 0, seq = scene.video.nextSeq; i < ms / 100; i++, seq++) {
        scene.picture(seq, seq === 0 || scene.take('pli').length > 0 ? KEY_FRAME : DELTA_FRAME)
        scene.pass(100)
      }
      return scene.publisher.counters.plis
    }
    assert.equal(publish(20_000), 2)
    scene.publication.stream.readUnits({ onUnit: () => undefined })
    const before = scene.publisher.counters.plis
    const more = publish(20_000) - before
    assert.ok(more >= 8 && more <= 10, `${more} in 20 s`)
  })

  test('feedback tells when each packet came, by the count of the transport', () => {
    const scene = new Scene()
    for (let seq = 0; seq < 3; seq++) {
      scene.nowMs += 5
      scene.picture(seq)
    }
    scene.transportSeq++
    scene.rtp(111, AUDIO_SSRC, 1, 1, [1])
    scene.pass(50)
    const [first, ...more] = scene.take('transport-feedback')
    assert.deepEqual(more, [])
    assert.deepEqual([first?.baseSeq, first?.feedbackCount, first?.senderSsrc], [0, 0, 7])
    assert.deepEqual(first?.arrivalsMs, [1005, 1010, 1015, undefined, 1015])
    scene.pass(500)
    assert.deepEqual(scene.take('transport-feedback'), [], 'nothing new came')
    scene.picture(3)
    scene.pass(50)
    assert.deepEqual(
      scene.take('transport-feedback').map(({ baseSeq, feedbackCount }) => [baseSeq, feedbackCount]),
      [[5, 1]],
    )
  })

  test('reports have the loss and the time of the last sender report', () => {
    const scene = new Scene()
    scene.picture(10, KEY_FRAME)
    scene.publisher.handleRtcp(scene.nowMs, encodeSenderReport({ ssrc: VIDEO_SSRC, ntpMs: 1e12, rtpTimestamp: 30_000, packets: 1, octets: 1, cname: 'x' }))
    scene.picture(12)
    scene.picture(13)
    scene.pass(1100)
    const report = scene
      .take('receiver-report')
      .flatMap(({ reports }) => reports)
      .find(({ ssrc, cumulativeLost }) => ssrc === VIDEO_SSRC && cumulativeLost === 1)
    assert.ok(report)
    assert.ok(report.lastSenderReport > 0 && report.delaySinceLastSenderReport > 0)
  })

  test('OBS: what it sends again comes as it was; feedback is compound, and a REMB says how much it may send', () => {
    const scene = new Scene(OBS_OFFER)
    const nal = (seq: number) => scene.rtp(96, 1804289384, seq, seq * 3000, [seq === 1 ? 0x65 : 0x41, 1, 2])
    nal(1)
    nal(3)
    scene.pass(20)
    assert.equal(scene.sent[0]?.type, 'receiver-report')
    assert.deepEqual(
      scene.take('nack').map(({ seqs }) => seqs),
      [[2]],
    )
    nal(2)
    assert.equal(scene.written.length, 3)
    scene.pass(1500)
    const [remb] = scene.take('remb')
    assert.ok(remb && remb.bitrateBps > 0)
    assert.ok((scene.publisher.estimateBps ?? 0) >= 1_000_000)
  })

  test('sound with redundancy: a lost packet is in the next one, at its time', () => {
    const scene = new Scene()
    const sound: Packet[] = []
    scene.publication.stream.readPackets({ onPacket: (track, packet) => track.codec.kind === 'audio' && sound.push(packet) })
    // A block of 20 ms before and the present one: RFC 2198 section 4.
    const red = (seq: number): void => scene.rtp(63, AUDIO_SSRC, seq, seq * 960, [0x80 | 111, 0x0f, 0x00, 0x02, 111, seq - 1, 0xaa, seq, 0xbb])
    for (const seq of [10, 11, 13, 14, 17]) red(seq)
    scene.pass(100)
    assert.deepEqual(
      sound.map(({ seq, timestamp, payload }) => [seq, (timestamp - (sound[0]?.timestamp ?? 0)) / 960, ...payload]),
      [10, 11, 12, 13, 14, 16, 17].map((seq) => [seq - 10, seq - 10, seq, [12, 16].includes(seq) ? 0xaa : 0xbb]),
    )
    const { lost, repeated, packets } = scene.publisher.counters
    assert.deepEqual([lost, repeated, packets], [1, 2, 5])
    scene.rtp(63, AUDIO_SSRC, 18, 18 * 960, [])
    assert.throws(() => scene.rtp(63, AUDIO_SSRC, 19, 19 * 960, [0x80 | 111]), { code: 'rtp/red' })
  })

  test('pictures of a sender without NACK: error correction makes a lost packet again and takes no place in the count', () => {
    const offer = CHROMIUM_PUBLISHER.replaceAll(/a=rtcp-fb:96 nack( pli)?\r?\n/g, '')
    const scene = new Scene(offer)
    const [video] = scene.publisher.tracks
    assert.deepEqual([video?.media.redPayloadType, video?.media.ulpfecPayloadType], [116, 118])
    const payload = (seq: number): number[] => [...(seq === 1 ? KEY_FRAME : DELTA_FRAME), seq]
    const red = (seq: number): void => scene.rtp(116, VIDEO_SSRC, seq, seq * 3000, [96, ...payload(seq)])
    for (const seq of [1, 2, 4]) red(seq)
    // What protects 2 and 3: the exclusive or of marker and payload type, of the timestamps, of the lengths, and of what is behind the
    // headers, which here begins with the same extension.
    const bodies = [2, 3].map((seq) => Uint8Array.of(...extensionOf(seq), ...payload(seq)))
    const [a = new Uint8Array(0), b = new Uint8Array(0)] = bodies
    const data = a.map((byte, i) => byte ^ (b[i] ?? 0))
    const times = (2 * 3000) ^ (3 * 3000)
    const header = [0, 0, 0, 2, 0, 0, times >> 8, times & 0xff, 0, 0, 0, data.length, 0xc0, 0]
    scene.rtp(116, VIDEO_SSRC, 5, 5 * 3000, [118, ...header, ...data])
    red(6)
    scene.pass(100)
    assert.deepEqual(
      scene.written.map(({ seq, payload: written }) => [seq, written.at(-1)]),
      [1, 2, 3, 4, 6].map((number, seq) => [seq, number]),
    )
  })

  test('packets without an announced SSRC are told apart by mid, and by payload type', () => {
    const scene = new Scene()
    scene.rtp(96, 77, 1, 0, KEY_FRAME, [[9, ...ascii('0')]])
    scene.rtp(111, 78, 1, 0, [1])
    scene.rtp(50, 79, 1, 0, [1])
    assert.equal(scene.publication.stream.tracks[0]?.nextSeq, 1)
    assert.equal(scene.publication.stream.tracks[1]?.nextSeq, 1)
    assert.equal(scene.publisher.unknown, 1)
  })

  describe('a simulcast', () => {
    const LAYERS = { l: 100, m: 200, h: 300 } as const

    /** A second of 20 pictures of each layer, of as many bytes; each layer has its own clock. A layer answers the requests for key frames. */
    const second = (scene: Scene, bytes: Partial<Record<keyof typeof LAYERS, number>>): void => {
      for (let i = 0; i < 20; i++) {
        const asked = new Set(scene.take('pli').map(({ mediaSsrc }) => mediaSsrc))
        for (const [rid, length] of Object.entries(bytes) as [keyof typeof LAYERS, number][]) {
          const ssrc = LAYERS[rid]
          const frame = asked.has(ssrc) || scene.frames === 0 ? KEY_FRAME : DELTA_FRAME
          const payload = [...frame, ...new Array(length).fill(ssrc)]
          scene.rtp(96, ssrc, scene.frames, ssrc * 10_000_000 + scene.frames * 4500, payload, [[10, ...ascii(rid)]])
        }
        scene.frames++
        scene.pass(50)
      }
    }

    const layerOf = (packet: Packet | undefined): number | undefined => packet?.payload.at(-1)

    test('climbs to the layer with the most bits at its key frame, falls when that is silent, and keeps one timeline', () => {
      const scene = new Scene(SIMULCAST_PUBLISHER)
      second(scene, { l: 50 })
      assert.equal(layerOf(scene.written.at(-1)), LAYERS.l)
      for (let i = 0; i < 3; i++) second(scene, { l: 50, m: 100, h: 200 })
      assert.equal(layerOf(scene.written.at(-1)), LAYERS.h & 0xff)
      assert.equal(scene.publisher.counters.layer, 2)
      for (let i = 0; i < 3; i++) second(scene, { l: 50, m: 100 })
      assert.equal(layerOf(scene.written.at(-1)), LAYERS.m)
      const changes = scene.written.filter((packet, i) => i > 0 && layerOf(packet) !== layerOf(scene.written[i - 1]))
      assert.deepEqual(
        changes.map(({ randomAccess }) => randomAccess),
        [true, true],
        'a layer begins with a key frame',
      )
      for (const [i, { seq, timestamp, arrivalMs }] of scene.written.entries()) {
        assert.equal(seq, i)
        const expected = (arrivalMs - (scene.written[0]?.arrivalMs ?? 0)) * 90
        assert.ok(Math.abs(timestamp - (scene.written[0]?.timestamp ?? 0) - expected) < 9000, `packet ${i}: ${timestamp} instead of ${expected}`)
      }
    })

    test('each layer has a ring of its own, on one timeline, and is asked for its own key frames', () => {
      const scene = new Scene(SIMULCAST_PUBLISHER)
      const changes: number[] = []
      scene.publication.stream.readPackets({ onPacket: () => undefined, onLayersChange: ({ layers }) => changes.push(layers.length) })
      for (let i = 0; i < 3; i++) second(scene, { l: 50, m: 100, h: 200 })
      const { layers } = scene.video
      assert.deepEqual(
        layers.map(({ name, track }) => [name, track.ring.newestSeq]),
        [
          ['l', 59],
          ['m', 59],
          ['h', 59],
        ],
      )
      const times = layers.map(({ track }) => track.ring.get(59)?.timestamp ?? 0)
      assert.ok(Math.max(...times) - Math.min(...times) <= 900, `pictures of one moment have nearly one time: ${times}`)
      assert.deepEqual(changes.slice(0, 3), [1, 2, 3])
      const [low, , high] = layers
      assert.ok(low && high && low.bitrateBps > 0 && high.bitrateBps > 3 * low.bitrateBps)
      scene.take('pli')
      scene.pass(1000)
      scene.take('pli')
      assert.equal(low.requestKeyFrame(scene.nowMs), true)
      assert.equal(low.requestKeyFrame(scene.nowMs + 500), false)
      assert.deepEqual(
        scene.take('pli').map(({ mediaSsrc }) => mediaSsrc),
        [LAYERS.l],
      )
      const again = scene.publisher.tracks.find(({ track }) => track === scene.video)
      assert.deepEqual(
        again?.layerCounters.map(({ name, packets }) => [name, packets]),
        [
          ['l', 60],
          ['m', 60],
          ['h', 60],
        ],
      )
    })

    test('a layer that stops is left within a third of a second', () => {
      const scene = new Scene(SIMULCAST_PUBLISHER)
      for (let i = 0; i < 3; i++) second(scene, { l: 50, m: 100, h: 200 })
      const stoppedMs = scene.nowMs
      second(scene, { l: 50, m: 100 })
      const next = scene.written.find((packet) => packet.arrivalMs > stoppedMs)
      assert.equal(layerOf(next), LAYERS.m)
      assert.ok((next?.arrivalMs ?? 0) - stoppedMs < 330, `after ${(next?.arrivalMs ?? 0) - stoppedMs} ms`)
      assert.equal(scene.video.layers.find(({ name }) => name === 'h')?.bitrateBps, 0)
    })

    test('stays where it is while layers differ by little', () => {
      const scene = new Scene(SIMULCAST_PUBLISHER)
      for (let i = 0; i < 10; i++) second(scene, i % 2 === 0 ? { l: 100, m: 110 } : { l: 110, m: 100 })
      assert.equal(new Set(scene.written.map(layerOf)).size, 1)
    })
  })

  test('arbitrary packets are taken or refused', () => {
    const scene = new Scene(SIMULCAST_PUBLISHER)
    const rtp = fc
      .tuple(fc.constantFrom(96, 97, 111, 5), fc.nat(40), fc.nat(0xffff), fc.uint8Array({ maxLength: 30 }), fc.constantFrom('h', 'm', 'l', 'x'))
      .map(([payloadType, ssrc, seq, payload, rid]) =>
        extended(encodeRtpPacket({ payloadType, marker: false, seq, timestamp: seq, ssrc, payload }), [
          [10, ...ascii(rid)],
          [4, seq >> 8, seq & 0xff],
        ]),
      )
    fc.assert(
      fc.property(fc.oneof(rtp, fc.uint8Array({ maxLength: 60 })), fc.nat(100), (bytes, waitMs) => {
        scene.nowMs += waitMs
        scene.publisher.tick(scene.nowMs)
        for (const handle of [() => scene.publisher.handleRtp(scene.nowMs, bytes), () => scene.publisher.handleRtcp(scene.nowMs, bytes)]) {
          try {
            handle()
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error))
          }
        }
        assert.ok(scene.publisher.tracks.every(({ sources }) => sources.length <= 8))
      }),
    )
  })
})
