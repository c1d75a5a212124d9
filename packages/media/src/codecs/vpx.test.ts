import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { isVp8KeyFrame, parseVp8Frame } from './vp8.ts'
import { isVp9KeyFrame, parseVp9Frame, vp9CodecString } from './vp9.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

// The first bytes of frames by libvpx.
const VP8: readonly (readonly [frame: string, keyFrame: boolean, size: object | undefined])[] = [
  ['709c009d012a82026a01', true, { width: 642, height: 362 }],
  // Upscaling in the two high bits is not part of the size.
  ['709c009d012a82426a81', true, { width: 642, height: 362 }],
  ['9110001b11fc0018567b', false, undefined],
]
const VP9: readonly (readonly [frame: string, keyFrame: boolean, profile: number, codec: string | undefined])[] = [
  ['8249834200281016960638241c18', true, 0, 'vp09.00.21.08'],
  ['860040929c4850010009007d234a', false, 0, undefined],
  ['a249834200050202d2c0c7048383', true, 1, 'vp09.01.21.08'],
  ['924983420014080b4b031c120e0c', true, 2, 'vp09.02.21.10'],
  ['960040929c4850010008007d2340', false, 2, undefined],
  // show_existing_frame
  ['88', false, 0, undefined],
]

test('VP8 frames', () => {
  for (const [frame, keyFrame, size] of VP8) {
    assert.deepEqual(parseVp8Frame(bytes(frame)), { keyFrame, version: 0, shown: true, size }, frame)
    assert.equal(isVp8KeyFrame(bytes(frame)), keyFrame, frame)
  }
})

test('VP9 frames', () => {
  for (const [frame, keyFrame, profile, codec] of VP9) {
    const info = parseVp9Frame(bytes(frame))
    assert.equal(info.keyFrame, keyFrame, frame)
    assert.equal(info.profile, profile, frame)
    assert.equal(info.picture && vp9CodecString(info.profile, info.picture), codec, frame)
    if (info.picture) assert.deepEqual([info.picture.width, info.picture.height], [642, 362], frame)
    assert.equal(isVp9KeyFrame(bytes(frame)), keyFrame, frame)
  }
})

test('what is no frame is refused with a ProtocolError', () => {
  for (const frame of ['', '70', '709c009d012b82026a01']) assert.throws(() => parseVp8Frame(bytes(frame)), { code: 'vp8/frame' }, frame)
  for (const frame of ['', '42', '82', '82498343002810169606', 'ba', '82498342e0'])
    assert.throws(() => parseVp9Frame(bytes(frame)), { code: 'vp9/frame' }, frame)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (frame) => {
      for (const parse of [parseVp8Frame, parseVp9Frame]) {
        try {
          parse(frame)
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error))
        }
      }
    }),
    { numRuns: 1000 },
  )
  // The quick look and the whole one agree.
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 1 }), (first) => {
      const frame = Uint8Array.of(...first, ...bytes('49834200281016960638'))
      try {
        assert.equal(isVp9KeyFrame(frame), parseVp9Frame(frame).keyFrame)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
      }
    }),
  )
})
