import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { findHeaderExtension } from './header-extensions.ts'

const HEADER = [0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]

/** A packet with these words of header extensions. */
const packet = (profile: readonly number[], elements: readonly number[], payload: readonly number[] = [1, 2, 3]): Uint8Array => {
  const padded = [...elements, ...new Array(-elements.length & 3).fill(0)]
  return Uint8Array.of(...HEADER, ...profile, padded.length >> 10, (padded.length >> 2) & 0xff, ...padded, ...payload)
}

const ONE_BYTE = [0xbe, 0xde]
const TWO_BYTE = [0x10, 0x05]

describe('findHeaderExtension', () => {
  const cases: [what: string, bytes: Uint8Array, id: number, found: number[] | undefined][] = [
    ['one byte: the first', packet(ONE_BYTE, [0x31, 7, 8, 0x40, 9]), 3, [7, 8]],
    ['one byte: after padding', packet(ONE_BYTE, [0x31, 7, 8, 0, 0, 0x40, 9]), 4, [9]],
    ['one byte: 15 ends the list', packet(ONE_BYTE, [0xf0, 1, 0x40, 9]), 4, undefined],
    ['two bytes: a long identifier', packet(TWO_BYTE, [200, 1, 5, 3, 0, 4, 2, 6, 7]), 200, [5]],
    ['two bytes: an empty element', packet(TWO_BYTE, [200, 1, 5, 3, 0, 4, 2, 6, 7]), 3, []],
    ['two bytes: the last', packet(TWO_BYTE, [200, 1, 5, 3, 0, 4, 2, 6, 7]), 4, [6, 7]],
    ['not there', packet(ONE_BYTE, [0x30, 7]), 5, undefined],
    ['an element longer than the extension', packet(ONE_BYTE, [0x3f, 7, 8, 9]), 3, undefined],
    ['another profile', packet([0, 0], [0x30, 7]), 3, undefined],
    ['an extension longer than the packet', packet(ONE_BYTE, [0x30, 7]).subarray(0, 15), 3, undefined],
    ['behind two CSRCs', Uint8Array.of(0x92, ...HEADER.slice(1), ...new Array(8).fill(0xbe), 0xbe, 0xde, 0, 1, 0x20, 42, 0, 0), 2, [42]],
    ['no extension', Uint8Array.of(0x80, ...HEADER.slice(1), 0xbe, 0xde, 0, 1, 0x20, 42, 0, 0), 2, undefined],
  ]
  for (const [what, bytes, id, found] of cases) {
    test(what, () => {
      const data = findHeaderExtension(bytes, id)
      assert.deepEqual(data && [...data], found)
    })
  }

  test('finds each of any elements, in both forms', () => {
    const elements = (maxId: number, minLength: number, maxLength: number) =>
      fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: maxId }), fc.uint8Array({ minLength, maxLength })), { selector: ([id]) => id, maxLength: 8 })
    fc.assert(
      fc.property(elements(14, 1, 16), elements(255, 0, 255), (short, long) => {
        const one = packet(
          ONE_BYTE,
          short.flatMap(([id, data]) => [(id << 4) | (data.length - 1), ...data]),
        )
        for (const [id, data] of short) assert.deepEqual(findHeaderExtension(one, id), data)
        const two = packet(
          TWO_BYTE,
          long.flatMap(([id, data]) => [id, data.length, ...data]),
        )
        for (const [id, data] of long) assert.deepEqual(findHeaderExtension(two, id), data)
      }),
    )
  })

  test('of arbitrary bytes it finds something inside of them, or nothing', () => {
    const extended = fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.of(...HEADER, 0xbe, 0xde, ...rest))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), extended), fc.integer({ min: 1, max: 255 }), (bytes, id) => {
        const found = findHeaderExtension(bytes, id)
        assert.ok(found === undefined || (found.byteOffset >= bytes.byteOffset && found.byteOffset + found.length <= bytes.byteOffset + bytes.length))
      }),
    )
  })
})
