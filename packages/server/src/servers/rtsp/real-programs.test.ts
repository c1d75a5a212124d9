import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../../../test/real-program.ts'
import {
  playByFfmpeg,
  probe,
  publishByFfmpeg,
  publishByGstreamer,
  startTestServer,
  type TestServer,
  type Transport,
  untilLive,
} from '../../../test/rtsp/real-programs.ts'

const PATH = 'lecture/hall-1'
const TRANSPORTS: readonly Transport[] = ['tcp', 'udp']

/** Two seconds of 30 pictures each, but for a few that the end may cut off. */
const ENOUGH_PICTURES = 55

const checkReaders = async (t: Parameters<typeof run>[0], server: TestServer, codecs: readonly object[]): Promise<void> => {
  await untilLive(server, PATH)
  for (const transport of TRANSPORTS) {
    assert.deepEqual(await probe(t, server.url(PATH), transport), codecs, transport)
    const { video, audio, complaints } = await playByFfmpeg(t, server.url(`${PATH}?token=a/b`), transport)
    assert.equal(complaints, '', transport)
    assert.ok(video >= ENOUGH_PICTURES, `${video} pictures over ${transport}`)
    assert.ok(audio >= 80, `${audio} frames of sound over ${transport}`)
  }
}

const VIDEO = { codec_name: 'h264', width: 640, height: 360 }

for (const transport of TRANSPORTS) {
  test(`ffmpeg publishes H.264 and AAC over ${transport}, ffmpeg plays over TCP and UDP`, async (t) => {
    const server = await startTestServer(t)
    publishByFfmpeg(t, server.url(PATH), transport)
    await checkReaders(t, server, [{ codec_name: 'aac', sample_rate: '48000' }, VIDEO])
    assert.deepEqual(server.faults, [])
  })

  test(`GStreamer’s rtspclientsink publishes H.264 and Opus over ${transport}, ffmpeg plays over TCP and UDP`, async (t) => {
    const server = await startTestServer(t)
    publishByGstreamer(t, server.url(PATH), transport)
    await checkReaders(t, server, [VIDEO, { codec_name: 'opus', sample_rate: '48000' }])
    assert.deepEqual(server.faults, [])
  })
}

const AUDIO: readonly [name: string, args: readonly string[], codec: object][] = [
  ['Opus', ['-c:a', 'libopus'], { codec_name: 'opus', sample_rate: '48000' }],
  ['PCMU', ['-c:a', 'pcm_mulaw', '-ar', '8000'], { codec_name: 'pcm_mulaw', sample_rate: '8000' }],
  ['PCMA', ['-c:a', 'pcm_alaw', '-ar', '8000'], { codec_name: 'pcm_alaw', sample_rate: '8000' }],
]
for (const [name, args, codec] of AUDIO) {
  test(`ffmpeg publishes and plays ${name}`, async (t) => {
    const server = await startTestServer(t)
    publishByFfmpeg(t, server.url('a'), 'tcp', args)
    await untilLive(server, 'a')
    assert.deepEqual(await probe(t, server.url('a'), 'tcp'), [VIDEO, codec])
  })
}

test('GStreamer plays over TCP and UDP', async (t) => {
  const server = await startTestServer(t)
  publishByFfmpeg(t, server.url(PATH), 'tcp')
  await untilLive(server, PATH)
  for (const transport of TRANSPORTS) {
    const source = `rtspsrc location=${server.url(PATH)} protocols=${transport} ! rtph264depay ! h264parse ! avdec_h264 ! identity eos-after=60 ! fakesink`
    const { code, stdout, stderr } = await run(t, 'gst-launch-1.0', ['-q', ...source.split(' ')])
    assert.equal(code, 0, `${transport}: ${stdout} ${stderr}`)
  }
})

test('a track with an unknown codec is left out, the rest plays', async (t) => {
  const server = await startTestServer(t)
  publishByFfmpeg(t, server.url(PATH), 'tcp', ['-c:a', 'mp2'])
  await untilLive(server, PATH)
  assert.deepEqual(await probe(t, server.url(PATH), 'tcp'), [VIDEO])
  await server.logged('left out of the stream: audio track 2')
})

test('a second publisher is refused with a word on the first', async (t) => {
  const server = await startTestServer(t)
  publishByFfmpeg(t, server.url(PATH), 'tcp')
  await untilLive(server, PATH)
  const picture = ['-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=30', '-c:v', 'libx264', '-f', 'rtsp', '-rtsp_transport', 'tcp']
  const { code, stderr } = await run(t, 'ffmpeg', ['-v', 'error', ...picture, server.url(PATH)])
  assert.notEqual(code, 0)
  assert.match(stderr, /path lecture\/hall-1 already has a publisher \(rtsp from 127\.0\.0\.1:\d+\): stop that one first/)
})

test('a player of a path that nobody publishes to is told so', async (t) => {
  const server = await startTestServer(t)
  const { stderr } = await run(t, 'ffprobe', ['-v', 'error', server.url('nothing/here')])
  assert.match(stderr, /404 .*nobody publishes to nothing\/here/)
})

test('a reader goes on when the publisher comes back', async (t) => {
  const server = await startTestServer(t)
  const first = publishByFfmpeg(t, server.url(PATH), 'tcp')
  await untilLive(server, PATH)
  const play = run(t, 'ffmpeg', ['-v', 'error', '-rtsp_transport', 'tcp', '-i', server.url(PATH), '-t', '6', '-f', 'framecrc', '-'])
  await server.logged('reader came')
  first.kill('SIGINT')
  await server.logged('publisher left')
  publishByFfmpeg(t, server.url(PATH), 'tcp')
  const { code, stdout, stderr } = await play
  assert.equal(code, 0, stderr)
  const times = stdout.split('\n').flatMap((line) => (line.startsWith('0,') ? [Number(line.split(',')[2])] : []))
  assert.ok((times.at(-1) ?? 0) >= 5.5 * 30, `the last picture is number ${times.at(-1)}`)
})
