import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ArrivalRecorder } from './arrival-recorder.ts'

describe('ArrivalRecorder', () => {
  test('tells each packet and each gap once, over the wrap', () => {
    const recorder = new ArrivalRecorder()
    assert.equal(recorder.take(), undefined)
    for (const [nowMs, seq] of [
      [10, 65534],
      [11, 65535],
      [15, 1],
    ] as const)
      recorder.onPacket(nowMs, seq)
    assert.equal(recorder.untold, 3)
    assert.deepEqual(recorder.take(), { baseSeq: 65534, arrivalsMs: [10, 11, undefined, 15] })
    assert.equal(recorder.take(), undefined)
    recorder.onPacket(20, 3)
    assert.deepEqual(recorder.take(), { baseSeq: 2, arrivalsMs: [undefined, 20] })
  })

  test('a packet that comes late is told with those after it; one that comes twice is not', () => {
    const recorder = new ArrivalRecorder()
    recorder.onPacket(1, 5)
    recorder.onPacket(2, 7)
    recorder.take()
    recorder.onPacket(9, 7)
    assert.equal(recorder.untold, 0)
    recorder.onPacket(10, 6)
    recorder.onPacket(11, 8)
    assert.deepEqual(recorder.take(), { baseSeq: 6, arrivalsMs: [10, 2, 11] })
    recorder.onPacket(12, 3)
    assert.deepEqual(recorder.take(), { baseSeq: 3, arrivalsMs: [12, undefined, 1, 10, 2, 11] })
  })

  test('whatever comes, what is told is what came', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(20), fc.nat(0xffff)), { minLength: 1, maxLength: 60 }), (seqs) => {
        const recorder = new ArrivalRecorder()
        for (const [i, seq] of seqs.entries()) recorder.onPacket(i, seq)
        const told = recorder.take()
        assert.ok(told && told.arrivalsMs.length <= 4096)
        for (const [i, arrivalMs] of told.arrivalsMs.entries()) {
          if (arrivalMs !== undefined) assert.equal(seqs[arrivalMs], (told.baseSeq + i) & 0xffff)
        }
      }),
    )
  })
})
