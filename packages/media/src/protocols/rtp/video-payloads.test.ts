import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { OBU_TYPE } from '../../codecs/av1-obu.ts'
import { Av1Depacketizer } from './av1-depacketizer.ts'
import { decodeAv1Payload, encodeAv1Payloads } from './av1-payload.ts'
import { FrameAssembler } from './frame-assembler.ts'
import { H265_FORMAT, packetizeH265, splitH265Payload } from './h265-payload.ts'
import { NalDepacketizer } from './nal-depacketizer.ts'
import { decodeVp8Descriptor, packetizeVp8, splitVp8Payload } from './vp8-payload.ts'
import { decodeVp9Descriptor, packetizeVp9, splitVp9Payload } from './vp9-payload.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const hex = (...payloads: readonly Uint8Array[]): string[] => payloads.map((payload) => Buffer.from(payload).toString('hex'))

test('VP8 payload descriptors', () => {
  const none = { pictureId: undefined, tl0PicIdx: undefined, temporalId: undefined, layerSync: false, disposable: false }
  const cases: [payload: string, descriptor: object][] = [
    ['10 aa', { ...none, bytes: 1, startsFrame: true }],
    ['00 aa', { ...none, bytes: 1, startsFrame: false }],
    // The start of the second partition.
    ['11 aa', { ...none, bytes: 1, startsFrame: false }],
    ['90 80 11 aa', { ...none, bytes: 3, startsFrame: true, pictureId: 0x11 }],
    ['90 80 92 34 aa', { ...none, bytes: 4, startsFrame: true, pictureId: 0x1234 }],
    // As libwebrtc sends temporal layers.
    ['b0 e0 92 34 07 60 aa', { bytes: 6, startsFrame: true, disposable: true, pictureId: 0x1234, tl0PicIdx: 7, temporalId: 1, layerSync: true }],
    ['80 10 3f aa', { ...none, bytes: 3, startsFrame: false }],
  ]
  for (const [payload, descriptor] of cases) assert.deepEqual(decodeVp8Descriptor(bytes(payload)), descriptor, payload)
  for (const broken of ['', '10', '90', '90 80 92 34', '90 f0 12 34 56']) assert.throws(() => decodeVp8Descriptor(bytes(broken)), { code: 'rtp/vp8' }, broken)
})

test('VP9 payload descriptors', () => {
  const none = { endsFrame: false, interPredicted: false, pictureId: undefined, layer: undefined, notReference: false, references: [], sizes: [] }
  const cases: [payload: string, descriptor: object][] = [
    // As ffmpeg sends it.
    ['08 aa', { ...none, bytes: 1, startsFrame: true }],
    ['cc 92 34 aa', { ...none, bytes: 3, startsFrame: true, endsFrame: true, interPredicted: true, pictureId: 0x1234 }],
    [
      'a9 11 33 07 aa',
      {
        ...none,
        bytes: 4,
        startsFrame: true,
        pictureId: 0x11,
        notReference: true,
        layer: { temporalId: 1, switchingUp: true, spatialId: 1, interLayer: true, tl0PicIdx: 7 },
      },
    ],
    // Flexible mode: two references, no TL0PICIDX.
    [
      'f8 11 00 03 04 aa',
      {
        ...none,
        bytes: 5,
        startsFrame: true,
        interPredicted: true,
        pictureId: 0x11,
        references: [1, 2],
        layer: { temporalId: 0, switchingUp: false, spatialId: 0, interLayer: false, tl0PicIdx: undefined },
      },
    ],
    // Two spatial layers with sizes; a group of two pictures.
    [
      '0a 38 0140 00b4 0280 0168 02 04 01 24 01 aa',
      {
        ...none,
        bytes: 15,
        startsFrame: true,
        sizes: [
          { width: 320, height: 180 },
          { width: 640, height: 360 },
        ],
      },
    ],
  ]
  for (const [payload, descriptor] of cases) {
    const decoded = decodeVp9Descriptor(bytes(payload))
    assert.deepEqual(decoded, descriptor, payload)
    assert.equal(decoded.bytes, bytes(payload).length - 1, payload)
  }
  for (const broken of ['', '08', '88 92', 'f8 11 00 03', '0a 38 01', '0a 08 ff 0c'])
    assert.throws(() => decodeVp9Descriptor(bytes(broken)), { code: 'rtp/vp9' }, broken)
})

