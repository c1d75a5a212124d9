import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff } from './backoff.ts'

test('delays double up to 30 s, and begin anew after a success', () => {
  const backoff = new Backoff()
  assert.deepEqual(
    Array.from({ length: 7 }, () => backoff.next(0.5)),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  )
  assert.equal(backoff.next(0), 24_000)
  assert.equal(backoff.next(1), 36_000)
  backoff.reset()
  assert.equal(backoff.next(0.5), 1000)
})
