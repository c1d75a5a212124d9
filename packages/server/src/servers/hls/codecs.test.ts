import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { feedLive, startTestServer } from '../../../test/hls/live.ts'
import { makeAv1Clip, makeH265Clip, makeVp9Clip } from '../../../test/hls/other-codecs.ts'
import { playerPages, watch } from '../../../test/hls/watch.ts'

const run = promisify(execFile)

const CASES = [
  // Debian's Chromium has no decoder for H.265.
  { name: 'H.265', makeClip: makeH265Clip, probed: 'hevc,640,360', codecs: /CODECS="hvc1\.1\.6\.L63\.90"/, inChromium: false },
  { name: 'AV1', makeClip: makeAv1Clip, probed: 'av1,640,360', codecs: /CODECS="av01\.0\.01M\.08"/, inChromium: true },
  { name: 'VP9', makeClip: makeVp9Clip, probed: 'vp9,640,360', codecs: /CODECS="vp09\.00\.21\.08"/, inChromium: true },
]

describe('HLS with other video than H.264', () => {
  for (const { name, makeClip, probed, codecs, inChromium } of CASES) {
    it(name, { timeout: 120_000 }, async () => {
      const clip = await makeClip(640, 360)
      const server = await startTestServer({ lowLatency: true }, await playerPages())
      const feeder = feedLive(server.hub, 'demo', clip)
      try {
        const index = `${server.url}/demo/index.m3u8`
        const playlist = await (await fetch(index)).text()
        assert.match(playlist, codecs)
        assert.match(playlist, /RESOLUTION=640x360/)
        const probe = await run('ffprobe', ['-v', 'error', '-i', index, '-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0'])
        assert.equal(probe.stdout.trim().split(/\s+/)[0], probed)
        const decoded = await run('ffmpeg', ['-v', 'error', '-i', index, '-t', '2', '-f', 'framecrc', '-'])
        assert.deepEqual([probe.stderr, decoded.stderr], ['', ''])
        const pictures = decoded.stdout.split('\n').filter((line) => line.startsWith('0,'))
        assert.ok(pictures.length >= 55, `${pictures.length} pictures in 2 s`)
        if (inChromium) await assertPlays(server.url)
        assert.deepEqual(server.warnings, [])
      } finally {
        feeder.stop()
        await server.close()
      }
    })
  }
})

const assertPlays = async (url: string): Promise<void> => {
  const viewer = await watch(url)
  try {
    for (let i = 0; (await viewer.read()).frames < 60; i++) {
      if (i === 300) assert.fail(`playback stands: ${JSON.stringify(await viewer.read())}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.equal((await viewer.read()).width, 640)
  } finally {
    await viewer.close()
  }
}
