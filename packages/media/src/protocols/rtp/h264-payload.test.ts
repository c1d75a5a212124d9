import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FuResizer } from './h264-fu-resizer.ts'
import { H264_FORMAT, packetizeH264 } from './h264-payload.ts'
import { NalDepacketizer } from './nal-depacketizer.ts'
import { splitAggregate } from './nal-payload.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
/** A slice whose header says that it begins the picture. */
const slice = (type: 1 | 5, length: number): Uint8Array => new Uint8Array(length).map((_, i) => (i === 0 ? 0x60 | type : i === 1 ? 0x88 : i))

const SPS = bytes('6742c01e')
const PPS = bytes('68ce')
const SEI = bytes('0605')

const PAYLOADS: readonly (readonly [name: string, nals: readonly Uint8Array[], payloads: readonly string[]])[] = [
  ['parameter sets and SEI in one STAP-A', [bytes('09f0'), SPS, PPS, SEI, bytes('6588')], ['78 0004 6742c01e 0002 68ce 0002 0605', '6588']],
  ['one of them alone stays as it is', [SPS, bytes('6588')], ['6742c01e', '6588']],
  ['too many for one STAP-A', [SPS, PPS, bytes('68aabbccddee'), bytes('0601')], ['78 0004 6742c01e 0002 68ce', '78 0006 68aabbccddee 0002 0601']],
  ['a long slice in FU-As', [bytes('65 88010203040506070809 101112131415161718')], ['7c85 88010203040506070809 1011 1213', '7c45 1415161718']],
  ['filler data is left out', [bytes('0cffff80'), bytes('4188')], ['4188']],
]

test('packetizeH264', async (t) => {
  for (const [name, nals, payloads] of PAYLOADS) {
    await t.test(name, () =>
      assert.deepEqual(
        packetizeH264(nals, 16).map(hex),
        payloads.map((payload) => payload.replaceAll(' ', '')),
      ),
    )
  }
})

test('splitAggregate refuses lengths past the end', () => {
  assert.deepEqual(splitAggregate(H264_FORMAT, bytes('78 0002 68ce 0000 0002 0605')).map(hex), ['68ce', '0605'])
  for (const broken of ['78 00', '78 0003 68ce', '78 0002 68ce 00']) assert.throws(() => splitAggregate(H264_FORMAT, bytes(broken)), { code: 'rtp/h264-stap' })
})

type Push = readonly [payload: Uint8Array | string, timestamp: number, marker: 0 | 1, gap?: 'gap']
const UNITS: readonly (readonly [name: string, pushes: readonly Push[], units: readonly (readonly [number, readonly string[]])[], dropped: number])[] = [
  [
    'marker ends a unit',
    [
      [SPS, 1, 0],
      [PPS, 1, 0],
      ['6588', 1, 1],
      ['4188', 2, 1],
    ],
    [
      [1, ['6742c01e', '68ce', '6588']],
      [2, ['4188']],
    ],
    0,
  ],
  [
    'without markers the next timestamp does',
    [
      ['6588', 1, 0],
      ['4188', 2, 0],
      ['4189', 3, 0],
    ],
    [
      [1, ['6588']],
      [2, ['4188']],
    ],
    0,
  ],
  [
    'both at once',
    [
      ['6588', 1, 0],
      ['4188', 2, 1],
    ],
    [
      [1, ['6588']],
      [2, ['4188']],
    ],
    0,
  ],
  [
    'parameter sets with a marker join the picture',
    [
      [SPS, 1, 1],
      [PPS, 1, 1],
      ['6588', 1, 1],
    ],
    [[1, ['6742c01e', '68ce', '6588']]],
    0,
  ],
  [
    'also with another timestamp',
    [
      [SPS, 1, 1],
      [PPS, 2, 0],
      ['6588', 3, 1],
    ],
    [[3, ['6742c01e', '68ce', '6588']]],
    0,
  ],
  [
    'parameter sets between the slices of a picture are left out',
    [
      [SPS, 1, 0],
      [PPS, 1, 0],
      ['6588', 1, 0],
      [SPS, 1, 0],
      [PPS, 1, 0],
      ['6544', 1, 1],
    ],
    [[1, ['6742c01e', '68ce', '6588', '6544']]],
    0,
  ],
  [
    'SEI is kept, delimiters are not',
    [
      ['09f0', 1, 0],
      [SEI, 1, 0],
      ['4188', 1, 1],
    ],
    [[1, ['0605', '4188']]],
    0,
  ],
  [
    'FU-A',
    [
      ['7c85 8801', 1, 0],
      ['7c05 02', 1, 0],
      ['7c45 03', 1, 1],
    ],
    [[1, ['6588010203']]],
    0,
  ],
  [
    'FU-A that never sets its end bit',
    [
      ['7c85 8801', 1, 0],
      ['7c05 02', 1, 1],
    ],
    [[1, ['65880102']]],
    0,
  ],
  [
    'nor a marker',
    [
      ['7c85 8801', 1, 0],
      ['7c05 02', 1, 0],
      ['4188', 2, 1],
    ],
    [
      [1, ['65880102']],
      [2, ['4188']],
    ],
    0,
  ],
  [
    'a gap within a unit drops it',
    [
      ['7c85 8801', 1, 0],
      ['7c45 03', 1, 1, 'gap'],
      ['4188', 2, 1],
    ],
    [[2, ['4188']]],
    1,
  ],
  [
    'a gap between units whose end was seen drops nothing',
    [
      ['6588', 1, 1],
      ['4188', 2, 1, 'gap'],
    ],
    [
      [1, ['6588']],
      [2, ['4188']],
    ],
    0,
  ],
  [
    'a gap that may have taken the end drops',
    [
      ['6588', 1, 0],
      ['4188', 2, 1, 'gap'],
    ],
    [[2, ['4188']]],
    1,
  ],
  [
    'a gap that took the first slice drops',
    [
      ['6588', 1, 1],
      ['4108', 2, 1, 'gap'],
      ['4188', 3, 1],
    ],
    [
      [1, ['6588']],
      [3, ['4188']],
    ],
    1,
  ],
  [
    'starting in the middle of a unit drops it',
    [
      ['7c05 02', 1, 0, 'gap'],
      ['7c45 03', 1, 1],
      ['4188', 2, 1],
    ],
    [[2, ['4188']]],
    1,
  ],
  [
    'fragments of an unknown start',
    [
      ['7c45 03', 1, 1],
      ['4188', 2, 1],
    ],
    [[2, ['4188']]],
    1,
  ],
  [
    'broken STAP-A',
    [
      ['78 00ff 68', 1, 0],
      ['6588', 1, 1],
      ['4188', 2, 1],
    ],
    [[2, ['4188']]],
    1,
  ],
  [
    'modes that were not agreed on',
    [
      ['1d 00', 1, 0],
      ['6588', 1, 1],
      ['4188', 2, 1],
    ],
    [[2, ['4188']]],
    1,
  ],
]

