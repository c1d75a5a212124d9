import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Codec } from '../../codecs/codec.ts'
import type { Packet } from '../../hub/packet.ts'
import { KEY_FRAME_DESCRIPTOR } from '../../protocols/rtp/dependency-descriptor.corpus.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { makeSpatialParts, type SpatialPart, type SpatialParts } from './spatial-parts.ts'

const av1: Codec = { kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: undefined }
const OBU_CONTINUES = 0x40

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16))

const partOf = (parts: SpatialParts, descriptor: string | undefined, aggregation = 0x10): SpatialPart | undefined => {
  const payload = Uint8Array.of(aggregation, 1, 2)
  const dependencyDescriptor = descriptor === undefined ? undefined : bytesOf(descriptor)
  parts.next({ payloadType: 96, marker: false, seq: 1, timestamp: 1, ssrc: 1, payload, dependencyDescriptor } satisfies RtpPacket)
  return parts.of({ seq: 1, timestamp: 1, marker: false, randomAccess: false, payload, arrivalMs: 0 } satisfies Packet)
}

test('AV1 by its dependency descriptor: the size that a packet is of, and whether it is the last one of it', () => {
  const parts = makeSpatialParts(av1)
  assert.ok(parts)
  assert.equal(partOf(parts, 'c5 00 02'), undefined, 'before a key frame nothing is known')
  assert.equal(parts.descriptor, undefined)
  const key = partOf(parts, KEY_FRAME_DESCRIPTOR)
  assert.deepEqual([key?.spatialId, key?.endsFrame, key?.sizes.map(({ width }) => width)], [0, true, [320, 640]])
  assert.deepEqual(partOf(parts, 'c5 00 02'), { spatialId: 1, endsFrame: true, sizes: [] })
  assert.deepEqual(parts.descriptor, bytesOf('c5 00 02'))
  assert.equal(partOf(parts, '86 00 0a')?.endsFrame, false)
  assert.equal(partOf(parts, 'c5 00 0b', OBU_CONTINUES)?.endsFrame, false, 'the first part of a packet that was too long')
  assert.equal(partOf(parts, 'ff 00 0c'), undefined)
  assert.equal(partOf(parts, undefined), undefined)
})

test('other codecs have no parts', () => {
  assert.equal(makeSpatialParts({ kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }), undefined)
})
