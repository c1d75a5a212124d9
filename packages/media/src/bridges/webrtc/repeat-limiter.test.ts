import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_REPEATS, REPEAT_BURST_BYTES, RepeatLimiter } from './repeat-limiter.ts'

const BYTES = 1000

test('a packet is sent again at most twice in a round trip, and not without end', () => {
  for (const [rttMs, most] of [
    [100, 2],
    [40, 5],
    [undefined, 4],
    [2, MAX_REPEATS],
    [5000, 1],
  ] as const) {
    const limiter = new RepeatLimiter(0)
    let sent = 0
    for (let nowMs = 0; nowMs < 100; nowMs++) if (limiter.take(nowMs, 7, BYTES, rttMs, undefined)) sent++
    assert.equal(sent, most, `round trip ${rttMs} ms`)
  }
})

test('the budget is that of the path where it is smaller', () => {
  const limiter = new RepeatLimiter(0)
  const bytesPerSecond = 25_000
  let sent = 0
  for (let nowMs = 0; nowMs < 1000; nowMs++) if (limiter.take(nowMs, nowMs, BYTES, 20, bytesPerSecond)) sent++
  const burst = (REPEAT_BURST_BYTES * bytesPerSecond) / 500_000
  assert.ok(sent * BYTES <= bytesPerSecond + burst, `${sent} packets in a second`)
  assert.ok(sent * BYTES >= bytesPerSecond, `${sent} packets in a second`)
})
