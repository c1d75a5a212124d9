import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { parseAv1Sequence } from '@millrace/media/codecs/av1-sequence.ts'
import { parseH265Sps } from '@millrace/media/codecs/h265-sps.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import type { Unit } from '@millrace/media/hub/unit.ts'
import { makeServerContext } from '../../../test/server-context.ts'
import type { Log } from '../../log/log.ts'
import type { FileUnit } from './file-track.ts'
import { MediaFile } from './media-file.ts'
import { startFileSource } from './source.ts'

const DEMO = fileURLToPath(new URL('../../../assets/demo.mp4', import.meta.url))

const takeUnits = async (file: string, loop: boolean, untilMs: number): Promise<FileUnit[]> => {
  const media = await MediaFile.open(file)
  const taken: FileUnit[] = []
  for await (const unit of media.units(loop)) {
    if (unit.dueMs >= untilMs) break
    taken.push(unit)
  }
  media.close()
  return taken
}

const ofTrack = (units: readonly FileUnit[], track: number): FileUnit[] => units.filter((unit) => unit.track === track)
const steps = (times: readonly number[]): number[] => times.slice(1).map((time, i) => time - (times[i] ?? 0))

describe('MediaFile', () => {
  let folder = ''
  const made = (name: string) => join(folder, name)
  const ffmpeg = (output: string, ...args: string[]) => promisify(execFile)('ffmpeg', ['-v', 'error', ...args, made(output)])
  const VIDEO = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2']
  const AUDIO = ['-f', 'lavfi', '-i', 'sine=sample_rate=48000:duration=2']

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-files-'))
    await ffmpeg('reordered.mkv', ...VIDEO, ...AUDIO, '-c:v', 'libx264', '-bf', '2', '-g', '25', '-c:a', 'aac')
    await ffmpeg('mpeg4.mp4', ...VIDEO, ...AUDIO, '-c:v', 'mpeg4', '-c:a', 'libopus', '-ac', '2')
    await ffmpeg('vp8.webm', ...VIDEO, '-g', '25', '-c:v', 'libvpx', '-deadline', 'realtime')
    await ffmpeg('vp9.webm', ...VIDEO, '-g', '25', '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-pix_fmt', 'yuv420p')
    await ffmpeg('av1.mp4', ...VIDEO, '-g', '25', '-c:v', 'libaom-av1', '-usage', 'realtime', '-cpu-used', '8', '-pix_fmt', 'yuv420p')
    await ffmpeg('h265.mp4', ...VIDEO, '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=25:min-keyint=25:bframes=2:log-level=none')
    await ffmpeg('mp3.mp4', ...AUDIO, '-c:a', 'libmp3lame')
    writeFileSync(made('text.mp4'), 'no media at all')
  })
  after(() => rmSync(folder, { recursive: true }))

  test('the demo loops without a gap: every picture and every frame of sound follows the one before', async () => {
    const units = await takeUnits(DEMO, true, 30_000)
    const [pictures, sound] = [ofTrack(units, 0), ofTrack(units, 1)]
    assert.deepEqual([...new Set(steps(pictures.map(({ pts }) => pts)))], [3000])
    assert.deepEqual([...new Set(steps(sound.map(({ pts }) => pts)))], [960])
    assert.ok(pictures.every(({ pts, dts }) => pts === dts))
    const keyFrames = pictures.flatMap(({ randomAccess }, i) => (randomAccess ? [i] : []))
    assert.deepEqual([...new Set(steps(keyFrames))], [60])
    assert.ok(steps(units.map(({ dueMs }) => dueMs)).every((step) => step >= 0))
    assert.equal(Math.min(...units.map(({ dueMs }) => dueMs)), 0)
  })

  test('Matroska with reordered pictures and AAC: decoding times rise and are never after presentation', async () => {
    const media = await MediaFile.open(made('reordered.mkv'))
    assert.deepEqual(
      media.tracks.map(({ codec }) => codec.name),
      ['h264', 'aac'],
    )
    media.close()
    const units = await takeUnits(made('reordered.mkv'), true, 5000)
    const pictures = ofTrack(units, 0)
    assert.ok(pictures.some(({ pts, dts }) => pts > dts))
    assert.ok(pictures.every(({ pts, dts }) => pts >= dts))
    assert.ok(steps(pictures.map(({ dts }) => dts)).every((step) => step >= 0))
    // Sound is the longer track: it goes on without a gap, though Matroska rounds its times to milliseconds.
    assert.deepEqual([...new Set(steps(ofTrack(units, 1).map(({ pts }) => pts)))], [1024])
  })

  for (const name of ['vp8.webm', 'vp9.webm', 'av1.mp4', 'h265.mp4']) {
    test(`${name}: pictures in order, key frames where they are`, async () => {
      const media = await MediaFile.open(made(name))
      const [track] = media.tracks
      media.close()
      assert.equal(track?.codec.name, name.split('.')[0])
      if (track?.codec.name === 'av1') assert.equal(track.codec.sequenceHeader && parseAv1Sequence(track.codec.sequenceHeader).width, 320)
      if (track?.codec.name === 'h265') assert.equal(track.codec.sps && parseH265Sps(track.codec.sps).width, 320)
      const units = await takeUnits(made(name), false, Number.POSITIVE_INFINITY)
      assert.equal(units.length, 50)
      assert.deepEqual(
        units.flatMap(({ randomAccess }, i) => (randomAccess ? [i] : [])),
        [0, 25],
      )
      assert.ok(units.every(({ pts, dts, data }) => pts >= dts && data.length > 0))
    })
  }

  test('once through the file without a loop', async () => {
    const units = await takeUnits(DEMO, false, Number.POSITIVE_INFINITY)
    assert.deepEqual([ofTrack(units, 0).length, ofTrack(units, 1).length], [360, 600])
  })

  test('tracks with codecs that are not carried are named, the others play', async () => {
    const media = await MediaFile.open(made('mpeg4.mp4'))
    assert.deepEqual([media.tracks.map(({ codec }) => codec.name), media.left.length], [['opus'], 1])
    media.close()
  })

  const FAULTS: readonly (readonly [name: string, fault: RegExp])[] = [
    ['none.mp4', /none\.mp4 cannot be read \(ENOENT\)/],
    ['.', /is no file/],
    ['text.mp4', /text\.mp4 is no MP4, MOV, Matroska or WebM file/],
    ['mp3.mp4', /mp3\.mp4 has no track that can be published \(.*\), only audio \(mp3\)/],
  ]
  for (const [name, fault] of FAULTS) test(`says what is wrong with ${name}`, () => assert.rejects(MediaFile.open(made(name)), fault))
})

