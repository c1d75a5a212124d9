import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ReorderBuffer } from './reorder-buffer.ts'
import type { RtpPacket } from './rtp-packet.ts'

const packet = (seq: number): RtpPacket => ({ payloadType: 96, marker: false, seq: seq & 0xffff, timestamp: 0, ssrc: 1, payload: new Uint8Array(1) })
const limits = { maxPackets: 8, maxWaitMs: 100 }

type Step = readonly [atMs: number, seq: number, delivered: readonly number[]]
const CASES: readonly (readonly [name: string, steps: readonly Step[], counts: { lost: number; duplicate: number; late: number }])[] = [
  [
    'in order over the wrap',
    [
      [0, 65535, [65535]],
      [1, 0, [0]],
      [2, 1, [1]],
    ],
    { lost: 0, duplicate: 0, late: 0 },
  ],
  [
    'swapped',
    [
      [0, 1, [1]],
      [1, 3, []],
      [2, 2, [2, 3]],
    ],
    { lost: 0, duplicate: 0, late: 0 },
  ],
  [
    'twice, delivered and waiting',
    [
      [0, 1, [1]],
      [1, 1, []],
      [2, 3, []],
      [3, 3, []],
      [4, 2, [2, 3]],
    ],
    { lost: 0, duplicate: 2, late: 0 },
  ],
  [
    'the window is full',
    [
      [0, 1, [1]],
      [1, 3, []],
      [2, 9, []],
      [3, 10, [3]],
      [4, 11, []],
    ],
    { lost: 1, duplicate: 0, late: 0 },
  ],
  [
    'late, after it was given up',
    [
      [0, 1, [1]],
      [1, 3, []],
      [200, 4, [3, 4]],
      [201, 2, []],
    ],
    { lost: 0, duplicate: 0, late: 1 },
  ],
  [
    'a stray number',
    [
      [0, 1, [1]],
      [1, 30000, []],
      [2, 2, [2]],
    ],
    { lost: 0, duplicate: 0, late: 1 },
  ],
  [
    'the sender starts anew',
    [
      [0, 1, [1]],
      [1, 3, []],
      [2, 30000, []],
      [3, 30001, [3, 30001]],
      [4, 30002, [30002]],
    ],
    { lost: 0, duplicate: 0, late: 1 },
  ],
]

test('ReorderBuffer', async (t) => {
  for (const [name, steps, counts] of CASES) {
    await t.test(name, () => {
      const buffer = new ReorderBuffer(limits)
      for (const [atMs, seq, delivered] of steps) {
        const found = [...buffer.expire(atMs), ...buffer.push(atMs, packet(seq))].map((p) => p.seq)
        assert.deepEqual(found, delivered, `${seq} at ${atMs}`)
      }
      assert.deepEqual({ lost: buffer.lost, duplicate: buffer.duplicate, late: buffer.late }, counts)
    })
  }
})

test('says when it will give up waiting', () => {
  const buffer = new ReorderBuffer(limits)
  buffer.push(0, packet(1))
  assert.equal(buffer.nextExpiryMs, undefined)
  buffer.push(10, packet(3))
  buffer.push(20, packet(5))
  assert.equal(buffer.nextExpiryMs, 110)
  assert.deepEqual(buffer.expire(109), [])
  assert.deepEqual(
    buffer.expire(110).map((p) => p.seq),
    [3],
  )
  assert.equal(buffer.nextExpiryMs, 120)
})

test('shuffled within the window, all packets come out in order', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.array(fc.nat(6), { minLength: 1, maxLength: 80 }), (start, delays) => {
      const buffer = new ReorderBuffer(limits)
      const arrivals = delays
        .map((delay, i) => ({ seq: start + i, at: i === 0 ? -1 : i + delay }))
        .sort((a, b) => a.at - b.at)
        .map(({ seq }) => seq)
      const found = arrivals.flatMap((seq) => buffer.push(0, packet(seq))).map((p) => p.seq)
      assert.deepEqual(
        found,
        delays.map((_, i) => (start + i) & 0xffff),
      )
      assert.deepEqual([buffer.lost, buffer.late, buffer.duplicate], [0, 0, 0])
    }),
  )
})

test('whatever comes, nothing is delivered twice and no more is held than the window', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(40), fc.nat(0xffff)), { maxLength: 200 }), (seqs) => {
      const buffer = new ReorderBuffer(limits)
      let pushed = 0
      let delivered = 0
      for (const seq of seqs) {
        pushed++
        delivered += buffer.push(pushed, packet(seq)).length
        assert.ok(pushed - delivered - buffer.duplicate - buffer.late <= limits.maxPackets)
      }
      delivered += buffer.expire(1e6).length
      assert.equal(delivered + buffer.duplicate + buffer.late, pushed)
      assert.equal(buffer.nextExpiryMs, undefined)
    }),
  )
})
