import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IDR, REFERENCE, Scene, STREAM_BPS, VIDEO_SSRC, WIDE } from './narrow-scene.ts'

test('a wide path gets everything', () => {
  const scene = new Scene()
  scene.run(30)
  assert.deepEqual(scene.first.levels, ['full'])
  assert.equal(scene.first.viewer.counters.leftOut, 0)
  assert.ok(scene.first.hasNoSequenceGaps)
})

test('a path of 70 %: the beginning of each group goes on, and all of it soon after the path is wide again', () => {
  const scene = new Scene()
  scene.run(10)
  scene.run(40, { capacityBps: 0.7 * STREAM_BPS })
  const gapMs = scene.first.longestGapMs(15_000)
  assert.ok(gapMs < 1000, `no freeze over a second with a key frame each second: ${gapMs} ms`)
  assert.equal(scene.first.viewer.counters.level, 'group-start')
  assert.match(scene.first.viewer.counters.levelReason ?? '', /carries about 1\.\d of 2\.\d Mbit\/s/)
  assert.ok(scene.first.hasNoSequenceGaps)
  const delays = scene.first.sent
    .filter(({ ssrc, atMs, arrivedMs }) => ssrc !== VIDEO_SSRC && atMs > 15_000 && arrivedMs !== undefined)
    .map((packet) => (packet.arrivedMs ?? 0) - packet.atMs)
  assert.ok(Math.max(...delays) < 400, `sound is not later than ${Math.max(...delays)} ms`)
  scene.run(30, WIDE)
  assert.equal(scene.first.viewer.counters.level, 'full')
  const { leftOut } = scene.first.viewer.counters
  scene.run(20)
  assert.equal(scene.first.viewer.counters.leftOut, leftOut)
  assert.ok(scene.first.levels.length <= 7, `it does not waver: ${scene.first.levels}`)
})

test('who joins late in a long group on a path of 70 %: no freeze over a second after the first five', () => {
  for (const queueMs of [60, 200, 400]) {
    const scene = new Scene({ groupPictures: 50, joinMs: 1900 })
    scene.first.link.conditions = { ...WIDE, capacityBps: 0.7 * STREAM_BPS, queueMs }
    scene.run(40)
    const gapMs = scene.first.longestGapMs(6900)
    assert.ok(gapMs < 1000, `a queue of ${queueMs} ms: ${gapMs} ms`)
    assert.ok(scene.first.timeGoesOn)
  }
})

test('10 % of random loss is no narrow path', () => {
  const scene = new Scene()
  scene.run(40, { loss: 0.1 })
  assert.deepEqual(scene.first.levels, ['full'])
})

test('a path that is narrow again and again: each time all comes back, and it does not waver', () => {
  const scene = new Scene()
  for (let round = 0; round < 4; round++) {
    scene.run(15, { capacityBps: 0.7 * STREAM_BPS })
    scene.run(25, WIDE)
    assert.equal(scene.first.viewer.counters.level, 'full')
  }
  assert.ok(scene.first.timeGoesOn)
  assert.ok(scene.first.levels.length <= 4 * 5, `${scene.first.levels}`)
})

test('a viewer that only sends receiver reports gets what its path carries, too', () => {
  const scene = new Scene({ onlyReports: true })
  scene.run(10)
  scene.run(40, { capacityBps: 0.7 * STREAM_BPS })
  const gapMs = scene.first.longestGapMs(20_000)
  assert.ok(gapMs < 1000, `${gapMs} ms`)
  assert.equal(scene.first.viewer.counters.level, 'group-start')
  scene.run(40, WIDE)
  assert.equal(scene.first.viewer.counters.level, 'full')
})

test('a viewer that agreed to feedback about each packet and sends none is followed by its reports', () => {
  const scene = new Scene()
  scene.first.isTerse = true
  scene.run(10)
  assert.deepEqual(scene.first.levels, ['full'])
  scene.run(40, { capacityBps: 0.7 * STREAM_BPS })
  const gapMs = scene.first.longestGapMs(20_000)
  assert.ok(gapMs < 1000, `${gapMs} ms`)
  assert.equal(scene.first.viewer.counters.level, 'group-start')
  scene.first.isTerse = false
  scene.run(40, WIDE)
  assert.equal(scene.first.viewer.counters.level, 'full')
})