describe('startFileSource', () => {
  const messages: string[] = []
  const say = (_fields: object, message: string) => messages.push(message)
  const log: Log = { debug: say, info: say, warn: say, error: say, child: () => log }
  const context = () => makeServerContext({ hub: new Hub({ converters: rtpConverters, republishGraceMs: 0 }), log })

  const published = async (hub: Hub, path: string) => {
    for (;;) {
      const stream = hub.find(path)
      if (stream) return stream
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  test('publishes in real time: nothing comes before it is due', { timeout: 20_000 }, async () => {
    const { hub, ...rest } = context()
    const source = startFileSource({ hub, ...rest }, { path: 'demo', file: DEMO, loop: true })
    const stream = await published(hub, 'demo')
    const units: Unit[] = []
    await new Promise<void>((resolve) => {
      stream.readUnits({
        onUnit: (track, unit) => {
          if (track.index !== 0) return
          units.push(unit)
          if (units.length === 45) resolve()
        },
      })
    })
    const first = units[0]
    assert.ok(first)
    for (const { arrivalMs, pts } of units) assert.ok(arrivalMs - first.arrivalMs >= (pts - first.pts) / 90 - 20)
    assert.deepEqual([...new Set(steps(units.map(({ pts }) => pts)))], [3000])
    await source.close()
    assert.equal(hub.find('demo'), undefined)
  })

  test('a file that cannot be played is said, and closing does not wait for the next attempt', { timeout: 5000 }, async () => {
    const all = context()
    const reasons: unknown[] = []
    all.events.subscribe(({ type, path, reason }) => reasons.push([type, path, reason]))
    const source = startFileSource(all, { path: 'a', file: 'none.mp4', loop: true })
    while (!messages.some((message) => message.includes('none.mp4 cannot be read'))) await new Promise((resolve) => setTimeout(resolve, 10))
    await source.close()
    assert.match(JSON.stringify(reasons), /^\[\["error","a","cannot be played: none\.mp4 cannot be read/)
  })

  test('stops when the hub closes', { timeout: 5000 }, async () => {
    const all = context()
    const source = startFileSource(all, { path: 'demo', file: DEMO, loop: true })
    await published(all.hub, 'demo')
    all.hub.close()
    await source.close()
  })
})
