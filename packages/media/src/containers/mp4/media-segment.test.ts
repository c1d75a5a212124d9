import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readFragment } from '../../../test/hls/read-fragment.ts'
import { joinLengthPrefixed } from '../../codecs/h264-nal.ts'
import { decodeBoxes } from './box-reader.ts'
import { encodeFragment, type Mp4Sample, type TrackRun } from './media-segment.ts'

const arbitrarySample: fc.Arbitrary<Mp4Sample> = fc.record({
  duration: fc.integer({ min: 1, max: 900_000 }),
  compositionOffset: fc.integer({ min: -9000, max: 90_000 }),
  sync: fc.boolean(),
  data: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 3 }),
})

const arbitraryRun = (trackId: number, kind: 'video' | 'audio'): fc.Arbitrary<TrackRun> =>
  fc.record({
    trackId: fc.constant(trackId),
    kind: fc.constant(kind),
    lengthPrefixed: fc.constant(kind === 'video'),
    baseDts: fc.maxSafeNat(),
    samples: fc.array(arbitrarySample, { minLength: 1, maxLength: 10 }),
  })

describe('fragment', () => {
  it('has each sample with its time, flags and bytes', () => {
    fc.assert(
      fc.property(arbitraryRun(1, 'video'), arbitraryRun(2, 'audio'), (video, audio) => {
        const bytes = encodeFragment(7, [video, audio])
        assert.deepEqual(
          decodeBoxes(bytes).map((box) => box.type),
          ['moof', 'mdat'],
        )
        const read = readFragment(bytes)
        for (const run of [video, audio]) {
          const samples = read.get(run.trackId) ?? []
          assert.equal(samples[0]?.dts, run.baseDts)
          assert.deepEqual(
            samples.map(({ duration, offset, sync, bytes }) => ({ duration, offset, sync, bytes: [...bytes] })),
            run.samples.map(({ duration, compositionOffset, sync, data }) => ({
              duration,
              offset: run.kind === 'video' ? compositionOffset : 0,
              sync: run.kind === 'video' ? sync : true,
              bytes: run.kind === 'video' ? [...joinLengthPrefixed(data)] : data.flatMap((part) => [...part]),
            })),
          )
        }
      }),
    )
  })
})