test('AV1 payloads', () => {
  const cases: [payload: string, elements: string[], flags: string][] = [
    ['18 3001', ['3001'], 'N'],
    ['00 02 3001 01 32', ['3001', '32'], ''],
    ['e0 02 3001 32', ['3001', '32'], 'ZY'],
    // Padding elements of no bytes.
    ['20 00 3001', ['3001'], ''],
  ]
  for (const [payload, elements, flags] of cases) {
    const decoded = decodeAv1Payload(bytes(payload))
    assert.deepEqual(hex(...decoded.elements), elements, payload)
    assert.equal(`${decoded.continues ? 'Z' : ''}${decoded.continued ? 'Y' : ''}${decoded.startsSequence ? 'N' : ''}`, flags, payload)
  }
  for (const broken of ['', '10', '00', '00 05 3001', '00 ff', '20 03 3001', '30 01 32'])
    assert.throws(() => decodeAv1Payload(bytes(broken)), { code: 'rtp/av1' }, broken)
})

test('only the first piece of a frame starts it, only the last one ends it', () => {
  const frame = new Uint8Array(12)
  assert.deepEqual(hex(...packetizeVp8(frame, 0x12345, 8)), ['9080a34500000000', '8080a34500000000', '8080a34500000000'])
  const vp9 = packetizeVp9(frame, 0x12345, false, 8)
  assert.deepEqual(hex(...vp9), ['c8a3450000000000', 'c0a3450000000000', 'c4a3450000'])
  assert.deepEqual(hex(...splitVp9Payload(vp9[0] as Uint8Array, 6)), ['c8a345000000', 'c0a3450000'])
  assert.deepEqual(hex(...splitVp9Payload(vp9[2] as Uint8Array, 4)), ['c0a34500', 'c4a34500'])
})

test('H.265: parameter sets together, a long NAL unit in pieces', () => {
  const slice = Uint8Array.of(0x26, 1, 0x80, ...new Uint8Array(120).fill(7))
  const payloads = packetizeH265([bytes('460150'), bytes('4001aa'), bytes('4201bb'), bytes('4401cc'), slice], 64)
  assert.deepEqual(hex(...payloads.slice(0, 1)), ['6001' + '00034001aa' + '00034201bb' + '00034401cc'])
  assert.deepEqual(
    payloads.slice(1).map((payload) => [payload.length, ...payload.subarray(0, 3)]),
    [
      [64, 0x62, 1, 0x93],
      [63, 0x62, 1, 0x53],
    ],
  )
  // A fragment that is too long keeps the start or the end that it has.
  assert.deepEqual(
    splitH265Payload(payloads[1] as Uint8Array, 40).map(([, , flags]) => flags),
    [0x93, 0x13],
  )
  assert.deepEqual(
    splitH265Payload(payloads[2] as Uint8Array, 40).map(([, , flags]) => flags),
    [0x13, 0x53],
  )
})

/** How a format makes payloads of a picture, cuts those that are too long, and puts them together again. */
type Format = {
  readonly picture: fc.Arbitrary<readonly Uint8Array[]>
  packetize(picture: readonly Uint8Array[], maxPayload: number): Uint8Array[]
  split(payload: Uint8Array, maxPayload: number): Uint8Array[]
  depacketizer(): (payload: Uint8Array, timestamp: number, marker: boolean, afterGap: boolean) => readonly Uint8Array[] | undefined
}

const frame = fc.uint8Array({ minLength: 1, maxLength: 700, size: 'max' })
const nal = fc.tuple(fc.constantFrom(0, 1, 19, 20, 21, 39), frame).map(([type, body]) => Uint8Array.of(type << 1, 1, 0x80, ...body))
const obu = fc
  .tuple(fc.constantFrom(OBU_TYPE.FRAME, OBU_TYPE.SEQUENCE_HEADER, OBU_TYPE.METADATA), fc.uint8Array({ maxLength: 500, size: 'max' }))
  .map(([type, body]) => Uint8Array.of(type << 3, ...body))

