import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { type AmfValue, decodeAmf0, EcmaArray, encodeAmf0, MAX_AMF_DEPTH, MAX_AMF_VALUES } from './amf0.ts'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

/** What is written is read again, byte for byte. */
const BOTH_WAYS: readonly (readonly [name: string, hex: string, values: readonly AmfValue[]])[] = [
  ['number', '00 3ff8000000000000', [1.5]],
  ['booleans', '01 00 01 01', [false, true]],
  ['string', '02 0004 6c697665', ['live']],
  ['null and undefined', '05 06', [null, undefined]],
  ['object', '03 0003 617070 02 0001 61 0000 09', [{ app: 'a' }]],
  ['object in an object', '03 0001 61 03 0000 09 0000 09', [{ a: {} }]],
  ['strict array', '0a 00000002 05 01 01', [[null, true]]],
  ['a command', '02 0007 7075626c697368 00 4014000000000000 05 02 0003 6b6579', ['publish', 5, null, 'key']],
]

const READ_ONLY: readonly (readonly [name: string, hex: string, values: readonly AmfValue[]])[] = [
  ['ECMA array whose count is wrong', '08 00000000 0001 61 01 01 0000 09', [{ a: true }]],
  ['date', '0b 3ff8000000000000 0000', [1.5]],
  ['long string', '0c 00000001 61', ['a']],
  ['XML document', '0f 00000001 61', ['a']],
  ['typed object', '10 0001 43 0001 61 05 0000 09', [{ a: null }]],
  ['reference and unsupported', '07 0001 0d', [undefined, undefined]],
  ['property with an empty name', '03 0000 05 0000 09', [{ '': null }]],
]

const BROKEN: readonly (readonly [name: string, hex: string, code: string])[] = [
  ['number cut', '00 3ff8', 'amf0/malformed'],
  ['string longer than the message', '02 00ff 61', 'amf0/malformed'],
  ['object without end', '03 0001 61 05', 'amf0/malformed'],
  ['unknown marker', '04', 'amf0/malformed'],
  ['nested too deep', `${'0a 00000001'.repeat(MAX_AMF_DEPTH + 1)} 05`, 'amf0/too-deep'],
  ['array of four thousand million', '0a ffffffff 05', 'amf0/malformed'],
  ['too many values', '05'.repeat(MAX_AMF_VALUES + 1), 'amf0/too-many-values'],
]

for (const [name, hex, values] of BOTH_WAYS) {
  test(`AMF0: ${name}`, () => {
    assert.deepEqual(decodeAmf0(bytes(hex)), values)
    assert.deepEqual(encodeAmf0(...values), bytes(hex))
  })
}

for (const [name, hex, values] of READ_ONLY) test(`AMF0: ${name}`, () => assert.deepEqual(decodeAmf0(bytes(hex)), values))

for (const [name, hex, code] of BROKEN) {
  test(`AMF0: ${name}`, () =>
    assert.throws(
      () => decodeAmf0(bytes(hex)),
      (error) => error instanceof ProtocolError && error.code === code,
    ))
}

test('AMF0: a property called __proto__ is an own property like others', () => {
  const [object] = decodeAmf0(bytes('03 0009 5f5f70726f746f5f5f 03 0001 61 05 0000 09 0000 09'))
  assert.ok(typeof object === 'object' && object !== null)
  assert.deepEqual(Object.keys(object), ['__proto__'])
  assert.equal(Object.getPrototypeOf(object), Object.prototype)
})

test('AMF0: an ECMA array is written with its count', () => {
  assert.deepEqual(encodeAmf0(new EcmaArray({ a: true })), bytes('08 00000001 0001 61 01 01 0000 09'))
})

test('AMF0: what was written is read', () => {
  const { value } = fc.letrec<{ value: AmfValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      fc.double(),
      fc.boolean(),
      fc.string({ unit: 'grapheme' }),
      fc.constant(null),
      fc.constant(undefined),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  fc.assert(fc.property(fc.array(value, { maxLength: 5 }), (values) => assert.deepEqual(decodeAmf0(encodeAmf0(...values)), values)))
})

test('AMF0: any bytes are values or a fault of the peer', () => {
  const seeds = [...BOTH_WAYS, ...READ_ONLY, ...BROKEN].map(([, hex]): [Uint8Array] => [bytes(hex)])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
      try {
        decodeAmf0(input)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
    { examples: seeds },
  )
})
