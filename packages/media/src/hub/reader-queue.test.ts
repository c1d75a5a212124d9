import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { packet } from './hub-fixtures.ts'
import { PacketRing } from './packet-ring.ts'
import { ReaderQueue } from './reader-queue.ts'

const LIMITS = { maxBytes: 100, maxAgeMs: 1000, stuckMs: 3000 }
const bytes = (count: number, tag = 0) => new Uint8Array(count).fill(tag)
const tags = (taken: Uint8Array[]) => taken.map((item) => item[0])

describe('ReaderQueue', () => {
  it('past its bytes, forgets what is queued and goes on at the next key frame', () => {
    const queue = new ReaderQueue(LIMITS)
    queue.push(bytes(60, 1), true, 0)
    queue.push(bytes(60, 2), false, 1)
    queue.push(bytes(10, 3), false, 2)
    assert.equal(queue.dropping, true)
    queue.push(bytes(10, 4), true, 3)
    queue.push(bytes(10, 5), false, 4)
    assert.deepEqual(tags(queue.take(1000)), [4, 5])
    assert.equal(queue.dropped, 3)
    assert.equal(queue.droppedBytes, 130)
  })

  it('past its age, does the same', () => {
    const queue = new ReaderQueue(LIMITS)
    queue.push(bytes(1, 1), true, 0)
    queue.push(bytes(1, 2), true, 1001)
    assert.deepEqual(tags(queue.take(1000)), [2])
  })

  it('never drops what is essential', () => {
    const queue = new ReaderQueue(LIMITS)
    queue.pushEssential(bytes(10, 9), 0)
    queue.push(bytes(80, 1), true, 0)
    queue.push(bytes(80, 2), false, 0)
    assert.deepEqual(tags(queue.take(1000)), [9])
  })

  it('lets one item larger than the bound through, or nothing would ever come', () => {
    const queue = new ReaderQueue(LIMITS)
    queue.push(bytes(500, 1), true, 0)
    assert.deepEqual(tags(queue.take(1)), [1])
  })

  it('is stuck when it dropped for long without ever being empty', () => {
    const queue = new ReaderQueue(LIMITS)
    for (let ms = 0; ms <= 4000; ms += 100) queue.push(bytes(50), true, ms)
    assert.equal(queue.isStuck(4000), true)
    queue.take(1e9)
    assert.equal(queue.isStuck(4000), false)
  })

  it('never holds more than its bound and one item, and gives items in order', () => {
    const step = fc.record({ size: fc.integer({ min: 0, max: 80 }), key: fc.boolean(), take: fc.integer({ min: 0, max: 60 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new ReaderQueue(LIMITS)
        let last = -1
        steps.forEach(({ size, key, take }, index) => {
          const item = new Uint8Array(size + 4)
          new DataView(item.buffer).setUint32(0, index)
          queue.push(item, key, index)
          assert.ok(queue.bytes <= LIMITS.maxBytes + 84)
          if (take === 0) return
          for (const got of queue.take(take)) {
            const number = new DataView(got.buffer).getUint32(0)
            assert.ok(number > last)
            last = number
          }
        })
      }),
    )
  })
})

describe('PacketRing', () => {
  it('finds packets by the 16 bits of a NACK, over the wrap, until they are too old', () => {
    const ring = new PacketRing(64)
    for (let seq = 65_500; seq < 65_560; seq++) ring.push(packet(seq, seq, seq === 65_530))
    assert.equal(ring.getByWireSeq(65_535)?.seq, 65_535)
    assert.equal(ring.getByWireSeq(10)?.seq, 65_546)
    assert.equal(ring.getByWireSeq(24), undefined, 'not sent yet')
    assert.equal(ring.randomAccessSeq, 65_530)
    for (let seq = 65_560; seq < 65_600; seq++) ring.push(packet(seq, seq, false))
    assert.equal(ring.getByWireSeq(65_530), undefined)
    assert.equal(ring.randomAccessSeq, undefined)
  })

  it('keeps its count when it is cleared', () => {
    const ring = new PacketRing(64)
    ring.push(packet(7, 0, true))
    ring.clear()
    assert.equal(ring.get(7), undefined)
    assert.equal(ring.newestSeq, 7)
  })
})