test('REMB is a bound for who has no feedback about each packet, and for nobody else', () => {
  for (const onlyReports of [true, false]) {
    const scene = new Scene({ onlyReports })
    scene.first.takesBps = 5 * STREAM_BPS
    scene.run(10)
    scene.first.takesBps = 0.7 * STREAM_BPS
    scene.run(20)
    const { level, estimateBps } = scene.first.viewer.counters
    assert.deepEqual([level, estimateBps], onlyReports ? ['group-start', 0.7 * STREAM_BPS] : ['full', undefined])
    const octets = scene.first.sent.filter(({ ssrc, atMs }) => ssrc === VIDEO_SSRC && atMs > 20_000).reduce((sum, { payload }) => sum + payload.length + 12, 0)
    if (onlyReports) assert.ok((octets * 8) / 10 <= 0.72 * STREAM_BPS, `${(octets * 8) / 10}`)
    scene.first.takesBps = 5 * STREAM_BPS
    scene.run(30)
    assert.equal(scene.first.viewer.counters.level, 'full')
  }
})

test('pictures that no other one needs go first', () => {
  const scene = new Scene({ withNonReference: true })
  scene.run(10)
  scene.run(40, { capacityBps: 0.7 * STREAM_BPS })
  assert.equal(scene.first.viewer.counters.level, 'no-b')
  const gapMs = scene.first.longestGapMs(15_000)
  assert.ok(gapMs < 250, `every second picture comes: ${gapMs} ms`)
  assert.ok(scene.first.hasNoSequenceGaps)
  scene.run(60, WIDE)
  assert.equal(scene.first.viewer.counters.level, 'full')
})

test('a path that carries little more than key frames: they come, and sound', () => {
  const scene = new Scene()
  scene.run(10)
  scene.run(60, { capacityBps: 400_000 })
  const gapMs = scene.first.longestGapMs(30_000)
  assert.ok(gapMs < 2200, `a key frame each two seconds: ${gapMs} ms`)
  const sounds = scene.first.sent.filter(({ ssrc, atMs }) => ssrc !== VIDEO_SSRC && atMs > 30_000)
  assert.ok(sounds.filter(({ arrivedMs }) => arrivedMs !== undefined).length >= sounds.length * 0.97, 'sound comes through')
})

test('sound takes most of a path: the picture gets the rest, and sound comes through', () => {
  for (const capacityBps of [125_000, 90_000, 70_000]) {
    const scene = new Scene({ small: true })
    scene.run(5)
    scene.run(40, { capacityBps, queueMs: 200 })
    const sounds = scene.first.sent.filter(({ ssrc, atMs }) => ssrc !== VIDEO_SSRC && atMs > 20_000)
    const lost = sounds.filter(({ arrivedMs }) => arrivedMs === undefined).length
    assert.ok(lost < sounds.length / 100, `with ${capacityBps} bit/s ${lost} of ${sounds.length} packets of sound were lost`)
    const gapMs = scene.first.longestGapMs(20_000)
    assert.ok(gapMs < 2100, `with ${capacityBps} bit/s: ${gapMs} ms`)
    scene.run(30, WIDE)
    assert.equal(scene.first.viewer.counters.level, 'full')
  }
})

test('pictures leave at once as long as the path is wide; on a narrow one key frames are spread', () => {
  const scene = new Scene()
  scene.run(10)
  scene.run(20, { capacityBps: 0.7 * STREAM_BPS })
  const spreads = (type: number, fromMs: number, toMs: number): number[] => {
    const packets = scene.first.sent.filter(({ ssrc, atMs }) => ssrc === VIDEO_SSRC && atMs >= fromMs && atMs < toMs)
    return [...Map.groupBy(packets, ({ timestamp }) => timestamp).values()]
      .filter(([first]) => first?.payload[0] === type)
      .map((picture) => (picture.at(-1)?.atMs ?? 0) - (picture[0]?.atMs ?? 0))
  }
  assert.equal(Math.max(...spreads(REFERENCE, 1000, 10_000), ...spreads(IDR, 1000, 10_000)), 0)
  const narrow = Math.min(...spreads(IDR, 15_000, 29_000))
  assert.ok(narrow > 10, `${narrow} ms`)
})
