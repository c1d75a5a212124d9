import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { encodeAudioSpecificConfig } from '../../codecs/aac.ts'
import { encodeAvcConfig } from '../../codecs/h264-avcc.ts'
import { type AmfObject, EcmaArray, encodeAmf0 } from '../../containers/flv/amf0.ts'
import { encodeAacConfigTag, encodeAacFrameTag, encodeG711Tag } from '../../containers/flv/audio-tag.ts'
import { encodeAvcConfigTag, encodeAvcPictureTag } from '../../containers/flv/video-tag.ts'
import { Hub } from '../../hub/hub.ts'
import { oneToOne, publisher } from '../../hub/hub-fixtures.ts'
import type { Stream } from '../../hub/stream.ts'
import type { Unit } from '../../hub/unit.ts'
import { MESSAGE_TYPE, type RtmpMessage } from '../../protocols/rtmp/message.ts'
import { PPS, SPS_360P, SPS_720P } from './rtmp-fixtures.ts'
import { RtmpIngest, TRACKS_TIMEOUT_MS } from './to-hub.ts'

const video = (timestampMs: number, payload: Uint8Array): RtmpMessage => ({ type: MESSAGE_TYPE.VIDEO, streamId: 1, timestampMs, payload })
const audio = (timestampMs: number, payload: Uint8Array): RtmpMessage => ({ type: MESSAGE_TYPE.AUDIO, streamId: 1, timestampMs, payload })
const metadata = (properties: AmfObject): RtmpMessage => ({
  type: MESSAGE_TYPE.DATA_AMF0,
  streamId: 1,
  timestampMs: 0,
  payload: encodeAmf0('@setDataFrame', 'onMetaData', new EcmaArray(properties)),
})

const avcHeader = (sps: Uint8Array): RtmpMessage => video(0, encodeAvcConfigTag(encodeAvcConfig(sps, PPS)))
const aacHeader = (sampleRate = 44100): RtmpMessage => audio(0, encodeAacConfigTag(encodeAudioSpecificConfig(2, sampleRate, 2)))
const picture = (timestampMs: number, compositionMs = 0): RtmpMessage =>
  video(timestampMs, encodeAvcPictureTag(timestampMs % 1000 === 0, compositionMs, [Uint8Array.of(timestampMs % 1000 === 0 ? 0x65 : 0x41, 1)]))
const frame = (timestampMs: number): RtmpMessage => audio(timestampMs, encodeAacFrameTag(Uint8Array.of(0x21)))

const UNKNOWN_VIDEO = video(0, Uint8Array.of(0x1c, 0, 0, 0, 0))

/** A hub, an ingest to its path `live`, and the units that came out. */
const setUp = () => {
  const hub = new Hub({ converters: oneToOne, republishGraceMs: 10_000 })
  const warnings: string[] = []
  const makeIngest = (): RtmpIngest =>
    new RtmpIngest({ hub, path: 'live', publisher: publisher(), warn: (message) => warnings.push(message), onPublish: () => {} })
  const units: [name: string, unit: Unit][] = []
  const read = (stream: Stream | undefined): void => stream?.readUnits({ onUnit: (track, unit) => units.push([track.codec.name, unit]) })
  return { hub, warnings, makeIngest, ingest: makeIngest(), units, read }
}

const trackNames = (hub: Hub): string[] | undefined => hub.find('live')?.tracks.map(({ codec }) => codec.name)

const H264_AND_AAC = metadata({ videocodecid: 7, audiocodecid: 10 })

