import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AAC, H264, H264_720P, OPUS, picture, sound } from '../../../test/hls/fixtures.ts'
import { type ReadSample, readFragment } from '../../../test/hls/read-fragment.ts'
import type { Mp4Codec } from '../../containers/mp4/track.ts'
import type { MediaUnit } from './media-unit.ts'
import type { Segment } from './segment.ts'
import { Segmenter } from './segmenter.ts'

const WALL_MS = Date.UTC(2030, 0, 1)

const makeSegmenter = (codecs: readonly Mp4Codec[], segmentCount = 7): Segmenter =>
  new Segmenter(codecs, { segmentDurationMs: 1000, partDurationMs: 200, segmentCount, wallClockMs: (ms) => WALL_MS + ms })

type Pushed = { readonly track: number; readonly atS: number; readonly unit: MediaUnit }

/** 25 pictures a second with a key frame every `gopS`, and sound at 48 kHz, in the order of their times. */
const media = (fromS: number, toS: number, { gopS = 1, tracks = ['video', 'audio'] }: { gopS?: number; tracks?: readonly string[] } = {}): Pushed[] => {
  const pushed: Pushed[] = []
  for (let i = 0; i < Math.round((toS - fromS) * 25); i++) {
    const atS = fromS + i / 25
    if (tracks.includes('video')) pushed.push({ track: 0, atS, unit: picture(atS, i % Math.round(gopS * 25) === 0) })
  }
  for (let i = 0; i < ((toS - fromS) * 48000) / 1024; i++) {
    const atS = fromS + (i * 1024) / 48000
    if (tracks.includes('audio')) pushed.push({ track: tracks.indexOf('audio'), atS, unit: sound(atS) })
  }
  return pushed.sort((a, b) => a.atS - b.atS || a.track - b.track)
}

const pushAll = (segmenter: Segmenter, pushed: readonly Pushed[]): void => {
  for (const { track, unit } of pushed) segmenter.push(track, unit)
}

const durations = (segments: readonly Segment[]): number[] => segments.map((segment) => Number(segment.durationS.toFixed(3)))

const samplesOf = (segments: readonly Segment[], trackId: number): ReadSample[] =>
  segments.flatMap((segment) => segment.parts.flatMap((part) => readFragment(part.bytes).get(trackId) ?? []))

/** The samples follow one another without gap or overlap. */
const assertContinuous = (samples: readonly ReadSample[]): void => {
  for (let i = 1; i < samples.length; i++) {
    const before = samples[i - 1]
    assert.equal(samples[i]?.dts, (before?.dts ?? 0) + (before?.duration ?? 0), `sample ${i}`)
  }
}

