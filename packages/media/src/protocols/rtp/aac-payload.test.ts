import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AacDepacketizer, packetizeAac } from './aac-payload.ts'
import { splitSamples } from './plain-payload.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

type Push = readonly [payload: string, gap?: 'gap']
const CASES: readonly (readonly [name: string, pushes: readonly Push[], frames: readonly string[], dropped: number])[] = [
  // 16 bits of headers; size 3, index 0
  ['one frame', [['0010 0018 aabbcc']], ['aabbcc'], 0],
  ['two frames', [['0020 0018 0010 aabbcc ddee']], ['aabbcc', 'ddee'], 0],
  ['a frame in two fragments', [['0010 0020 aabb'], ['0010 0020 ccdd'], ['0010 0008 ee']], ['aabbccdd', 'ee'], 0],
  ['a fragment is missing', [['0010 0030 aabb'], ['0010 0030 eeff', 'gap'], ['0010 0008 ee', 'gap']], ['ee'], 2],
  ['a frame follows on fragments that do not end', [['0010 0020 aabb'], ['0020 0008 0008 ccdd']], ['cc', 'dd'], 1],
  ['the last of two frames is cut', [['0020 0018 0018 aabbcc dd']], ['aabbcc'], 1],
  ['no headers', [['0000 aabb'], ['00'], ['']], [], 3],
  ['headers past the end', [['0040 0018 aabb']], [], 1],
]

test('AacDepacketizer', async (t) => {
  for (const [name, pushes, frames, dropped] of CASES) {
    await t.test(name, () => {
      const depacketizer = new AacDepacketizer()
      assert.deepEqual(pushes.flatMap(([payload, gap]) => depacketizer.push(bytes(payload), gap !== undefined)).map(hex), frames)
      assert.equal(depacketizer.dropped, dropped)
    })
  }
})

test('what is packetized comes back', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 4 }), (frames) => {
      const depacketizer = new AacDepacketizer()
      const payloads = frames.flatMap((frame) => packetizeAac(frame, 64))
      assert.ok(payloads.every((payload) => payload.length <= 64))
      assert.deepEqual(
        payloads.flatMap((payload) => depacketizer.push(payload, false)),
        frames,
      )
    }),
  )
})

test('a frame that is too long for an AU header is not sent', () => {
  assert.equal(packetizeAac(new Uint8Array(8191), 1200).length, 7)
  assert.deepEqual(packetizeAac(new Uint8Array(8192), 1200), [])
})

test('any payloads make frames or nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 12 }), fc.boolean()), { maxLength: 40 }), (packets) => {
      const depacketizer = new AacDepacketizer()
      for (const push of packets) for (const frame of depacketizer.push(...push)) assert.ok(frame.length > 0)
    }),
  )
})

test('splitSamples keeps the channels of a sample together', () => {
  assert.deepEqual(splitSamples(bytes('010203040506070809'), 2, 5).map(hex), ['01020304', '05060708', '09'])
  assert.deepEqual(splitSamples(bytes('0102'), 1, 5).map(hex), ['0102'])
})