/** Messages at time 0, and the tracks that are published then, and by the time limit. */
const TRACKS: readonly (readonly [name: string, messages: readonly RtmpMessage[], atOnce: readonly string[] | undefined, inTheEnd: readonly string[]])[] = [
  ['both announced, both headers', [H264_AND_AAC, avcHeader(SPS_360P), aacHeader()], ['h264', 'aac'], ['h264', 'aac']],
  ['both announced, video only', [H264_AND_AAC, avcHeader(SPS_360P)], undefined, ['h264']],
  ['video announced', [metadata({ videocodecid: 7 }), avcHeader(SPS_360P)], ['h264'], ['h264']],
  ['codecs announced as text', [metadata({ videocodecid: 'avc1', audiocodecid: 'mp4a' }), avcHeader(SPS_360P)], undefined, ['h264']],
  ['audio announced', [metadata({ audiocodecid: 10 }), aacHeader()], ['aac'], ['aac']],
  ['H.265 announced with AAC', [metadata({ videocodecid: 12, audiocodecid: 10 }), UNKNOWN_VIDEO, aacHeader()], ['aac'], ['aac']],
  ['nothing announced, video only', [avcHeader(SPS_360P), picture(0)], undefined, ['h264']],
  ['nothing announced, both headers', [aacHeader(), avcHeader(SPS_360P)], ['h264', 'aac'], ['h264', 'aac']],
  ['G.711 has no header', [metadata({ audiocodecid: 8 }), audio(0, encodeG711Tag('pcmu', 1, new Uint8Array(160)))], ['pcmu'], ['pcmu']],
]

for (const [name, messages, atOnce, inTheEnd] of TRACKS) {
  test(`tracks of a publisher: ${name}`, () => {
    const { hub, ingest } = setUp()
    for (const message of messages) ingest.push(0, message)
    assert.deepEqual(trackNames(hub), atOnce)
    ingest.handleTimeout(TRACKS_TIMEOUT_MS - 1)
    assert.deepEqual(trackNames(hub), atOnce)
    ingest.handleTimeout(TRACKS_TIMEOUT_MS)
    assert.deepEqual(trackNames(hub), inTheEnd)
  })
}

test('with no codec that is known the publisher is told which ones are', () => {
  const { ingest, warnings } = setUp()
  ingest.push(0, UNKNOWN_VIDEO)
  ingest.push(0, UNKNOWN_VIDEO)
  assert.deepEqual(warnings, ['H.265 is not taken by RTMP here and left out: send H.264 video, and AAC or G.711 audio'])
  assert.throws(() => ingest.handleTimeout(TRACKS_TIMEOUT_MS), {
    code: 'rtmp/no-known-codec',
    message: 'H.265 cannot be taken by RTMP here: send H.264 video, and AAC or G.711 audio',
  })
})

test('what came while waiting is not lost, and times start at the earliest of it', () => {
  const { hub, ingest, units, read } = setUp()
  ingest.push(0, avcHeader(SPS_360P))
  ingest.push(0, picture(7000, 67))
  ingest.push(40, frame(6990))
  ingest.push(40, frame(7013))
  ingest.push(50, aacHeader())
  read(hub.find('live'))
  ingest.push(60, picture(7040, 0))
  assert.deepEqual(
    units.map(([name, { pts, dts, randomAccess, arrivalMs }]) => [name, pts, dts, randomAccess, arrivalMs]),
    [
      ['h264', 77 * 90, 10 * 90, true, 0],
      ['aac', 0, 0, true, 40],
      ['aac', 1024, 1024, true, 40],
      ['h264', 50 * 90, 50 * 90, false, 60],
    ],
  )
})

test('a new sequence header changes the codec of the running track', () => {
  const { hub, ingest } = setUp()
  for (const message of [metadata({ videocodecid: 7 }), avcHeader(SPS_360P), picture(0), avcHeader(SPS_360P)]) ingest.push(0, message)
  const [track] = hub.find('live')?.tracks ?? []
  const before = track?.codecVersion
  ingest.push(0, avcHeader(SPS_720P))
  assert.deepEqual(track?.codec.name === 'h264' && track.codec.sps, SPS_720P)
  assert.equal(track?.codecVersion, (before ?? 0) + 1)
})

test('parameter sets in a key frame change the codec as well', () => {
  const { hub, ingest } = setUp()
  for (const message of [metadata({ videocodecid: 7 }), avcHeader(SPS_360P)]) ingest.push(0, message)
  ingest.push(0, video(0, encodeAvcPictureTag(true, 0, [SPS_720P, PPS, Uint8Array.of(0x65, 1)])))
  const codec = hub.find('live')?.tracks[0]?.codec
  assert.deepEqual(codec?.name === 'h264' && codec.sps, SPS_720P)
})