describe('segmenter', () => {
  const gops: readonly (readonly [gopS: number, seconds: number, expected: readonly number[]])[] = [
    [1, 4.1, [1, 1, 1, 1]],
    [0.4, 4.1, [1.2, 1.2, 1.2]],
    [3, 9.1, [3, 3, 3]],
    [0.96, 3, [0.96, 0.96, 0.96]],
    [60, 41, [20, 20]],
  ]
  for (const [gopS, seconds, expected] of gops) {
    it(`a key frame every ${gopS} s makes segments of ${expected[0]} s`, () => {
      const segmenter = makeSegmenter([H264, AAC])
      pushAll(segmenter, media(0, seconds, { gopS }))
      assert.deepEqual(durations(segmenter.window.segments), expected)
      assert.equal(segmenter.window.targetDurationS, Math.max(1, Math.round(expected[0] ?? 0)))
    })
  }

  it('parts have the wanted duration, and the first of each segment can be decoded', () => {
    const segmenter = makeSegmenter([H264, AAC])
    pushAll(segmenter, media(0, 3.1))
    for (const segment of segmenter.window.segments) {
      assert.deepEqual(
        segment.parts.map((part) => [Number(part.durationS.toFixed(3)), part.independent]),
        [true, false, false, false, false].map((independent) => [0.2, independent]),
      )
    }
  })

  it('sound is cut where the picture is', () => {
    const segmenter = makeSegmenter([H264, AAC])
    pushAll(segmenter, media(0, 3.1))
    const { segments } = segmenter.window
    assertContinuous(samplesOf(segments, 1))
    assertContinuous(samplesOf(segments, 2))
    for (const segment of segments) {
      const [video, audio] = [samplesOf([segment], 1), samplesOf([segment], 2)]
      const startS = (video[0]?.dts ?? 0) / 90000
      const firstS = (audio[0]?.dts ?? 0) / 48000
      const last = audio.at(-1)
      assert.ok(firstS >= startS && firstS < startS + 0.022, `sound from ${firstS}, pictures from ${startS}`)
      assert.ok(((last?.dts ?? 0) + (last?.duration ?? 0)) / 48000 >= startS + 1)
    }
  })

  it('sound alone is cut by time', () => {
    const segmenter = makeSegmenter([OPUS])
    pushAll(segmenter, media(0, 4, { tracks: ['audio'] }))
    assert.deepEqual(
      durations(segmenter.window.segments).map((duration) => Math.round(duration)),
      [1, 1, 1, 1].slice(0, segmenter.window.segments.length),
    )
    assert.ok(segmenter.window.segments.every((segment) => segment.parts.every((part) => part.independent)))
    assertContinuous(samplesOf(segmenter.window.segments, 1))
  })

  it('pictures in decoding order keep their composition offsets, and decoding times may start below zero', () => {
    const segmenter = makeSegmenter([H264])
    const [frame, reorder] = [3600, 2]
    const pts = [0, 3, 1, 2, 6, 4, 5].map((n) => n * frame)
    for (const [i, time] of pts.entries()) segmenter.push(0, picture(0, i === 0, { pts: time, dts: (i - reorder) * frame }))
    segmenter.end()
    const samples = samplesOf(segmenter.window.segments, 1)
    assert.deepEqual(
      samples.map((sample) => sample.dts + sample.offset - 900_000),
      pts,
    )
    assert.ok(samples.every((sample) => sample.duration === frame))
  })

  it('decoding times that stand still rise by a tick', () => {
    const segmenter = makeSegmenter([H264])
    for (const dts of [0, 0, 0, 3600]) segmenter.push(0, picture(0, dts === 0, { dts, pts: dts }))
    segmenter.end()
    assert.deepEqual(
      samplesOf(segmenter.window.segments, 1).map((sample) => sample.dts - 900_000),
      [0, 1, 2, 3600],
    )
  })

  it('new parameters of the video wait for its key frame, and make a new init segment and a discontinuity', () => {
    const segmenter = makeSegmenter([H264, AAC])
    pushAll(segmenter, media(0, 2.52))
    segmenter.setCodec(0, H264_720P)
    pushAll(segmenter, media(2.52, 4.6))
    assert.deepEqual(
      segmenter.window.segments.map((segment) => [segment.init.index, segment.discontinuity]),
      [
        [0, false],
        [0, false],
        [0, false],
        [1, true],
        [1, false],
      ],
    )
    assert.deepEqual(durations(segmenter.window.segments), [1, 1, 0.52, 1, 1])
    assert.notDeepEqual(segmenter.window.init(0), segmenter.window.init(1))
    const keyFrame = samplesOf(segmenter.window.segments.slice(3), 1)[0]?.bytes
    assert.deepEqual(keyFrame?.subarray(4, 4 + H264_720P.sps.length), H264_720P.sps)
  })

  it('the same parameters again change nothing', () => {
    const segmenter = makeSegmenter([H264, AAC])
    pushAll(segmenter, media(0, 1.52))
    segmenter.setCodec(0, { ...H264, sps: H264.sps.slice() })
    pushAll(segmenter, media(1.52, 3))
    assert.ok(segmenter.window.segments.every((segment) => segment.init.index === 0 && !segment.discontinuity))
  })

  it('a publisher that comes back after a while makes a discontinuity, and the clock is right again', () => {
    const segmenter = makeSegmenter([H264, AAC])
    pushAll(segmenter, media(0, 2))
    pushAll(segmenter, media(10, 12.1))
    const [, , third, fourth] = segmenter.window.segments
    assert.deepEqual([third?.discontinuity, fourth?.discontinuity], [true, false])
    assert.deepEqual([third?.dateMs, fourth?.dateMs], [WALL_MS + 10_000, WALL_MS + 11_000])
  })

  it('pictures that stop do not stop the sound', () => {
    const segmenter = makeSegmenter([H264, AAC])
    pushAll(segmenter, media(0, 2))
    pushAll(segmenter, media(2, 12, { tracks: ['', 'audio'] }))
    const parts = [...segmenter.window.segments, segmenter.window.open].flatMap((segment) => segment?.parts ?? [])
    const seconds = parts.reduce((sum, part) => sum + part.durationS, 0)
    assert.ok(seconds > 10.5, `${seconds} s were written`)
    assert.ok(parts.every((part) => part.durationS < 0.3))
  })

  it('sound that stops is filled with silence until it comes back', () => {
    const segmenter = makeSegmenter([H264, AAC], 10)
    pushAll(segmenter, media(0, 2))
    pushAll(segmenter, media(2, 6, { tracks: ['video'] }))
    pushAll(segmenter, media(6, 8.1))
    const samples = samplesOf(segmenter.window.segments, 2)
    assertContinuous(samples)
    const isSilent = (sample: ReadSample): boolean => sample.bytes.length === 6
    assert.equal(samples.findIndex(isSilent), Math.ceil((2 * 48000) / 1024))
    assert.ok(!isSilent(samples.at(-1) as ReadSample))
  })

  it('sound that never comes is silence', () => {
    const segmenter = makeSegmenter([H264, OPUS])
    pushAll(segmenter, media(0, 3.1, { tracks: ['video'] }))
    const samples = samplesOf(segmenter.window.segments, 2)
    assertContinuous(samples)
    assert.deepEqual([samples[0]?.dts, samples[0]?.bytes], [480_000, Uint8Array.of(0xfc, 0xff, 0xfe)])
  })

  it('a segment that grows past its bound is cut without a key frame', () => {
    const segmenter = makeSegmenter([H264])
    const data = [new Uint8Array(4 * 1024 * 1024)]
    for (let i = 0; i < 20; i++) segmenter.push(0, picture(i / 25, i === 0, { data }))
    const [first] = segmenter.window.segments
    assert.ok(first && first.byteLength <= 36 * 1024 * 1024)
    assert.equal(segmenter.window.open?.parts[0]?.independent, false)
  })

  it('whatever comes, times rise, parts are kept in bounds and all can be read', () => {
    const arbitraryPush = fc.record({
      track: fc.integer({ min: 0, max: 2 }),
      // Mostly small steps, sometimes far.
      stepMs: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 60 }) }, { weight: 1, arbitrary: fc.integer({ min: -3000, max: 30_000 }) }),
      key: fc.boolean(),
      change: fc.integer({ min: 0, max: 40 }),
    })
    fc.assert(
      fc.property(fc.array(arbitraryPush, { maxLength: 300 }), (pushes) => {
        const segmenter = makeSegmenter([H264, AAC], 3)
        let atMs = 0
        for (const { track, stepMs, key, change } of pushes) {
          atMs = Math.max(-12_000, atMs + stepMs)
          if (change === 0) segmenter.setCodec(0, H264_720P)
          else if (change === 1) segmenter.setCodec(0, H264)
          segmenter.push(track, track === 0 ? picture(atMs / 1000, key) : sound(atMs / 1000))
          assert.ok(segmenter.window.segments.length <= 3)
        }
        segmenter.end()
        const { segments } = segmenter.window
        for (const segment of segments) {
          assert.ok(segment.parts.length > 0 && segment.parts.every((part) => part.durationS > 0))
          assert.ok(segmenter.window.init(segment.init.index))
          for (const trackId of [1, 2]) {
            const samples = samplesOf([segment], trackId)
            assert.ok(samples.every((sample, i) => sample.duration > 0 && sample.dts >= (samples[i - 1]?.dts ?? 0) + (samples[i - 1]?.duration ?? 0)))
          }
        }
      }),
    )
  })
})
