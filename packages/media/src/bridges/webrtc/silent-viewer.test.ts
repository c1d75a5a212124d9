import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Scene } from './narrow-scene.ts'

test('a viewer that vanished gets nothing after some seconds, and goes on at once when it is heard again', () => {
  for (const groupPictures of [25, 1500]) {
    const scene = new Scene({ groupPictures })
    scene.run(5)
    scene.first.isMute = true
    scene.run(20)
    const until = Math.max(...scene.first.sent.map(({ atMs }) => atMs))
    assert.ok(until > 9000 && until < 12_000, `sent until ${until} ms`)
    scene.first.isMute = false
    scene.run(5)
    const pictures = scene.first.sent.filter(({ ssrc, atMs }) => ssrc === 11 && atMs > 24_000)
    const first = pictures[0]?.atMs ?? Number.POSITIVE_INFINITY
    assert.ok(first < 25_600, `it goes on ${first} ms`)
    assert.ok(scene.first.hasNoSequenceGaps)
    assert.ok(scene.first.timeGoesOn)
    const late = (pictures.at(-1)?.timestamp ?? 0) / 90 - scene.nowMs
    assert.ok(late > -100, `it is up to date: ${late} ms`)
  }
})