for (const [name, late, tracks] of [
  ['a track that comes late', aacHeader(), ['h264', 'aac']],
  ['another sampling rate', aacHeader(48000), ['h264', 'aac']],
] as const) {
  test(`the stream begins anew: ${name}`, () => {
    const { hub, ingest, warnings } = setUp()
    ingest.push(0, metadata({ videocodecid: 7 }))
    ingest.push(0, avcHeader(SPS_360P))
    if (name === 'another sampling rate') ingest.push(0, aacHeader())
    const before = hub.find('live')
    ingest.push(5000, late)
    assert.ok(before?.ended)
    assert.deepEqual(trackNames(hub), tracks)
    assert.ok(warnings.length > 0)
  })
}

test('a publisher that comes back with other timestamps continues the stream', () => {
  const { hub, ingest, makeIngest, units, read } = setUp()
  for (const message of [metadata({ videocodecid: 7 }), avcHeader(SPS_360P)]) ingest.push(0, message)
  read(hub.find('live'))
  hub.find('live')?.addClient({ protocol: 'test', remote: 'test', end: () => assert.fail('the stream goes on') })
  ingest.push(0, picture(50_000))
  ingest.push(1000, picture(51_000))
  ingest.close(1500, 'it left')
  const next = makeIngest()
  for (const message of [metadata({ videocodecid: 7 }), avcHeader(SPS_360P), picture(3000), picture(3040)]) next.push(4000, message)
  assert.deepEqual(
    units.map(([, { dts }]) => dts / 90),
    [0, 1000, 4000, 4040],
  )
})

test('a second publisher is refused by the hub', () => {
  const { ingest, makeIngest } = setUp()
  for (const message of [metadata({ videocodecid: 7 }), avcHeader(SPS_360P)]) ingest.push(0, message)
  const second = makeIngest()
  second.push(0, metadata({ videocodecid: 7 }))
  assert.throws(() => second.push(0, avcHeader(SPS_360P)), { code: 'path/busy' })
})

test('long or broken metadata is ignored', () => {
  const { hub, ingest, warnings } = setUp()
  ingest.push(0, { type: MESSAGE_TYPE.DATA_AMF0, streamId: 1, timestampMs: 0, payload: Uint8Array.of(2, 0) })
  ingest.push(0, { type: MESSAGE_TYPE.DATA_AMF0, streamId: 1, timestampMs: 0, payload: new Uint8Array(70_000) })
  for (const message of [aacHeader(), avcHeader(SPS_360P)]) ingest.push(0, message)
  assert.equal(warnings.length, 2)
  assert.deepEqual(trackNames(hub), ['h264', 'aac'])
})

test('any messages are taken or a fault of the peer; decoding times never decrease', () => {
  const anyMessage = fc.record({
    type: fc.constantFrom(MESSAGE_TYPE.AUDIO, MESSAGE_TYPE.VIDEO, MESSAGE_TYPE.DATA_AMF0),
    streamId: fc.constant(1),
    timestampMs: fc.oneof(fc.nat(3000), fc.nat(0xffffffff)),
    payload: fc.uint8Array({ maxLength: 30 }),
  })
  const good = fc.tuple(fc.nat(30), fc.integer({ min: -50, max: 100 })).map(([n, compositionMs]) => picture(n * 100, compositionMs))
  const sound = fc.oneof(fc.nat(3000), fc.nat(0xffffffff)).map(frame)
  fc.assert(
    fc.property(fc.array(fc.oneof(good, sound, anyMessage), { maxLength: 30 }), (messages) => {
      const { hub, ingest, units, read } = setUp()
      for (const message of [H264_AND_AAC, avcHeader(SPS_360P), aacHeader()]) ingest.push(0, message)
      read(hub.find('live'))
      try {
        messages.forEach((message, i) => {
          ingest.push(i * 10, message)
        })
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
      const newest = new Map<string, number>()
      for (const [name, { pts, dts }] of units) {
        assert.ok(dts >= (newest.get(name) ?? 0) && pts >= dts)
        newest.set(name, dts)
      }
    }),
  )
})
