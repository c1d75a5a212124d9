import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Codec } from '../../codecs/codec.ts'
import { isDroppable } from './droppable.ts'

const h264: Codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
const vp8: Codec = { kind: 'video', name: 'vp8', clockRate: 90000 }
const vp9: Codec = { kind: 'video', name: 'vp9', clockRate: 90000, profile: 0 }

const CASES: readonly (readonly [what: string, codec: Codec, payload: number[], droppable: boolean])[] = [
  ['a slice that others need', h264, [0x41], false],
  ['a slice that none needs', h264, [0x01], true],
  ['a fragment of such a slice', h264, [0x1c, 0x81], true],
  ['a fragment of a key frame', h264, [0x7c, 0x85], false],
  ['a delimiter, which says nothing', h264, [0x09, 0x30], false],
  ['an aggregate', h264, [0x18, 0, 1, 9], false],
  ['no layers', vp8, [0x10], false],
  // X, T; TID 0 or 1
  ['the lowest layer', vp8, [0x90, 0x20, 0x00], false],
  ['an upper layer', vp8, [0x90, 0x20, 0x40], true],
  // X, I, L, T: picture number of two bytes, TL0PICIDX
  ['an upper layer behind all fields', vp8, [0x90, 0xe0, 0x81, 0x00, 7, 0x80], true],
  ['no layers', vp9, [0x08], false],
  ['the lowest layer', vp9, [0x28, 0x00], false],
  // I with 15 bits, L; TID 2
  ['an upper layer behind a picture number', vp9, [0xa8, 0x81, 0x00, 0x40], true],
]

test('which pictures no other one needs', async (t) => {
  for (const [what, codec, payload, droppable] of CASES) {
    await t.test(`${codec.name}: ${what}`, () => assert.equal(isDroppable(codec, Uint8Array.from(payload)), droppable))
  }
})

test('any payload is looked at without a fault', () => {
  fc.assert(fc.property(fc.constantFrom(h264, vp8, vp9), fc.uint8Array({ maxLength: 8 }), (codec, payload) => typeof isDroppable(codec, payload) === 'boolean'))
})