const assembled = (descriptor: (payload: Uint8Array) => { startsFrame: boolean; bytes: number }) => () => {
  const assembler = new FrameAssembler()
  return (payload: Uint8Array, timestamp: number, marker: boolean, afterGap: boolean) => {
    const { startsFrame, bytes: at } = descriptor(payload)
    const found = assembler.push(payload.subarray(at), timestamp, marker, startsFrame, afterGap)
    return found && [found.data]
  }
}

const FORMATS: readonly (readonly [name: string, format: Format])[] = [
  [
    'VP8',
    {
      picture: frame.map((one) => [one]),
      packetize: ([one = bytes('')], max) => packetizeVp8(one, 0x12345, max),
      split: splitVp8Payload,
      depacketizer: assembled(decodeVp8Descriptor),
    },
  ],
  [
    'VP9',
    {
      picture: frame.map((one) => [one]),
      packetize: ([one = bytes('')], max) => packetizeVp9(one, 0x12345, false, max),
      split: splitVp9Payload,
      depacketizer: assembled(decodeVp9Descriptor),
    },
  ],
  [
    'AV1',
    {
      picture: fc.array(obu, { minLength: 1, maxLength: 5 }),
      packetize: (elements, max) => encodeAv1Payloads({ continues: false, continued: false, startsSequence: false, elements }, max),
      split: (payload, max) => encodeAv1Payloads(decodeAv1Payload(payload), max),
      depacketizer: () => {
        const depacketizer = new Av1Depacketizer()
        return (...packet) => depacketizer.push(...packet)?.obus
      },
    },
  ],
  [
    'H.265',
    {
      picture: fc.array(nal, { minLength: 1, maxLength: 5 }).map((nals) => [...nals, Uint8Array.of(2, 1, 0x80)]),
      packetize: packetizeH265,
      split: splitH265Payload,
      depacketizer: () => {
        const depacketizer = new NalDepacketizer(H265_FORMAT)
        return (...packet) => depacketizer.push(...packet)[0]?.nals
      },
    },
  ],
]

for (const [name, { picture, packetize, split, depacketizer }] of FORMATS) {
  test(`${name}: pictures come back, also when payloads are cut again; one that lost a payload does not come`, () => {
    fc.assert(
      fc.property(fc.array(picture, { minLength: 1, maxLength: 4 }), fc.integer({ min: 64, max: 400 }), fc.nat(1000), (pictures, maxPayload, lostAt) => {
        const push = depacketizer()
        const lossy = depacketizer()
        let lost = false
        let afterLoss = false
        pictures.forEach((one, timestamp) => {
          const whole = packetize(one, maxPayload)
          const payloads = whole.flatMap((payload) => (payload.length > 64 ? split(payload, 64) : [payload]))
          for (const payload of payloads) assert.ok(payload.length <= Math.max(64, maxPayload))
          let hasLoss = false
          payloads.forEach((payload, i) => {
            const marker = i === payloads.length - 1
            const came = push(payload, timestamp, marker, timestamp === 0 && i === 0)
            assert.deepEqual(came, marker ? one : undefined)
            if (!lost && i > 0 && i + 1 < payloads.length && lostAt % payloads.length === i) {
              lost = hasLoss = afterLoss = true
              return
            }
            const cameLossy = lossy(payload, timestamp, marker, (timestamp === 0 && i === 0) || afterLoss)
            afterLoss = false
            assert.deepEqual(cameLossy, marker && !hasLoss ? one : undefined)
          })
        })
      }),
    )
  })

  test(`${name}: any bytes are taken or refused`, () => {
    const input = fc.record({ payload: fc.uint8Array({ maxLength: 40 }), timestamp: fc.nat(2), marker: fc.boolean(), afterGap: fc.boolean() })
    const guarded = (work: () => unknown): void => {
      try {
        work()
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }
    fc.assert(
      fc.property(fc.array(input, { maxLength: 12 }), (packets) => {
        const push = depacketizer()
        for (const { payload, timestamp, marker, afterGap } of packets) {
          guarded(() => push(payload, timestamp, marker, afterGap))
          guarded(() => split(payload, 64))
        }
      }),
      { numRuns: 500 },
    )
  })
}
