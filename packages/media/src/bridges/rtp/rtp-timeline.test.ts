import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RtpTimeline } from './rtp-timeline.ts'

const VIDEO = 0
const AUDIO = 1
/** Random first timestamps; the video's wraps within the first second. */
const VIDEO_START = 0xffff_ff00
const AUDIO_START = 123_456
/** A wall clock, in milliseconds since 1970. */
const WALL = 1_790_000_000_000

// `ms` is the media's own time in milliseconds, 0 at the two start values.
const video = (ms: number): number => (VIDEO_START + ms * 90) >>> 0
const audio = (ms: number): number => AUDIO_START + ms * 48

type Step =
  | readonly [what: 'video' | 'audio', arrivalMs: number, ms: number, expectedMs: number]
  | readonly ['video report' | 'audio report', wallMs: number, ms: number]
  | readonly ['video info' | 'audio info', ms: number]

const CASES: readonly (readonly [name: string, steps: readonly Step[]])[] = [
  [
    'by arrival',
    [
      ['video', 1000, 0, 0],
      ['audio', 1030, 0, 30],
      ['video', 1040, 40, 40],
      ['audio', 1300, 20, 50],
      ['video', 2000, 1000, 1000],
    ],
  ],
  [
    'reports before the first packets: audio was taken 100 ms before the picture, but came after it',
    [
      ['video report', WALL, 0],
      ['audio report', WALL, 100],
      ['video', 1000, 0, 0],
      ['audio', 1030, 0, 0], // cannot be at -100: the picture moves instead
      ['video', 1040, 40, 140],
      ['audio', 1050, 20, 20],
    ],
  ],
  [
    'a later report corrects the track that is behind',
    [
      ['video', 1000, 0, 0],
      ['audio', 1000, 0, 0],
      ['video report', WALL, 0],
      ['audio report', WALL + 50, 0],
      ['audio', 1020, 20, 70],
      ['video', 1040, 40, 40],
    ],
  ],
  [
    'and moves the others where a track is ahead: nothing goes back',
    [
      ['video', 1000, 0, 0],
      ['audio', 1000, 0, 0],
      ['video report', WALL, 0],
      ['audio report', WALL - 50, 0],
      ['audio', 1020, 20, 20],
      ['video', 1040, 40, 90],
      ['video report', WALL + 40, 40],
      ['audio report', WALL - 30, 20],
      ['audio', 1040, 40, 40],
      ['video', 1080, 80, 130],
    ],
  ],
  [
    'less than the tolerance is left alone',
    [
      ['video', 1000, 0, 0],
      ['audio', 1000, 0, 0],
      ['video report', WALL, 0],
      ['audio report', WALL + 19, 0],
      ['audio', 1020, 20, 20],
    ],
  ],
  [
    'a correction waits for the next picture',
    [
      ['audio', 1000, 0, 0],
      ['video', 1000, 0, 0],
      ['audio report', WALL, 0],
      ['video report', WALL + 100, 0],
      ['video', 1001, 0, 0],
      ['video', 1040, 40, 140],
    ],
  ],
  [
    'reports that are nonsense: another day, no clock, a timestamp of another stream',
    [
      ['video', 1000, 0, 0],
      ['audio', 1000, 0, 0],
      ['video report', -2_208_988_800_000, 0],
      ['video report', WALL, 0],
      ['audio report', WALL + 86_400_000, 0],
      ['audio report', WALL + 11_000, 0],
      ['audio report', WALL + 500, 3_000_000],
      ['audio', 1020, 20, 20],
      ['video', 1040, 40, 40],
    ],
  ],
  [
    'RTP-Info: the first picture is 200 ms after the zero, the sound 260 ms',
    [
      ['video info', 0],
      ['audio info', 0],
      ['video', 1000, 200, 200],
      ['audio', 1400, 260, 260],
    ],
  ],
  [
    'RTP-Info for one track only',
    [
      ['video info', 0],
      ['video', 1000, 200, 200],
      ['audio', 1010, 0, 210],
    ],
  ],
  [
    'RTP-Info that is nonsense',
    [
      ['video info', -60_000],
      ['audio info', 90_000],
      ['video', 1000, 0, 0],
      ['audio', 1010, 0, 10],
    ],
  ],
  [
    'reordered pictures go back, by what they are reordered',
    [
      ['video', 1000, 0, 0],
      ['video', 1001, 120, 120],
      ['video', 1040, 40, 40],
      ['video', 1080, 80, 80],
    ],
  ],
  [
    'a stall and the burst after it keep their times',
    [
      ['video', 1000, 0, 0],
      ['video', 31_000, 40, 40],
      ['video', 31_001, 30_000, 30_000],
    ],
  ],
  [
    'a sender that starts its clock anew goes on by the time that passed',
    [
      ['video', 1000, 20_000, 0],
      ['video', 1500, 500_000, 500],
      ['video', 1540, 500_040, 540],
      ['video', 1600, 0, 600],
      ['video', 1640, 40, 640],
    ],
  ],
]

test('RtpTimeline', async (t) => {
  for (const [name, steps] of CASES) {
    await t.test(name, () => {
      const timeline = new RtpTimeline([90_000, 48_000])
      steps.forEach((step, i) => {
        const label = `step ${i}: ${step.join(' ')}`
        const track = step[0].startsWith('video') ? VIDEO : AUDIO
        const timestamp = track === VIDEO ? video : audio
        if (step[0] === 'video' || step[0] === 'audio') {
          const [, arrivalMs, ms, expectedMs] = step
          assert.equal(timeline.align(track, arrivalMs, timestamp(ms)), expectedMs * (track === VIDEO ? 90 : 48), label)
        } else if (step[0] === 'video report' || step[0] === 'audio report') timeline.onSenderReport(track, step[1], timestamp(step[2]) >>> 0)
        else timeline.setRtpInfo(track, timestamp(step[1]) >>> 0)
      })
    })
  }
})

test('knows the wall clock of its times', () => {
  const timeline = new RtpTimeline([90_000])
  assert.equal(timeline.wallMs(0), undefined)
  timeline.align(VIDEO, 1000, video(0))
  timeline.onSenderReport(VIDEO, WALL, video(500))
  assert.equal(timeline.wallMs(600), WALL + 100)
})
