import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { decodeHevcConfig, encodeHevcConfig } from './h265-hvcc.ts'
import { h265CodecString, parseH265Sps } from './h265-sps.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** By x265, and what ffprobe tells of the same streams. */
const CASES: readonly (readonly [name: string, sps: Uint8Array, codec: string, info: Partial<ReturnType<typeof parseH265Sps>>])[] = [
  [
    'main, 640x360 cropped from 640x368',
    bytes('42010101600000030090000003000003003fa005020171f2e595952930bc05a020000003002000000303c1'),
    'hvc1.1.6.L63.90',
    { profileIdc: 1, levelIdc: 63, width: 640, height: 360, bitDepthLuma: 8, maxNumReorderFrames: 2, chromaFormatIdc: 1, temporalLayers: 1 },
  ],
  [
    'main 10, 1080p',
    bytes('420101022000000300900000030000030078a003c0801107cad965654a4c2f016808000003000800000300f040'),
    'hvc1.2.4.L120.90',
    { profileIdc: 2, levelIdc: 120, width: 1920, height: 1080, bitDepthLuma: 10, bitDepthChroma: 10, maxNumReorderFrames: 2 },
  ],
]

test('parseH265Sps', () => {
  for (const [name, sps, codec, wanted] of CASES) {
    const info = parseH265Sps(sps)
    assert.deepEqual({ ...info, ...wanted }, info, name)
    assert.equal(h265CodecString(info), codec, name)
  }
})

test('the configuration record gives back the parameter sets', () => {
  const [vps, pps] = [bytes('40010c01ffff01600000030090000003000003003f959409'), bytes('4401c073c189')]
  for (const [name, sps] of CASES) {
    const record = encodeHevcConfig(vps, sps, pps)
    assert.deepEqual(decodeHevcConfig(record), { vps, sps, pps, nalLengthSize: 4 }, name)
    for (let length = 0; length < record.length; length++) assert.throws(() => decodeHevcConfig(record.subarray(0, length)), { code: 'h265/hevc-config' })
  }
})

test('what is no parameter set is refused with a ProtocolError', () => {
  assert.throws(() => parseH265Sps(bytes('4401c073c189')), { code: 'h265/sps' })
  const isReadOrRefused = (sps: Uint8Array): void => {
    try {
      const { width, height } = parseH265Sps(sps)
      assert.ok(width > 0 && height > 0)
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error))
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (tail) => isReadOrRefused(Uint8Array.of(0x42, 1, ...tail))))
  fc.assert(
    fc.property(
      fc.constantFrom(...CASES.map(([, sps]) => sps)),
      fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 4 }),
      fc.nat(45),
      (sps, changes, length) => {
        const mangled = sps.slice(0, length)
        for (const [at, value] of changes) if (at < mangled.length) mangled[at] = value
        isReadOrRefused(mangled)
      },
    ),
    { numRuns: 500 },
  )
})
