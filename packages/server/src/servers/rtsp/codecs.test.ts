import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ended, run, start } from '../../../test/real-program.ts'
import { probe, startTestServer, untilLive } from '../../../test/rtsp/real-programs.ts'

const SIZE = { width: 640, height: 360 }
const PICTURE = 'videotestsrc is-live=true ! video/x-raw,format=I420,width=640,height=360,framerate=30/1'
const TEST_PICTURE = ['-re', '-f', 'lavfi', '-i', 'testsrc=size=640x360:rate=30', '-pix_fmt', 'yuv420p', '-g', '30']

/** Publishers, and what ffmpeg finds in their streams. */
const PUBLISHERS: readonly [name: string, program: string, args: string[], codec: object][] = [
  [
    'GStreamer VP8',
    'gst-launch-1.0',
    `${PICTURE} ! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=30 ! video/x-vp8,profile=(string)0`.split(' '),
    { codec_name: 'vp8', ...SIZE },
  ],
  [
    'GStreamer VP9',
    'gst-launch-1.0',
    `${PICTURE} ! vp9enc deadline=1 cpu-used=8 keyframe-max-dist=30 ! video/x-vp9,profile=(string)0`.split(' '),
    { codec_name: 'vp9', ...SIZE },
  ],
  [
    'GStreamer H.265',
    'gst-launch-1.0',
    `${PICTURE} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! h265parse`.split(' '),
    { codec_name: 'hevc', ...SIZE },
  ],
  ['ffmpeg VP8', 'ffmpeg', [...TEST_PICTURE, '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8'], { codec_name: 'vp8', ...SIZE }],
  ['ffmpeg VP9', 'ffmpeg', [...TEST_PICTURE, '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'], { codec_name: 'vp9', ...SIZE }],
  // With B-frames: the pictures come out of the order in which they are shown.
  [
    'ffmpeg H.265',
    'ffmpeg',
    [...TEST_PICTURE, '-c:v', 'libx265', '-preset', 'ultrafast', '-bf', '2', '-x265-params', 'log-level=none'],
    { codec_name: 'hevc', ...SIZE },
  ],
  [
    'ffmpeg G.722',
    'ffmpeg',
    ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=16000', '-c:a', 'g722'],
    { codec_name: 'adpcm_g722', sample_rate: '16000' },
  ],
]

const publish = (t: Parameters<typeof run>[0], program: string, args: readonly string[], url: string): void => {
  if (program === 'ffmpeg') start(t, program, ['-v', 'error', ...args, '-t', '60', '-strict', 'experimental', '-f', 'rtsp', '-rtsp_transport', 'tcp', url])
  else start(t, program, ['-q', ...args, '!', 'rtspclientsink', 'protocols=tcp', `location=${url}`])
}

for (const [name, program, args, codec] of PUBLISHERS) {
  test(`${name} is published by RTSP and read back`, async (t) => {
    const server = await startTestServer(t)
    publish(t, program, args, server.url('a'))
    await untilLive(server, 'a')
    assert.deepEqual(await probe(t, server.url('a'), 'tcp'), [codec])
    const { stdout, stderr }: Ended = await run(t, 'ffmpeg', ['-v', 'error', '-rtsp_transport', 'udp', '-i', server.url('a'), '-t', '2', '-f', 'framecrc', '-'])
    assert.equal(stderr, '')
    const frames = stdout.split('\n').filter((line) => line.startsWith('0,')).length
    assert.ok(frames >= 50, `${frames} pictures or frames in two seconds`)
    assert.deepEqual(server.faults, [])
  })
}

test('GStreamer Opus of six channels is published by RTSP and read back', async (t) => {
  const server = await startTestServer(t)
  publish(t, 'gst-launch-1.0', 'audiotestsrc is-live=true ! audio/x-raw,channels=6,channel-mask=(bitmask)0x3f ! opusenc'.split(' '), server.url('a'))
  await untilLive(server, 'a')
  const reader = `-v rtspsrc location=${server.url('a')} protocols=tcp ! rtpopusdepay ! opusdec ! identity eos-after=60 ! fakesink`
  const { code, stdout, stderr } = await run(t, 'gst-launch-1.0', reader.split(' '))
  assert.equal(code, 0, stderr)
  assert.match(stdout, /GstOpusDec.*src: caps = audio\/x-raw, .*channels=\(int\)6/)
})
