import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { isRandomAccess, joinAnnexB, joinLengthPrefixed, removeEmulationPrevention, splitAnnexB, splitLengthPrefixed } from './h264-nal.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const BYTE_STREAMS: readonly (readonly [name: string, stream: string, nals: readonly string[]])[] = [
  ['3- and 4-byte start codes', '00000001 6742 000001 68ce 000001 65', ['6742', '68ce', '65']],
  ['bytes before the first start code', 'ff00 000001 09f0', ['09f0']],
  ['trailing zeros', '000001 6742 0000 0000000001 68 0000', ['6742', '68']],
  ['empty NAL units', '000001 000001 000001 41aa', ['41aa']],
  ['a start code at the end', '000001 41aa 000001', ['41aa']],
  ['no start code', '4142434445', []],
  ['an emulation prevention byte is no start code', '000001 41 000003 01', ['4100000301']],
  ['nothing', '', []],
]

test('splitAnnexB', async (t) => {
  for (const [name, stream, nals] of BYTE_STREAMS) await t.test(name, () => assert.deepEqual(splitAnnexB(bytes(stream)).map(hex), nals))
})

// A NAL unit as the standard allows it: it does not end in a zero byte, and start codes in it are escaped.
const nalUnit = fc.uint8Array({ minLength: 1, maxLength: 40 }).filter((nal) => nal.at(-1) !== 0 && !/^(..)*0000(00|01|02)/.test(hex(nal)))

test('joined NAL units are split to the same', () => {
  fc.assert(
    fc.property(fc.array(nalUnit, { maxLength: 6 }), (nals) => {
      const wanted = nals.map(hex)
      assert.deepEqual(splitAnnexB(joinAnnexB(nals)).map(hex), wanted)
      assert.deepEqual(splitLengthPrefixed(joinLengthPrefixed(nals), 4).map(hex), wanted)
    }),
  )
})

test('splitLengthPrefixed refuses lengths past the end and nothing else', () => {
  assert.deepEqual(splitLengthPrefixed(bytes('02 6742 00 01 68'), 1).map(hex), ['6742', '68'])
  assert.deepEqual(splitLengthPrefixed(bytes('0002 6742'), 2).map(hex), ['6742'])
  for (const broken of ['ffffffff 67', '00000003 6742', '000000']) {
    assert.throws(() => splitLengthPrefixed(bytes(broken), 4), { code: 'h264/nal-length' })
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(1 as const, 2 as const, 4 as const), (input, size) => {
      try {
        splitLengthPrefixed(input, size)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
  )
})

test('removeEmulationPrevention', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['6742c01e', '6742c01e'],
    ['67 000003 01 000003 00 000003', '67 0000 01 0000 00 0000'],
    ['67 00000003 01', '67 000000 01'],
    ['67 0003 00', '67 0003 00'],
  ]
  for (const [nal, rbsp] of cases) {
    // Sockets give Buffers, whose slice() is a view: the NAL unit must stay as it is.
    const input = Buffer.from(bytes(nal))
    assert.equal(hex(removeEmulationPrevention(input)), rbsp.replaceAll(' ', ''))
    assert.equal(hex(input), nal.replaceAll(' ', ''))
  }
})

test('isRandomAccess wants an IDR slice, not only parameter sets', () => {
  assert.equal(isRandomAccess([bytes('6742'), bytes('68ce'), bytes('65b8')]), true)
  assert.equal(isRandomAccess([bytes('6742'), bytes('68ce'), bytes('41b8')]), false)
})
