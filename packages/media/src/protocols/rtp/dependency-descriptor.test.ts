import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { DESCRIPTORS, KEY_FRAME_DESCRIPTOR } from './dependency-descriptor.corpus.ts'
import { decodeDependencyDescriptor } from './dependency-descriptor.ts'

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.split(' ').filter(Boolean), (byte) => Number.parseInt(byte, 16))

const key = decodeDependencyDescriptor(bytesOf(KEY_FRAME_DESCRIPTOR), undefined)
const later = (hex: string) => decodeDependencyDescriptor(bytesOf(hex), key.structure)

test("the structure of Chromium's key frames", () => {
  const { structure, frame, activeTargets, isStructureNew, startsFrame, endsFrame, frameNumber } = key
  assert.deepEqual([startsFrame, endsFrame, frameNumber, isStructureNew, activeTargets], [true, true, 1, true, 0b111111])
  assert.deepEqual([structure.firstId, structure.decodeTargets, structure.chains, structure.protectedBy], [0, 6, 2, [0, 0, 0, 1, 1, 1]])
  assert.deepEqual(
    structure.templates.map(({ spatialId, temporalId }) => `S${spatialId}T${temporalId}`),
    ['S0T0', 'S0T0', 'S0T1', 'S0T2', 'S0T2', 'S1T0', 'S1T0', 'S1T1', 'S1T2', 'S1T2'],
  )
  assert.deepEqual(
    structure.templates.map(({ frameDiffs }) => frameDiffs),
    [[], [8], [4], [2], [2], [1], [8], [4], [2], [2]],
  )
  assert.deepEqual(structure.templates[4]?.chainDiffs, [6, 5])
  assert.deepEqual(structure.templates[2]?.indications, ['not-present', 'discardable', 'switch', 'not-present', 'not-present', 'not-present'])
  assert.deepEqual(structure.sizes, [
    { width: 320, height: 180 },
    { width: 640, height: 360 },
  ])
  assert.deepEqual(frame, structure.templates[0])
})

test('later packets tell their template, and what is their own', () => {
  const whole = later('c5 00 02')
  assert.deepEqual([whole.startsFrame, whole.endsFrame, whole.frame.spatialId, whole.frame.frameDiffs], [true, true, 1, [1]])
  assert.equal(whole.structure, key.structure)
  assert.deepEqual([whole.isStructureNew, whole.activeTargets], [false, undefined])
  const [first, last] = [later('86 00 0a'), later('46 00 12')]
  assert.deepEqual([first.startsFrame, first.endsFrame, first.frameNumber], [true, false, 10])
  assert.deepEqual([last.startsFrame, last.endsFrame, last.frameNumber], [false, true, 18])
  // custom_fdiffs, then 01 0000, 11 000100101011, 00.
  assert.deepEqual(later('c1 00 09 12 18 95 80').frame.frameDiffs, [1, 300])
  // active_decode_targets: the first three.
  assert.equal(later('c1 00 09 40 e0').activeTargets, 0b000111)
})

test('what is wrong is told', () => {
  assert.throws(() => decodeDependencyDescriptor(bytesOf('c5 00 02'), undefined), /before the first template structure/)
  assert.throws(() => later('ff 00 09'), /template 63, the structure has 10 from 0 on/)
  assert.throws(() => later('c0 00'), ProtocolError)
  // Spatial layers without end: 10 again and again.
  assert.throws(() => later('c0 00 01 80 00 aa aa'), /template 4 is of spatial layer 4/)
})

test('any bytes are decoded, or refused', () => {
  const check = (bytes: Uint8Array): void => {
    for (const known of [undefined, key.structure]) {
      try {
        const { structure, frame } = decodeDependencyDescriptor(bytes, known)
        assert.ok(structure.templates.length <= 64 && frame.spatialId <= 3 && frame.temporalId <= 7)
        assert.equal(frame.indications.length, structure.decodeTargets)
        assert.equal(frame.chainDiffs.length, structure.chains)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }
  }
  for (const hex of DESCRIPTORS) check(bytesOf(hex))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), check), { numRuns: 2000 })
  const original = bytesOf(KEY_FRAME_DESCRIPTOR)
  fc.assert(
    fc.property(fc.nat(original.length - 1), fc.nat(255), fc.nat(original.length), (at, value, length) => {
      const bytes = original.slice()
      bytes[at] = value
      check(bytes)
      check(bytes.subarray(0, length))
    }),
  )
})
