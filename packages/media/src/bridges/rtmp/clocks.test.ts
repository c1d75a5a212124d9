import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AudioClock } from './audio-clock.ts'
import { PublisherTimeline } from './publisher-timeline.ts'

/** Timestamps with their arrival, and the times that come out. */
const TIMELINES: readonly (readonly [name: string, messages: readonly (readonly [timestampMs: number, nowMs: number])[], times: readonly number[]])[] = [
  [
    'starts at 0 whatever the first timestamp',
    [
      [5000, 0],
      [5033, 33],
    ],
    [0, 33],
  ],
  [
    'audio a little before video',
    [
      [0, 0],
      [66, 66],
      [46, 66],
      [100, 100],
    ],
    [0, 66, 46, 100],
  ],
  [
    'goes on over 2^32',
    [
      [2 ** 32 - 20, 0],
      [13, 33],
      [46, 66],
    ],
    [0, 33, 66],
  ],
  [
    'a clock that jumps back goes on with the time that passed',
    [
      [60_000, 0],
      [60_033, 33],
      [5, 66],
      [38, 99],
    ],
    [0, 33, 66, 99],
  ],
  [
    'so does one that jumps far ahead',
    [
      [0, 0],
      [33, 33],
      [1_000_066, 66],
      [1_000_099, 99],
    ],
    [0, 33, 66, 99],
  ],
  [
    'a pause of the encoder is no jump',
    [
      [0, 0],
      [14_000, 14_000],
    ],
    [0, 14_000],
  ],
  [
    'faster than real time is no jump',
    [
      [0, 0],
      [5000, 1],
      [10_000, 2],
    ],
    [0, 5000, 10_000],
  ],
]

for (const [name, messages, times] of TIMELINES) {
  test(`publisher's timeline: ${name}`, () => {
    const timeline = new PublisherTimeline(messages[0]?.[0] ?? 0, 0)
    assert.deepEqual(
      messages.map(([timestampMs, nowMs]) => timeline.map(timestampMs, nowMs)),
      times,
    )
  })
}

test('audio clock: rounded milliseconds become exact steps of 1024 samples', () => {
  const clock = new AudioClock(44100)
  for (let frame = 0; frame < 1000; frame++) {
    assert.equal(clock.next(Math.floor((frame * 1024 * 1000) / 44100), 1024), frame * 1024)
  }
})

test('audio clock: a gap is kept, and what is told too early never goes back', () => {
  const clock = new AudioClock(48000)
  assert.equal(clock.next(0, 1024), 0)
  assert.equal(clock.next(500, 1024), 24000, 'half a second is missing')
  assert.equal(clock.next(400, 1024), 24000)
  assert.equal(clock.next(421, 1024), 24000)
})

test('audio clock: an encoder whose samples are fewer than its clock says is followed', () => {
  const clock = new AudioClock(48000)
  let ticks = 0
  for (let frame = 0; frame < 1000; frame++) ticks = clock.next(frame * 22, 1024)
  assert.ok(Math.abs(ticks - 999 * 22 * 48) <= 6 * 48, `${ticks} ticks`)
})
