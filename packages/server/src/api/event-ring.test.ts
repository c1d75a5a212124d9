import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventRing, MAX_KEPT } from './event-ring.ts'

test('keeps the newest events, and knows what it has forgotten', () => {
  const ring = new EventRing()
  assert.deepEqual(ring.after(0), [])
  for (let i = 0; i < 3 * MAX_KEPT; i++) ring.push({ type: 'error', at: '', reason: String(i) })
  assert.equal(ring.last, 3 * MAX_KEPT)
  assert.deepEqual(ring.after(ring.last), [])
  assert.equal(ring.after(ring.last - 2)?.[0]?.event.reason, String(3 * MAX_KEPT - 2))
  assert.equal(ring.after(ring.last - MAX_KEPT)?.length, MAX_KEPT)
  for (const wrong of [ring.last - MAX_KEPT - 1, ring.last + 1, Number.NaN]) assert.equal(ring.after(wrong), undefined, String(wrong))
})
