import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Codec } from '../../codecs/codec.ts'
import { NEEDED_BY_NONE, pictureNeed } from './droppable.ts'

const h264: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const vp8: Codec = { kind: 'video', name: 'vp8', clockRate: 90000 }
const vp9: Codec = { kind: 'video', name: 'vp9', clockRate: 90000, profile: 0 }

const h265: Codec = { kind: 'video', name: 'h265', clockRate: 90000, vps: undefined, sps: undefined, pps: undefined }
const av1: Codec = { kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: undefined }

const CASES: readonly (readonly [what: string, codec: Codec, payload: number[], layer: number, isSync?: boolean])[] = [
  ['a slice that others need', h264, [0x41], 0],
  ['a slice that none needs', h264, [0x01], NEEDED_BY_NONE],
  ['a fragment of such a slice', h264, [0x1c, 0x81], NEEDED_BY_NONE],
  ['a fragment of a key frame', h264, [0x7c, 0x85], 0],
  ['a delimiter, which says nothing', h264, [0x09, 0x30], 0],
  ['an aggregate', h264, [0x18, 0, 1, 9], 0],
  // TRAIL_R, TRAIL_N, a fragment of a RASL_N, IDR_W_RADL; nuh_temporal_id_plus1 1
  ['a slice that others need', h265, [0x02, 0x01, 0xd0], 0],
  ['a slice that none needs', h265, [0x00, 0x01, 0xd0], NEEDED_BY_NONE],
  ['a fragment of such a slice', h265, [0x62, 0x01, 0x88], NEEDED_BY_NONE],
  ['a key frame', h265, [0x26, 0x01, 0xaf], 0],
  // TRAIL_R, TSA_N; nuh_temporal_id_plus1 2
  ['an upper layer', h265, [0x02, 0x02, 0xd0], 1],
  ['an upper layer that can be gone up to', h265, [0x04, 0x02, 0xd0], 1, true],
  ['no layers', vp8, [0x10, 0], 0],
  ['a picture that none needs', vp8, [0x30, 0], NEEDED_BY_NONE],
  // X, T; TID 0 or 1
  ['the lowest layer', vp8, [0x90, 0x20, 0x00, 0], 0],
  ['an upper layer', vp8, [0x90, 0x20, 0x40, 0], 1],
  ['an upper layer that can be gone up to', vp8, [0x90, 0x20, 0x60, 0], 1, true],
  // X, I, L, T: picture number of two bytes, TL0PICIDX
  ['an upper layer behind all fields', vp8, [0x90, 0xe0, 0x81, 0x00, 7, 0x80, 0], 2],
  ['no layers', vp9, [0x08, 0], 0],
  ['the lowest layer', vp9, [0x28, 0x00, 0, 0], 0],
  // I with 15 bits, L; TID 2
  ['an upper layer behind a picture number', vp9, [0xa8, 0x81, 0x00, 0x40, 0, 0], 2],
  // W 1; OBU_FRAME without and with an extension
  ['no layers', av1, [0x10, 0x30, 0], 0],
  ['the lowest layer', av1, [0x10, 0x34, 0x00, 0], 0, true],
  ['an upper layer', av1, [0x10, 0x34, 0x40, 0], 2],
]

test('which pictures no other one needs', async (t) => {
  for (const [what, codec, payload, layer, isSync = false] of CASES) {
    await t.test(`${codec.name}: ${what}`, () => assert.deepEqual(pictureNeed(codec, Uint8Array.from(payload)), { layer, isSync }))
  }
})

test('any payload is looked at without a fault', () => {
  const codecs = fc.constantFrom(h264, h265, vp8, vp9, av1)
  fc.assert(fc.property(codecs, fc.uint8Array({ maxLength: 8 }), (codec, payload) => pictureNeed(codec, payload).layer <= NEEDED_BY_NONE))
})
