import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MAX_MISSING, MAX_MISSING_AGE_MS, MAX_REQUESTS, NackGenerator, REORDER_TOLERANCE_MS } from './nack-generator.ts'

/** A generator that has seen the packets, all at the time 0. */
const having = (...seqs: number[]): NackGenerator => {
  const generator = new NackGenerator()
  for (const seq of seqs) generator.onPacket(0, seq)
  return generator
}

describe('NackGenerator', () => {
  test('asks for what is missing, over the wrap, after the tolerance for reordering', () => {
    const generator = having(65533, 2)
    assert.deepEqual(generator.due(REORDER_TOLERANCE_MS - 1), [])
    assert.deepEqual(generator.due(REORDER_TOLERANCE_MS), [65534, 65535, 0, 1])
  })

  test('does not ask for packets that were only out of order', () => {
    const generator = having(1, 4)
    generator.onPacket(5, 3)
    generator.onPacket(9, 2)
    assert.deepEqual(generator.due(1000), [])
    assert.equal(generator.requested, 0)
  })

  test('asks again once in a round trip, which it learns', () => {
    const generator = having(1, 3)
    assert.deepEqual(generator.due(10), [2])
    assert.deepEqual(generator.due(100), [])
    assert.deepEqual(generator.due(135), [2])
    generator.onPacket(150, 2)
    assert.equal(generator.recovered, 1)
    assert.equal(generator.roundTripMs, 100, 'an answer to the second request teaches nothing')
    for (let seq = 5, nowMs = 1000; seq < 100; seq += 2, nowMs += 1000) {
      generator.onPacket(nowMs, seq)
      assert.deepEqual(generator.due(nowMs + 10), [seq - 1])
      generator.onPacket(nowMs + 30, seq - 1)
    }
    assert.ok(Math.abs(generator.roundTripMs - 20) < 2, `${generator.roundTripMs} ms`)
  })

  test('gives up', () => {
    const generator = having(1, 3)
    let requests = 0
    for (let nowMs = 0; nowMs < 5000; nowMs += 20) requests += generator.due(nowMs).length
    assert.ok(requests > 1 && requests <= MAX_REQUESTS, `${requests} requests`)
    assert.equal(generator.abandoned, 1)
    assert.equal(generator.requested, 1)
  })

  test('does not ask for a gap that is too long', () => {
    const generator = having(0, MAX_MISSING + 2)
    assert.deepEqual(generator.due(20), [])
    assert.equal(generator.abandoned, MAX_MISSING + 1)
  })

  test('whatever comes, it asks for nothing that came, and nothing for ever', () => {
    const arrivals = fc.array(fc.tuple(fc.nat(40), fc.oneof(fc.nat(300), fc.nat(0xffff))), { maxLength: 200 })
    fc.assert(
      fc.property(arrivals, (packets) => {
        const generator = new NackGenerator()
        const last = new Map<number, number>()
        let nowMs = 0
        for (const [waitMs, seq] of packets) {
          nowMs += waitMs
          generator.onPacket(nowMs, seq)
          last.set(seq, nowMs)
          const due = generator.due(nowMs)
          assert.ok(due.length <= MAX_MISSING)
          assert.ok(!due.includes(seq))
        }
        generator.due(nowMs + MAX_MISSING_AGE_MS + 1)
        assert.deepEqual(generator.due(nowMs + 2 * MAX_MISSING_AGE_MS), [])
      }),
    )
  })
})
