import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Codec } from '../../codecs/codec.ts'
import { PACKETIZER_PAYLOAD } from '../../hub/packet.ts'
import { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { rtpConverters } from './converters.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
// High profile with up to two pictures reordered.
const SPS = bytes('67640028acd940780227e5c044000003000400000300c83c60c658')
const PPS = bytes('68ce0fc8')
const H264: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: SPS, pps: PPS }
const AAC: Codec = { kind: 'audio', name: 'aac', clockRate: 48000, channels: 2, config: bytes('1190') }
const OPUS: Codec = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 }
const PCMA: Codec = { kind: 'audio', name: 'pcma', clockRate: 8000, channels: 1 }

const picture = (type: 1 | 5, length: number, fill: number): Uint8Array => {
  const nal = new Uint8Array(length).fill(fill)
  nal[0] = 0x60 | type
  nal[1] = 0x88
  return nal
}

/** Through packets and back. */
const there = (codec: Codec, units: readonly Unit[]): Unit[] => {
  const track = new Track(0, codec)
  const packetizer = rtpConverters.makePacketizer(track)
  const depacketizer = rtpConverters.makeDepacketizer(track)
  return units.flatMap((unit) => {
    const packets = packetizer.push(unit, track.nextSeq)
    track.nextSeq += packets.length
    for (const packet of packets) assert.ok(packet.payload.length <= PACKETIZER_PAYLOAD || codec.name === 'opus')
    return packets.flatMap((packet) => depacketizer.push(packet))
  })
}

test('pictures come back with their times: decoding order, B-frames, parameter sets in front', () => {
  // pts and dts in frames of 3600 ticks; the start has to wait for the reordering.
  const times: readonly (readonly [pts: number, dts: number])[] = [
    [0, 0],
    [4, 0],
    [2, 0],
    [1, 1],
    [3, 2],
    [8, 3],
    [6, 4],
    [5, 5],
    [7, 6],
  ]
  const units = times.map(([pts, dts], i): Unit => {
    const nal = picture(i === 0 ? 5 : 1, 3000 + i, i)
    return { pts: pts * 3600, dts: dts * 3600, randomAccess: i === 0, data: [nal], arrivalMs: i }
  })
  const expected = units.map((unit, i) => (i === 0 ? { ...unit, data: [SPS, PPS, ...unit.data] } : unit))
  assert.deepEqual(there(H264, units), expected)
})

test('parameter sets that came with the picture are not doubled', () => {
  const unit: Unit = { pts: 0, dts: 0, randomAccess: true, data: [SPS, PPS, picture(5, 100, 1)], arrivalMs: 0 }
  assert.deepEqual(there(H264, [unit]), [unit])
})

test('a picture where decoding can start is marked on its first packet only', () => {
  const packetizer = rtpConverters.makePacketizer(new Track(0, H264))
  const packets = packetizer.push({ pts: 9, dts: 9, randomAccess: true, data: [picture(5, 3000, 1)], arrivalMs: 5 }, 70_000)
  assert.deepEqual(
    packets.map(({ seq, timestamp, marker, randomAccess, arrivalMs }) => [seq, timestamp, marker, randomAccess, arrivalMs]),
    [
      [70_000, 9, false, true, 5],
      [70_001, 9, false, false, 5],
      [70_002, 9, false, false, 5],
      [70_003, 9, true, false, 5],
    ],
  )
})

test('audio frames come back', () => {
  fc.assert(
    fc.property(fc.constantFrom(AAC, OPUS), fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { maxLength: 5 }), (codec, frames) => {
      const units = frames.map((frame, i): Unit => ({ pts: i * 1024, dts: i * 1024, randomAccess: true, data: [frame], arrivalMs: i }))
      assert.deepEqual(there(codec, units), units)
    }),
  )
})

test('several AAC frames of one packet are one after the other', () => {
  const depacketizer = rtpConverters.makeDepacketizer(new Track(0, AAC))
  const packet = { seq: 4, timestamp: 5000, marker: true, randomAccess: true, payload: bytes('002000080008aabb'), arrivalMs: 1 }
  assert.deepEqual(
    depacketizer.push(packet).map(({ pts, dts, data }) => [pts, dts, data]),
    [
      [5000, 5000, [bytes('aa')]],
      [6024, 6024, [bytes('bb')]],
    ],
  )
})

test('long G.711 comes back in pieces of the same samples', () => {
  const unit: Unit = { pts: 80, dts: 80, randomAccess: true, data: [new Uint8Array(1300)], arrivalMs: 0 }
  assert.deepEqual(
    there(PCMA, [unit]).map(({ pts, data }) => [pts, data[0]?.length]),
    [
      [80, 1200],
      [1280, 100],
    ],
  )
})
