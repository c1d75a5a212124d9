import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../../test/real-program.ts'
import { publish, startTestServer } from '../../../test/rtmp/real-programs.ts'
import { until } from '../../../test/until.ts'

const PATH = 'lecture/hall-1'

for (const bFrames of [0, 2]) {
  test(`ffmpeg publishes with ${bFrames} B-frames; ffprobe sees codecs and size, ffmpeg decodes without a fault`, async (t) => {
    const server = await startTestServer(t)
    publish(t, server.url(PATH), { bFrames })
    await until('the stream', () => server.hub.find(PATH) !== undefined)
    const entries = 'stream=codec_name,width,height,sample_rate,has_b_frames'
    const probe = await run(t, 'ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'json', server.url(PATH)])
    assert.equal(probe.stderr, '')
    assert.deepEqual(JSON.parse(probe.stdout).streams, [
      { codec_name: 'h264', width: 320, height: 180, has_b_frames: bFrames },
      { codec_name: 'aac', sample_rate: '44100' },
    ])
    const decode = await run(t, 'ffmpeg', ['-v', 'warning', '-xerror', '-i', server.url(PATH), '-t', '2', '-f', 'framecrc', '-'])
    assert.equal(decode.stderr, '')
    const frames = decode.stdout.split('\n').filter((line) => line.startsWith('0,'))
    assert.ok(frames.length >= 55, `${frames.length} pictures of 60`)
  })
}

test('rtmpdump plays, with the path split in any way', async (t) => {
  const server = await startTestServer(t)
  const directory = await mkdtemp(join(tmpdir(), 'millrace-rtmpdump-'))
  t.after(() => rm(directory, { recursive: true }))
  publish(t, server.url('a/b/c'))
  await until('the stream', () => server.hub.find('a/b/c') !== undefined)
  const host = `rtmp://127.0.0.1:${server.port}`
  for (const [app, name] of [
    ['a', 'b/c'],
    ['a/b', 'c'],
  ]) {
    const file = join(directory, 'out.flv')
    await run(t, 'timeout', ['-s', 'INT', '3', 'rtmpdump', '-q', '--live', '-r', `${host}/${app}`, '-a', `${app}`, '-y', `${name}`, '-o', file])
    const count = await run(t, 'ffprobe', ['-v', 'error', '-count_packets', '-show_entries', 'stream=codec_name,nb_read_packets', '-of', 'json', file])
    const streams: { codec_name: string; nb_read_packets: string }[] = JSON.parse(count.stdout).streams
    assert.deepEqual(
      streams.map(({ codec_name, nb_read_packets }) => [codec_name, Number(nb_read_packets) > 20]),
      [
        ['h264', true],
        ['aac', true],
      ],
    )
  }
})

test('a player that joins in the middle of a long group of pictures starts with its key frame', async (t) => {
  const server = await startTestServer(t)
  publish(t, server.url(PATH), { gop: 3000 })
  await until('one second of video', () => (server.hub.find(PATH)?.tracks[0]?.lastTicks ?? 0) > 90000)
  const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts,flags', '-of', 'csv=p=0', '-read_intervals', '%+#3', server.url(PATH)]
  const { stdout } = await run(t, 'ffprobe', args)
  assert.match(stdout, /^\d{1,3},K.*\n\d{1,3},_/)
})

test('a second publisher is refused with a word on the first', async (t) => {
  const server = await startTestServer(t)
  publish(t, server.url(PATH))
  await server.logged('publisher came')
  await until('the stream', () => server.hub.find(PATH) !== undefined)
  const input = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30']
  const { code, stderr } = await run(t, 'ffmpeg', ['-v', 'error', ...input, '-c:v', 'libx264', '-f', 'flv', server.url(PATH)])
  assert.notEqual(code, 0)
  assert.match(stderr, /path lecture\/hall-1 already has a publisher \(rtmp from 127\.0\.0\.1:\d+\): stop that one first/)
})

test('MP3 alone is refused with a word on what is possible', async (t) => {
  const server = await startTestServer(t)
  const input = ['-re', '-f', 'lavfi', '-i', 'sine=440:sample_rate=44100', '-t', '10']
  const { stderr } = await run(t, 'ffmpeg', ['-v', 'error', ...input, '-c:a', 'libmp3lame', '-f', 'flv', server.url(PATH)])
  assert.match(stderr, /MP3 cannot be taken by RTMP here: send H\.264 video, and AAC or G\.711 audio/)
  assert.deepEqual(server.faults, ['rtmp/no-known-codec'])
})

test('a player goes on when the publisher comes back', async (t) => {
  const server = await startTestServer(t)
  const stop = publish(t, server.url(PATH))
  await until('the stream', () => server.hub.find(PATH) !== undefined)
  const player = run(t, 'ffmpeg', ['-v', 'error', '-xerror', '-i', server.url(PATH), '-t', '6', '-f', 'framecrc', '-'])
  await until('two seconds', () => (server.hub.find(PATH)?.tracks[0]?.lastTicks ?? 0) > 2 * 90000)
  await stop()
  await server.logged('publisher left')
  publish(t, server.url(PATH))
  const { stdout, stderr } = await player
  assert.equal(stderr, '')
  const pictures = stdout.split('\n').filter((line) => line.startsWith('0,'))
  assert.ok(pictures.length > 120, `${pictures.length} pictures: more than what the first publisher sent`)
})

test('who plays what nobody publishes is told so', async (t) => {
  const server = await startTestServer(t)
  const { stderr } = await run(t, 'ffmpeg', ['-v', 'error', '-i', server.url('nobody/here'), '-f', 'null', '-'])
  assert.match(stderr, /nobody publishes to nobody\/here/)
})

test('a stream that RTMP cannot carry is refused with the reason', async (t) => {
  const server = await startTestServer(t)
  const opus = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 } as const
  server.hub.publish('talk', [opus], 'units', { protocol: 'test', remote: 'test', close: () => {} }, 0)
  const { stderr } = await run(t, 'ffmpeg', ['-v', 'error', '-i', server.url('talk'), '-f', 'null', '-'])
  assert.match(stderr, /RTMP cannot carry Opus, and the stream has nothing else/)
})

test('when the server stops, players end and sockets close', async (t) => {
  const server = await startTestServer(t)
  publish(t, server.url(PATH))
  await until('the stream', () => server.hub.find(PATH) !== undefined)
  const player = run(t, 'ffmpeg', ['-v', 'error', '-i', server.url(PATH), '-f', 'null', '-'])
  await server.logged('reader came')
  server.hub.close()
  await server.close()
  assert.deepEqual(await player, { code: 0, stdout: '', stderr: '' })
})

test('garbage closes its connection, and others play on', async (t) => {
  const server = await startTestServer(t)
  publish(t, server.url(PATH))
  await until('the stream', () => server.hub.find(PATH) !== undefined)
  for (const garbage of ['GET / HTTP/1.1\r\n\r\n', `\x03${'x'.repeat(3072)}${'\xff'.repeat(1000)}`]) {
    const socket = connect(server.port, '127.0.0.1')
    socket.end(Buffer.from(garbage, 'latin1'))
    socket.resume()
    await once(socket, 'close')
  }
  assert.deepEqual(server.faults, ['rtmp/version', 'rtmp/chunk-without-header'])
  const decode = await run(t, 'ffmpeg', ['-v', 'warning', '-xerror', '-i', server.url(PATH), '-t', '1', '-f', 'null', '-'])
  assert.deepEqual(decode, { code: 0, stdout: '', stderr: '' })
})
