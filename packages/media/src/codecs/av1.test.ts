import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { isAv1RandomAccess, joinObus, leb128Length, OBU_TYPE, obuType, readLeb128, splitObus, withoutSizeField, writeLeb128 } from './av1-obu.ts'
import { av1CodecString, parseAv1Sequence } from './av1-sequence.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** What real encoders write, and what ffprobe tells of the same streams. */
const SEQUENCES: readonly (readonly [name: string, obu: Uint8Array, codec: string, info: Partial<ReturnType<typeof parseAv1Sequence>>])[] = [
  ['libaom, 4:2:0', bytes('080000000cc4ff6736be4010'), 'av01.0.01M.08', { width: 640, height: 360, bitDepth: 8, subsamplingX: true, subsamplingY: true }],
  ['SVT-AV1, 10 bits', bytes('080000002d4cffb3cfbf9404'), 'av01.0.05M.10', { width: 1280, height: 720, bitDepth: 10, monochrome: false }],
  ['libaom, 4:4:4', bytes('08200000043d07c4daf902'), 'av01.1.00M.08', { profile: 1, width: 322, height: 242, subsamplingX: false, subsamplingY: false }],
]

test('parseAv1Sequence', () => {
  for (const [name, obu, codec, wanted] of SEQUENCES) {
    const info = parseAv1Sequence(obu)
    assert.deepEqual({ ...info, ...wanted }, info, name)
    assert.equal(av1CodecString(info), codec, name)
    // The same with a size field.
    assert.deepEqual(parseAv1Sequence(joinObus([obu])), info, name)
  }
})

const isReadOrRefused = (read: (input: Uint8Array) => unknown, input: Uint8Array): void => {
  try {
    read(input)
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error))
  }
}

test('hostile OBUs are refused with a ProtocolError', () => {
  // Sizes that reach past the end, of 9 bytes, and of more than 32 bits.
  for (const hostile of ['0a05', '0aff', '0affffffffffffffffff01', '0affffffffffffff7f', '0e0a']) {
    assert.throws(() => splitObus(bytes(hostile)), { code: 'av1/obu' }, hostile)
  }
  for (const refused of ['10', '08', '0860000000']) assert.throws(() => parseAv1Sequence(bytes(refused)), { code: 'av1/sequence' }, refused)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (input) => {
      isReadOrRefused(splitObus, input)
      isReadOrRefused(withoutSizeField, input)
      isReadOrRefused(parseAv1Sequence, Uint8Array.of(0x08, ...input))
    }),
    { numRuns: 1000 },
  )
})

test('OBUs are joined and split again', () => {
  const header = fc.constantFrom(OBU_TYPE.SEQUENCE_HEADER, OBU_TYPE.FRAME, OBU_TYPE.TILE_GROUP, OBU_TYPE.METADATA).map((type) => type << 3)
  const plain = fc.tuple(header, fc.uint8Array({ maxLength: 300, size: 'max' })).map(([first, body]) => Uint8Array.of(first, ...body))
  const layered = fc.tuple(header, fc.nat(255), fc.uint8Array({ maxLength: 20 })).map(([first, layer, body]) => Uint8Array.of(first | 4, layer, ...body))
  fc.assert(
    fc.property(fc.array(fc.oneof(plain, layered), { maxLength: 6 }), (obus) => {
      assert.deepEqual(splitObus(joinObus(obus)), obus)
      assert.equal(
        isAv1RandomAccess(obus),
        obus.some((obu) => obuType(obu) === OBU_TYPE.SEQUENCE_HEADER),
      )
      // Delimiters and padding are not carried on.
      assert.deepEqual(splitObus(Uint8Array.of(0x12, 0, ...joinObus(obus), 0x7a, 1, 0x80)), obus)
    }),
  )
})

test('leb128 there and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      const out = new Uint8Array(8)
      const length = writeLeb128(out, 0, value)
      assert.equal(length, leb128Length(value))
      assert.deepEqual(readLeb128(out, 0), { value, length })
    }),
  )
})
