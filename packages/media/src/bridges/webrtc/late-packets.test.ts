import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SendHistory } from '../../protocols/congestion/send-history.ts'
import { LatePackets } from './late-packets.ts'

/** A packet each 10 ms; each tenth is asked for after 5 ms; it came if `comes`, as feedback tells 50 ms later. @returns what was sent again, and when */
const run = (comes: (n: number) => boolean): { readonly n: number; readonly afterMs: number }[] => {
  const history = new SendHistory()
  const late = new LatePackets(history)
  const repeated: { n: number; afterMs: number }[] = []
  for (let nowMs = 0; nowMs < 100_000; nowMs++) {
    const n = Math.floor(nowMs / 10)
    if (nowMs % 10 === 0) late.sent(n, history.add(nowMs, 1000, false))
    if (nowMs % 10 === 5 && n % 10 === 0 && !late.holds(nowMs, n)) repeated.push({ n, afterMs: 0 })
    const told = n - 5
    if (nowMs % 10 === 5 && (told % 10 !== 0 || comes(told))) history.forget(told)
    for (const index of late.due(nowMs)) repeated.push({ n: index, afterMs: nowMs - index * 10 - 5 })
  }
  return repeated
}

test('packets that are only late are sent again until that is known, and then no more', () => {
  const repeated = run(() => true)
  assert.ok(repeated.length > 20 && repeated.length < 60, `${repeated.length}`)
  assert.ok(Math.max(...repeated.map(({ n }) => n)) < 1000)
})

test('one that is lost among late ones is sent again soon', () => {
  const repeated = run((n) => n !== 5000)
  assert.deepEqual(
    repeated.filter(({ n }) => n > 1000).map(({ n, afterMs }) => [n, afterMs]),
    [[5000, 80]],
  )
})

test('where packets are lost they are sent again at once, also with some that are late', () => {
  for (const repeated of [run(() => false), run((n) => n % 30 === 0)]) {
    assert.equal(repeated.length, 1000)
    assert.ok(repeated.every(({ afterMs }) => afterMs === 0))
  }
})
