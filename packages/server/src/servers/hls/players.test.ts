import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type ClipOptions, makeClip } from '../../../test/hls/clip.ts'
import { type FeedOptions, feedLive, startTestServer, type TestServer } from '../../../test/hls/live.ts'
import { type Playback, playerPages, watch } from '../../../test/hls/watch.ts'

const run = promisify(execFile)

const VIDEO = { size: '640x360', rate: 30, gop: 30 }

type Case = {
  readonly name: string
  readonly clip: Omit<ClipOptions, 'seconds'>
  readonly lowLatency: boolean
  readonly feed?: FeedOptions
}

const CASES: readonly Case[] = [
  { name: 'H.264 and AAC', clip: { video: VIDEO, audio: 'aac' }, lowLatency: true },
  { name: 'H.264 and Opus', clip: { video: VIDEO, audio: 'libopus' }, lowLatency: true },
  { name: 'H.264 with B-frames and AAC, without low latency', clip: { video: { ...VIDEO, bFrames: 3 }, audio: 'aac' }, lowLatency: false },
  { name: 'H.264 with B-frames alone', clip: { video: { ...VIDEO, bFrames: 3 } }, lowLatency: true },
  { name: 'H.264 and AAC that never comes', clip: { video: VIDEO, audio: 'aac' }, lowLatency: true, feed: { withholds: (track) => track === 1 } },
]

const withStream = async (test: Case, use: (server: TestServer) => Promise<void>): Promise<void> => {
  const clip = await makeClip({ seconds: 4, ...test.clip })
  const server = await startTestServer({ lowLatency: test.lowLatency }, await playerPages())
  const feeder = feedLive(server.hub, 'demo', clip, test.feed)
  try {
    await use(server)
  } finally {
    feeder.stop()
    await server.close()
  }
}

describe('ffmpeg reads HLS', () => {
  for (const test of CASES) {
    it(test.name, { timeout: 60_000 }, () =>
      withStream(test, async ({ url }) => {
        const source = ['-v', 'error', '-i', `${url}/demo/index.m3u8`]
        const probe = await run('ffprobe', [...source, '-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0'])
        const streams = probe.stdout.trim().split(/\s+/)
        assert.ok(streams.includes('h264,640,360'), probe.stdout)
        if (test.clip.audio) assert.ok(streams.includes(test.clip.audio === 'aac' ? 'aac' : 'opus'), probe.stdout)
        const decoded = await run('ffmpeg', [...source, '-t', '3', '-f', 'framecrc', '-'])
        assert.deepEqual([probe.stderr, decoded.stderr], ['', ''])
        const pictures = decoded.stdout.split('\n').filter((line) => line.startsWith('0,'))
        assert.ok(pictures.length >= 85 && pictures.length <= 95, `${pictures.length} pictures in 3 s`)
      }),
    )
  }
})

describe('hls.js in Chromium plays HLS', () => {
  for (const test of CASES) {
    it(test.name, { timeout: 60_000 }, (context) =>
      withStream(test, async ({ url }) => {
        const viewer = await watch(url)
        try {
          const first = await until(viewer.read, (playback) => playback.frames > 10 && playback.currentTime > 0.3)
          const last = await until(viewer.read, ({ frames, currentTime }) => frames > first.frames + 60 && currentTime > first.currentTime + 2)
          assert.equal(last.width, 640)
          if (test.clip.audio) assert.ok(last.audioBytes > first.audioBytes, 'sound is decoded')
          assert.ok(!last.errors.some((error) => /fatal|parsing|append/i.test(error)), last.errors.join('\n'))
          context.diagnostic(`${Math.round(last.latencyMs)} ms from the server's input to the screen`)
        } finally {
          await viewer.close()
        }
      }),
    )
  }
})

/** Reads until the condition holds; 30 s at most. */
const until = async (read: () => Promise<Playback>, holds: (playback: Playback) => boolean): Promise<Playback> => {
  for (let i = 0; ; i++) {
    const playback = await read()
    if (holds(playback)) return playback
    if (i === 300) assert.fail(`playback stands: ${JSON.stringify(playback)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
