import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LossModel, type LossVerdict } from './loss-model.ts'

const PACKET_BYTES = 1200
const SLOT_MS = 100

/** Repeatable chance. */
const makeRandom = (): (() => number) => {
  let state = 1
  return () => {
    state = (state * 48271) % 0x7fffffff
    return state / 0x7fffffff
  }
}

/**
 * Ten seconds of packets, a key frame each second.
 * @param isLost by the packet's place among those of its tenth of a second
 */
const judge = (isLost: (inSlot: number, sentMs: number) => boolean, keyFramePackets = 40): LossVerdict[] => {
  const model = new LossModel()
  const verdicts: LossVerdict[] = []
  for (let slot = 0; slot < 100; slot++) {
    const packets = slot % 10 === 0 ? keyFramePackets : 14 + (slot % 3)
    for (let i = 0; i < packets; i++) {
      const sentMs = slot * SLOT_MS + (i * SLOT_MS) / packets
      model.add(sentMs, PACKET_BYTES, isLost(i, sentMs))
    }
    const verdict = model.judge((slot + 1) * SLOT_MS)
    if (verdict) verdicts.push(verdict)
  }
  return verdicts
}

test('random loss is no bound of the path', () => {
  for (const share of [0.01, 0.05, 0.1, 0.2]) {
    const random = makeRandom()
    assert.deepEqual(
      judge(() => random() < share),
      [],
      `${share}`,
    )
  }
})

test('ten lost in a row now and then are none', () => {
  let count = 0
  assert.deepEqual(
    judge(() => count++ % 500 < 10),
    [],
  )
})

test('what is too much and dropped shows the bound', () => {
  // 12 packets in a tenth of a second: 1.15 Mbit/s.
  const verdicts = judge((inSlot) => inSlot >= 12)
  assert.equal(verdicts[0]?.why, 'bound')
  for (const verdict of verdicts) assert.ok(verdict.why === 'bound' && verdict.bps > 1_000_000 && verdict.bps < 1_400_000, JSON.stringify(verdict))
})

test('much loss at a constant rate does not tell where it comes from', () => {
  const random = makeRandom()
  assert.equal(judge(() => random() < 0.35, 15)[0]?.why, 'unknown')
})

test('a packet that came after all was not lost', () => {
  const model = new LossModel()
  for (let i = 0; i < 100; i++) model.add(i * 10, PACKET_BYTES, i % 4 === 0)
  for (let i = 0; i < 100; i += 4) model.came(i * 10)
  model.judge(1000)
  assert.equal(model.fraction, 0)
})
