import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { decodeAvcConfig, encodeAvcConfig } from './h264-avcc.ts'
import { SPS_CORPUS } from './h264-sps.corpus.ts'
import { h264CodecString, parseSps, type SpsInfo } from './h264-sps.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** Writes a parameter set from fields: `u(n, value)` as `[n, value]`, `ue(v)` as a number. */
const spsOf = (profile: number, constraints: number, level: number, ...fields: readonly (number | readonly [number, number])[]): Uint8Array => {
  let bits = ''
  for (const field of fields) {
    if (typeof field !== 'number') bits += field[1].toString(2).padStart(field[0], '0')
    else bits += '0'.repeat((field + 1).toString(2).length - 1) + (field + 1).toString(2)
  }
  bits += '1'
  const body = (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
  return Uint8Array.of(0x67, profile, constraints, level, ...body)
}
const flag = (value: 0 | 1): readonly [number, number] => [1, value]
// 320x240 progressive, one or more reference frames, no cropping, no VUI.
const plainSize = (refFrames: number) => [refFrames, flag(0), 19, 14, flag(1), flag(1), flag(0), flag(0)] as const

const CASES: readonly (readonly [name: string, sps: Uint8Array, codec: string, info: Partial<SpsInfo>])[] = [
  // Encoded by x264; size, rate and reordering are what ffprobe tells of the same streams.
  [
    'baseline 720p',
    bytes('6742c01fda014016ec0440000003004000000f03c60ca8'),
    'avc1.42C01F',
    { width: 1280, height: 720, frameRate: 30, maxNumReorderFrames: 0 },
  ],
  [
    'high 1080p, cropped',
    bytes('67640028acd940780227e5c044000003000400000300c83c60c658'),
    'avc1.640028',
    { width: 1920, height: 1080, frameRate: 25, maxNumReorderFrames: 2 },
  ],
  ['interlaced', bytes('6764001eacd940b424d8088000000300800000190f8a14cb'), 'avc1.64001E', { width: 720, height: 576, frameRate: 25, maxNumReorderFrames: 2 }],
  [
    'odd size with HRD',
    bytes('6764001eacd940a42fe224c04400000fa40003a981810003d090007a12930c01e2c5b2c0'),
    'avc1.64001E',
    { width: 642, height: 362, frameRate: 30000 / 1001, maxNumReorderFrames: 2 },
  ],
  [
    '4:2:2, 10 bits',
    bytes('677a000db6cd94141fb0110000030001000003003c0f142996'),
    'avc1.7A000D',
    { width: 320, height: 240, chromaFormatIdc: 2, bitDepthLuma: 10, bitDepthChroma: 10 },
  ],
  ['4:4:4', bytes('67f4000d919b28283f6022000003000200000300781e28532c'), 'avc1.F4000D', { width: 320, height: 240, chromaFormatIdc: 3, bitDepthLuma: 8 }],
  ['main without B-frames', bytes('674d400dd90141fb0110000003001000000303c8f142a480'), 'avc1.4D400D', { width: 320, height: 240, maxNumReorderFrames: 0 }],
  // Without VUI.
  ['baseline', spsOf(66, 0, 30, 0, 0, 0, 0, ...plainSize(2)), 'avc1.42001E', { width: 320, height: 240, frameRate: undefined, maxNumReorderFrames: 0 }],
  ['main', spsOf(77, 0, 30, 0, 0, 0, 0, ...plainSize(2)), 'avc1.4D001E', { maxNumReorderFrames: 2 }],
  ['main, more references than the buffer holds', spsOf(77, 0, 10, 0, 0, 0, 0, ...plainSize(4)), 'avc1.4D000A', { maxNumReorderFrames: 1 }],
  ['main, pic_order_cnt_type 2', spsOf(77, 0, 30, 0, 0, 2, ...plainSize(2)), 'avc1.4D001E', { maxNumReorderFrames: 0 }],
  ['main, pic_order_cnt_type 1', spsOf(77, 0, 30, 0, 0, 1, flag(0), 0, 0, 2, 1, 1, ...plainSize(1)), 'avc1.4D001E', { width: 320, maxNumReorderFrames: 1 }],
  ['high intra', spsOf(100, 0x10, 30, 0, 1, 0, 0, flag(0), flag(0), 0, 0, 0, ...plainSize(2)), 'avc1.64101E', { maxNumReorderFrames: 0 }],
  [
    'scaling lists: one whole, one that ends at once',
    spsOf(100, 0, 30, 0, 1, 0, 0, flag(0), flag(1), flag(1), ...new Array(8).fill([1, 2]).flat(), flag(1), 16, [6, 0], 0, 0, 0, ...plainSize(1)),
    'avc1.64001E',
    { width: 320, height: 240 },
  ],
  [
    'VUI cut short',
    spsOf(77, 0, 30, 0, 0, 0, 0, 2, flag(0), 19, 14, flag(1), flag(1), flag(0), flag(1), flag(1)),
    'avc1.4D001E',
    { width: 320, maxNumReorderFrames: 2 },
  ],
]

test('parseSps', async (t) => {
  for (const [name, sps, codec, wanted] of CASES) {
    await t.test(name, () => {
      const info = parseSps(sps)
      for (const key of Object.keys(wanted) as (keyof SpsInfo)[]) assert.equal(info[key], wanted[key], key)
      assert.equal(h264CodecString(sps), codec)
    })
  }
})

test('the configuration record gives back the parameter sets', () => {
  const pps = bytes('68ce0fc8')
  for (const [name, sps] of CASES) {
    const config = decodeAvcConfig(encodeAvcConfig(sps, pps))
    assert.deepEqual(config, { sps, pps, nalLengthSize: 4 }, name)
  }
})

test('decodeAvcConfig', () => {
  // version 1, profile 42C01F, 2-byte lengths; an empty and a real SPS, one PPS
  const config = decodeAvcConfig(bytes('0142c01f' + 'fd' + 'e2' + '0000' + '000267aa' + '01' + '000268bb'))
  assert.deepEqual(config, { sps: bytes('67aa'), pps: bytes('68bb'), nalLengthSize: 2 })
  for (const broken of ['', '02', '0142c01ffee1000267aa01000268bb', '0142c01fffe001000268bb', '0142c01fffe1ffff67aa']) {
    assert.throws(() => decodeAvcConfig(bytes(broken)), { code: 'h264/avc-config' }, broken)
  }
})

const isDecodedOrRefused = (decode: (input: Uint8Array) => unknown, input: Uint8Array): void => {
  try {
    decode(input)
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error))
  }
}

test('hostile parameter sets are refused with a ProtocolError', () => {
  for (const [name, sps] of SPS_CORPUS) assert.throws(() => parseSps(bytes(sps)), { code: 'h264/sps' }, name)
  const real = CASES.map(([, sps]) => sps)
  fc.assert(
    fc.property(fc.constantFrom(...real), fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 4 }), fc.nat(40), (sps, changes, length) => {
      const mangled = sps.slice(0, length)
      for (const [at, value] of changes) if (at < mangled.length) mangled[at] = value
      isDecodedOrRefused(parseSps, mangled)
      isDecodedOrRefused(decodeAvcConfig, mangled)
    }),
    { numRuns: 500 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (input) => isDecodedOrRefused(parseSps, Uint8Array.of(0x67, 100, ...input))))
})