test('NalDepacketizer with H.264', async (t) => {
  for (const [name, pushes, units, dropped] of UNITS) {
    await t.test(name, () => {
      const depacketizer = new NalDepacketizer(H264_FORMAT)
      const found = pushes.flatMap(([payload, timestamp, marker, gap]) =>
        depacketizer.push(typeof payload === 'string' ? bytes(payload) : payload, timestamp, marker === 1, gap !== undefined),
      )
      assert.deepEqual(
        found.map(({ timestamp, nals }) => [timestamp, nals.map(hex)]),
        units,
      )
      assert.equal(depacketizer.dropped, dropped)
    })
  }
})

test('what is packetized comes back, and a missing packet costs its unit only', () => {
  const units = fc.array(fc.array(fc.integer({ min: 2, max: 400 }), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(units, fc.nat(30), (lengths, lost) => {
      const pictures = lengths.map((slices) => [SPS, PPS, ...slices.map((length) => slice(5, length))])
      const packets = pictures.flatMap((nals, i) => packetizeH264(nals, 64).map((payload, k, all) => ({ payload, unit: i, marker: k === all.length - 1 })))
      for (const missing of [-1, lost % packets.length]) {
        const depacketizer = new NalDepacketizer(H264_FORMAT)
        const found = packets
          .map((packet, i) => ({ ...packet, i }))
          .filter(({ i }) => i !== missing)
          .flatMap(({ payload, unit, marker, i }) => depacketizer.push(payload, unit, marker, i === missing + 1 && i > 0))
        const kept = new Set(found.map(({ timestamp }) => timestamp))
        for (const { timestamp, nals } of found) if (timestamp !== packets[missing]?.unit) assert.deepEqual(nals, pictures[timestamp])
        if (missing < 0) assert.equal(found.length, pictures.length)
        // The packet that is missing may have been the last of its unit, or the whole of it.
        else assert.ok(pictures.every((_, i) => kept.has(i) || Math.abs(i - (packets[missing]?.unit ?? 0)) <= 1))
      }
    }),
  )
})

test('any payloads make units or nothing', () => {
  const packet = fc.tuple(fc.uint8Array({ maxLength: 12 }), fc.nat(3), fc.boolean(), fc.boolean())
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 40 }), (packets) => {
      const depacketizer = new NalDepacketizer(H264_FORMAT)
      for (const push of packets) for (const { nals } of depacketizer.push(...push)) assert.ok(nals.length > 0)
    }),
  )
})

test('FuResizer keeps the bytes and the borders of NAL units, whatever the sizes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 130, max: 900 }), fc.integer({ min: 66, max: 128 })), { minLength: 1, maxLength: 4 }), (nals) => {
      const resizer = new FuResizer(64)
      const depacketizer = new NalDepacketizer(H264_FORMAT)
      nals.forEach(([length, size], time) => {
        const fragments = packetizeH264([slice(1, length)], size)
        const payloads = fragments.flatMap((payload, i) => resizer.push(payload, i === fragments.length - 1))
        assert.ok(payloads.every((payload) => payload.length <= 64))
        assert.equal(payloads.length, Math.ceil((length - 1) / 62))
        const units = payloads.flatMap((payload, i) => depacketizer.push(payload, time, i === payloads.length - 1, false))
        assert.deepEqual(units, [{ timestamp: time, nals: [slice(1, length)] }])
        assert.equal(resizer.active, false)
      })
    }),
  )
})
