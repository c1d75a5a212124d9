import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Child, stopChildren, until } from './harness/child.ts'
import { clip } from './harness/clip.ts'
import { decode } from './harness/decode.ts'
import { Millrace } from './harness/millrace.ts'
import { startObs } from './harness/obs.ts'
import { publishRtmp } from './harness/publishers.ts'
import { ffprobe } from './harness/readers.ts'

describe('programs that people have', () => {
  let server: Millrace
  before(async () => {
    server = await Millrace.start()
    await publishRtmp(server, 'live/clip', await clip({ audio: 'aac' }))
    await server.pathIsLive('live/clip')
  })
  after(stopChildren)

  it('rtmpdump plays RTMP, and what it saves decodes', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-dump-'))
    const file = join(folder, 'dump.flv')
    const dump = new Child('rtmpdump', ['--live', '-q', '-r', server.url('rtmp', 'live/clip'), '-o', file])
    await until('rtmpdump saves some seconds', 20_000, () => existsSync(file) && statSync(file).size > 500_000)
    await dump.stop()
    const probe = new Child('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames', '-of', 'csv', file])
    await probe.finished(20_000)
    rmSync(folder, { recursive: true })
    assert.match(probe.stdout, /stream,h264,([6-9]|\d\d)\d/, probe.stderr)
    assert.match(probe.stdout, /stream,aac,\d{2,}/)
  })

  // Debian's VLC is built without an RTSP client.
  for (const [protocol, url] of [
    ['RTMP', () => server.url('rtmp', 'live/clip')],
    ['HLS', () => server.url('hls', 'live/clip')],
  ] as const) {
    it(`VLC plays ${protocol}`, { timeout: 60_000 }, async () => {
      // VLC refuses to run as root; it decodes here into nothing, and its log counts what was shown and lost.
      const vlc = ['vlc', '-I', 'dummy', '--vout', 'vdummy', '--aout', 'adummy', '--run-time', '6', '--play-and-exit', '-vv', url(), 'vlc://quit']
      const asNobody = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups', 'env', 'HOME=/nonexistent', ...vlc] : vlc
      const child = new Child(asNobody[0] as string, asNobody.slice(1))
      await child.finished(40_000)
      const log = child.stdout + child.stderr
      assert.match(log, /Received first picture/i, log.slice(-3000))
      assert.doesNotMatch(log, /main (input|decoder) error/, 'VLC reports no error')
    })
  }

  it('OBS publishes screen and microphone by RTMP with server and stream key', { timeout: 90_000 }, async () => {
    const obs = await startObs(server.url('rtmp', 'studio'), 'obs-key')
    try {
      await server.pathIsLive('studio/obs-key', 40_000)
      const streams = await ffprobe(server.url('rtsp', 'studio/obs-key'), ['-rtsp_transport', 'tcp'])
      assert.deepEqual(streams.map(({ codec_name }) => codec_name).sort(), ['aac', 'h264'])
      const watcher = decode('HLS', server.url('hls', 'studio/obs-key'))
      await until('pictures by HLS', 20_000, () => watcher.frames() > 60)
      await watcher.child.stop()
      const filters = ['-vf', 'signalstats,metadata=print:file=-', '-af', 'volumedetect']
      const look = new Child('ffmpeg', [
        '-nostdin',
        '-rtsp_transport',
        'tcp',
        '-i',
        server.url('rtsp', 'studio/obs-key'),
        '-t',
        '2',
        ...filters,
        '-f',
        'null',
        '-',
      ])
      await look.finished(20_000)
      const newest = (name: string): number => Number([...look.stdout.matchAll(new RegExp(`signalstats\\.${name}=(\\d+)`, 'g'))].at(-1)?.[1])
      assert.ok(newest('YMAX') - newest('YMIN') > 100, 'the screen shows something: the window of OBS')
      assert.ok(Number(look.stderr.match(/max_volume: (-?[\d.]+) dB/)?.[1]) > -30, 'the microphone hears its tone')
    } finally {
      await obs.stop()
    }
  })
})
