import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DtsEstimator } from './h264-dts.ts'

const CASES: readonly (readonly [name: string, reorder: number, pts: readonly number[], dts: readonly number[]])[] = [
  ['no reordering', 0, [0, 1, 2, 3], [0, 1, 2, 3]],
  ['one B-frame', 1, [0, 2, 1, 4, 3, 6, 5], [0, 0, 1, 2, 3, 4, 5]],
  ['a pyramid of three B-frames', 2, [0, 4, 2, 1, 3, 8, 6, 5, 7], [0, 0, 0, 1, 2, 3, 4, 5, 6]],
  ['a jump ahead', 1, [0, 2, 1, 102, 101, 104, 103], [0, 0, 1, 2, 101, 102, 103]],
  ['more reordering than was told', 0, [0, 2, 1, 3], [0, 2, 2, 3]],
]

test('DtsEstimator', async (t) => {
  for (const [name, reorder, pts, dts] of CASES) {
    await t.test(name, () => {
      const estimator = new DtsEstimator(reorder)
      assert.deepEqual(
        pts.map((time) => estimator.next(time)),
        dts,
      )
    })
  }
})

test('never decreases, and is never above pts while the stream keeps to its reordering', () => {
  fc.assert(
    fc.property(fc.nat(4), fc.array(fc.nat(4), { minLength: 5, maxLength: 60 }), (reorder, lateness) => {
      // The first picture is shown first; each other one waits behind at most `reorder` of those that are shown after it.
      const waiting: number[] = []
      const pts = [-1]
      lateness.forEach((choice, time) => {
        waiting.push(time)
        while (waiting.length > reorder) pts.push(...waiting.splice(Math.min(choice, waiting.length - 1), 1))
      })
      const reordered = Math.max(0, ...pts.map((time, i) => pts.slice(0, i).filter((other) => other > time).length))
      const estimator = new DtsEstimator(reordered)
      let last = Number.NEGATIVE_INFINITY
      for (const time of pts) {
        const dts = estimator.next(time)
        assert.ok(dts >= last && dts <= time, `${pts}: ${dts} at ${time} after ${last}`)
        last = dts
      }
    }),
  )
})

test('goes on when the parameters change', () => {
  const estimator = new DtsEstimator(2)
  for (const pts of [0, 4, 2]) estimator.next(pts)
  estimator.setReorder(0)
  assert.equal(estimator.next(5), 5)
  estimator.setReorder(1)
  assert.deepEqual([estimator.next(7), estimator.next(6)], [5, 6])
})
