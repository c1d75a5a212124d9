import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseMissingTracks } from './missing-track.ts'
import { StallDetector } from './stall-detector.ts'

describe('parseMissingTracks', () => {
  for (const [header, expected] of [
    [null, []],
    ['', []],
    ['audio AAC; reason="WebRTC has no AAC"', [{ kind: 'audio', codec: 'AAC', reason: 'WebRTC has no AAC' }]],
    [
      'video H.265; reason="not offered, by this browser", audio AAC',
      [
        { kind: 'video', codec: 'H.265', reason: 'not offered, by this browser' },
        { kind: 'audio', codec: 'AAC', reason: '' },
      ],
    ],
    ['nonsense', []],
  ] as const) {
    it(String(header), () => assert.deepEqual(parseMissingTracks(header), expected))
  }
})

describe('StallDetector', () => {
  it('tells a stall once, and its end', () => {
    const detector = new StallDetector(4000)
    const seen = [
      [0, 0],
      [10, 1000],
      [10, 4999],
      [10, 5000],
      [10, 6000],
      [11, 7000],
      [11, 8000],
    ].map(([progress = 0, nowMs = 0]) => detector.update(progress, nowMs))
    assert.deepEqual(seen, [undefined, undefined, undefined, 'stalled', undefined, 'resumed', undefined])
  })
})
