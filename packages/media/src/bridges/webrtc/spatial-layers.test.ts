import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Layer } from '../../hub/layer.ts'
import type { Packet } from '../../hub/packet.ts'
import { Stream } from '../../hub/stream.ts'
import { SpatialLayers } from './spatial-layers.ts'
import { makeSpatialParts } from './spatial-parts.ts'

const STARTS = 0x08
const ENDS = 0x04
/** Two sizes, 320 x 180 and 640 x 360: RFC 9628 section 4.2.1. */
const STRUCTURE = [0x30, 0x01, 0x40, 0x00, 0xb4, 0x02, 0x80, 0x01, 0x68]

class Scene {
  readonly stream = new Stream([{ kind: 'video', name: 'vp9', clockRate: 90000, profile: 0 }], {
    makePacketizer: () => ({ push: () => [] }),
    makeDepacketizer: () => ({ push: () => [] }),
  })
  readonly written: { layer: string; packet: Packet }[] = []
  readonly asked: number[] = []
  readonly layers: SpatialLayers
  readonly parts = makeSpatialParts({ kind: 'video', name: 'vp9', clockRate: 90000, profile: 0 })
  seq = 0

  constructor() {
    const [track] = this.stream.tracks
    assert.ok(track)
    this.stream.begin('packets')
    this.stream.readPackets({ onPacket: () => undefined, onLayerPacket: (_track, { name }, packet) => this.written.push({ layer: name, packet }) })
    this.layers = new SpatialLayers(this.stream, track, (nowMs) => this.asked.push(nowMs))
  }

  get tracks(): readonly Layer[] {
    return this.stream.tracks[0]?.layers ?? []
  }

  push(packet: Packet): void {
    this.layers.push(packet, this.parts?.of(packet))
  }

  /** A packet of one layer's frame, of a picture with that time. */
  packet(arrivalMs: number, spatialId: number, flags: number, marker: boolean, key = false): void {
    const hasStructure = key && spatialId === 0 && (flags & STARTS) !== 0
    const descriptor = [0x80 | 0x20 | flags | (key ? 0 : 0x40) | (hasStructure ? 0x02 : 0), 0x11, spatialId << 1, 0, ...(hasStructure ? STRUCTURE : [])]
    const randomAccess = key && spatialId === 0 && (flags & STARTS) !== 0
    this.push({ seq: this.seq++, timestamp: arrivalMs * 90, marker, randomAccess, payload: Uint8Array.of(...descriptor, 1, 2, 3), arrivalMs })
  }

  /** A packet of the small size, two of the large one. */
  picture(arrivalMs: number, key = false): void {
    this.packet(arrivalMs, 0, STARTS | ENDS, false, key)
    this.packet(arrivalMs, 1, STARTS, false, key)
    this.packet(arrivalMs, 1, ENDS, true, key)
  }
}

test('each size has its packets and those of smaller ones, without gaps, with a marker at the end of its picture', () => {
  const scene = new Scene()
  scene.picture(0, true)
  scene.picture(40)
  const of = (name: string): unknown[] =>
    scene.written
      .filter(({ layer }) => layer === name)
      .map(({ packet: { seq, timestamp, marker, randomAccess } }) => [seq, timestamp / 3600, marker, randomAccess])
  assert.deepEqual(of('s0'), [
    [0, 0, true, true],
    [1, 1, true, false],
  ])
  assert.deepEqual(of('s1'), [
    [0, 0, false, true],
    [1, 0, false, false],
    [2, 0, true, false],
    [3, 1, false, false],
    [4, 1, false, false],
    [5, 1, true, false],
  ])
})

test('rates and sizes are told each second, and a size that stops has no rate', () => {
  const scene = new Scene()
  for (let ms = 0; ms <= 1000; ms += 40) scene.picture(ms, ms === 0)
  assert.deepEqual(
    scene.layers.counters.map(({ name, width, height, packets }) => [name, width, height, packets]),
    [
      ['s0', 320, 180, 26],
      ['s1', 640, 360, 78],
    ],
  )
  const [small, large] = scene.tracks
  assert.ok(small && large && large.bitrateBps > 2.5 * small.bitrateBps && small.bitrateBps > 0)
  for (let ms = 1040; ms <= 3200; ms += 40) scene.packet(ms, 0, STARTS | ENDS, true)
  assert.equal(large.bitrateBps, 0)
  assert.equal(large.requestKeyFrame(5000), true)
  assert.deepEqual(scene.asked, [5000])
})

test('what was lost is a gap in every size', () => {
  const scene = new Scene()
  scene.picture(0, true)
  scene.seq += 2
  scene.picture(40)
  assert.deepEqual(
    scene.written.filter(({ layer }) => layer === 's0').map(({ packet }) => packet.seq),
    [0, 3],
  )
})

test('a stream of one size has no layers', () => {
  const scene = new Scene()
  for (let ms = 0; ms < 3000; ms += 40) scene.packet(ms, 0, STARTS | ENDS, true)
  assert.deepEqual(scene.tracks, [])
  assert.deepEqual(scene.layers.counters, [])
})

test('any payloads leave no more than four sizes', () => {
  const scene = new Scene()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(3), (payload, lost) => {
      scene.seq += lost
      scene.push({ seq: scene.seq++, timestamp: 0, marker: false, randomAccess: false, payload, arrivalMs: scene.seq })
      assert.ok(scene.tracks.length <= 4)
    }),
  )
})
