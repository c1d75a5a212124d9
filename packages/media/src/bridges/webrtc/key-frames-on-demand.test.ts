import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Scene, STREAM_BPS, WIDE } from './narrow-scene.ts'

const NARROW = { capacityBps: 0.7 * STREAM_BPS }

test('no regular key frames: what a narrow path could not take is followed by a key frame that was asked for', () => {
  const scene = new Scene({ onDemand: true })
  scene.run(5)
  assert.deepEqual(scene.askedMs, [])
  scene.run(60, NARROW)
  const gapMs = scene.first.longestGapMs(5000)
  assert.ok(gapMs < 1000, `${gapMs} ms`)
  assertSeldom(scene.askedMs, 60)
  const asked = scene.askedMs.length
  scene.run(30, WIDE)
  assert.equal(scene.first.viewer.counters.level, 'full')
  const { leftOut } = scene.first.viewer.counters
  scene.run(20)
  assert.equal(scene.first.viewer.counters.leftOut, leftOut)
  assert.ok(scene.askedMs.length <= asked + 2, 'a wide path needs none')
})

test('a path that carries a quarter: key frames are asked for, with 4 s between them', () => {
  const scene = new Scene({ onDemand: true })
  scene.run(5)
  scene.run(60, { capacityBps: 0.25 * STREAM_BPS })
  const gapMs = scene.first.longestGapMs(10_000)
  assert.ok(gapMs < 5000, `${gapMs} ms`)
  assertSeldom(scene.askedMs, 60)
})

test('two viewers with narrow paths: no more key frames than for one', () => {
  const scene = new Scene({ onDemand: true, viewers: 3 })
  scene.run(5)
  const [one, other] = scene.viewers
  for (const [each, share] of [
    [one, 0.7],
    [other, 0.45],
  ] as const)
    if (each) each.link.conditions = { ...WIDE, capacityBps: share * STREAM_BPS }
  scene.run(60)
  assertSeldom(scene.askedMs, 60)
  for (const each of [one, other]) {
    const gapMs = each?.longestGapMs(10_000) ?? 0
    assert.ok(gapMs < 4500, `${gapMs} ms`)
  }
  assert.deepEqual(scene.viewers[2]?.levels, ['full'])
})

const assertSeldom = (askedMs: readonly number[], seconds: number): void => {
  assert.ok(askedMs.length > 2, `${askedMs}`)
  assert.ok(askedMs.length <= seconds / 4 + 1, `${askedMs}`)
  for (const [i, atMs] of askedMs.entries()) assert.ok(i === 0 || atMs - (askedMs[i - 1] as number) >= 4000, `${askedMs}`)
}
