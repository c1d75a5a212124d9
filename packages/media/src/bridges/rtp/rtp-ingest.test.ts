import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Codec } from '../../codecs/codec.ts'
import { Hub } from '../../hub/hub.ts'
import type { Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { rtpConverters } from './converters.ts'
import { RtpIngest } from './rtp-ingest.ts'
import { RtpTimeline } from './rtp-timeline.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const SPS = '6742c01fda014016ec0440000003004000000f03c60ca8'
const OTHER_SPS = '67640028acd940780227e5c044000003000400000300c83c60c658'
const PPS = '68ce0fc8'
const PPS_1 = '6853e0' // pic_parameter_set_id 1
const STAP_A = `78 0017 ${SPS} 0004 ${PPS}`

const h264 = (sps?: string, pps?: string): Codec => ({
  kind: 'video',
  name: 'h264',
  clockRate: 90000,
  sps: sps === undefined ? undefined : bytes(sps),
  pps: pps === undefined ? undefined : bytes(pps),
})

type Publish = { track: Track; ingest: RtpIngest; packets: Packet[]; units: Unit[]; codecChanges: number }
const publish = (codec: Codec): Publish => {
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 1000 })
  const publication = hub.publish('x', [codec], 'packets', { protocol: 'test', remote: '127.0.0.1:1', close: () => {} }, 0)
  const track = publication.stream.tracks[0] as Track
  const found: Publish = { track, ingest: new RtpIngest(track, publication, new RtpTimeline([codec.clockRate])), packets: [], units: [], codecChanges: 0 }
  publication.stream.readPackets({ onPacket: (_, packet) => found.packets.push(packet) })
  publication.stream.readUnits({ onUnit: (_, unit) => found.units.push(unit), onCodecChange: () => found.codecChanges++ })
  return found
}

/** Sequence numbers and timestamps count from just before their wraps. */
const push = ({ ingest }: Publish, seq: number, timestamp: number, marker: boolean, payload: Uint8Array | string): void =>
  ingest.push(timestamp / 90, {
    payloadType: 96,
    marker,
    seq: (seq + 65534) & 0xffff,
    timestamp: (timestamp + 0xffff_ff00) >>> 0,
    ssrc: 1,
    payload: typeof payload === 'string' ? bytes(payload) : payload,
  })

/** `*` is randomAccess, `|` the marker. */
const shown = ({ packets }: Publish): string[] =>
  packets.map(
    ({ seq, timestamp, marker, randomAccess, payload }) => `${seq} ${timestamp} ${randomAccess ? '*' : ''}${hex(payload).slice(0, 8)}${marker ? '|' : ''}`,
  )

type Push = readonly [seq: number, timestamp: number, marker: 0 | 1, payload: string]
const CASES: readonly (readonly [name: string, codec: Codec, pushes: readonly Push[], packets: readonly string[]])[] = [
  [
    'parameter sets in packets of their own: the SPS is the start, the slices of the picture are not',
    h264(),
    [
      [0, 0, 0, '09f0'],
      [1, 0, 0, SPS],
      [2, 0, 0, PPS],
      [3, 0, 0, '6588'],
      [4, 0, 1, '6544'],
      [5, 3000, 1, '4188'],
    ],
    ['0 0 09f0', '1 0 *6742c01f', '2 0 68ce0fc8', '3 0 6588', '4 0 6544|', '5 3000 4188|'],
  ],
  [
    'parameter sets in a STAP-A',
    h264(),
    [
      [0, 0, 0, STAP_A],
      [1, 0, 1, '6588'],
    ],
    ['0 0 *78001767', '1 0 6588|'],
  ],
  [
    'an IDR picture without parameter sets gets them, once',
    h264(SPS, PPS),
    [
      [0, 0, 0, '6588'],
      [1, 0, 1, '6544'],
      [2, 3000, 1, '4188'],
    ],
    ['0 0 *78001767', '1 0 6588', '2 0 6544|', '3 3000 4188|'],
  ],
  [
    'in front of fragments as well',
    h264(SPS, PPS),
    [
      [0, 0, 0, '7c85 88'],
      [1, 0, 1, '7c45 01'],
    ],
    ['0 0 *78001767', '1 0 7c8588', '2 0 7c4501|'],
  ],
  [
    'and where only the PPS is missing',
    h264(SPS, PPS),
    [
      [0, 0, 0, SPS],
      [1, 0, 1, '6588'],
    ],
    ['0 0 *6742c01f', '1 0 78001767', '2 0 6588|'],
  ],
  [
    'if they are known',
    h264(),
    [
      [0, 0, 1, '6588'],
      [1, 3000, 1, '4188'],
    ],
    ['0 0 *6588|', '1 3000 4188|'],
  ],
  [
    'gaps are kept',
    h264(),
    [
      [0, 0, 1, '4188'],
      [3, 3000, 1, '4189'],
      [4, 6000, 1, '418a'],
    ],
    ['0 0 4188|', '3 3000 4189|', '4 6000 418a|'],
  ],
  [
    'duplicates and late packets are dropped, empty ones leave no gap, broken ones do',
    h264(),
    [
      [0, 0, 1, '4188'],
      [0, 0, 1, '4188'],
      [1, 0, 0, ''],
      [2, 3000, 1, '4189'],
      [1, 0, 1, '4188'],
      [3, 6000, 0, '78ff'],
      [4, 6000, 1, '418a'],
    ],
    ['0 0 4188|', '1 3000 4189|', '3 6000 418a|'],
  ],
  [
    'a sender that starts its count anew goes on after a gap',
    h264(),
    [
      [0, 0, 1, '4188'],
      [40_000, 3000, 1, '4189'],
      [40_001, 6000, 1, '418a'],
    ],
    ['0 0 4188|', '2 3000 4189|', '3 6000 418a|'],
  ],
]

test('RtpIngest, H.264', async (t) => {
  for (const [name, codec, pushes, packets] of CASES) {
    await t.test(name, () => {
      const published = publish(codec)
      for (const [seq, timestamp, marker, payload] of pushes) push(published, seq, timestamp, marker === 1, payload)
      assert.deepEqual(shown(published), packets)
      assert.equal(published.track.nextSeq, (published.packets.at(-1)?.seq ?? -1) + 1)
    })
  }
})

test('a payload that fits is forwarded without a copy', () => {
  const published = publish(h264())
  const payload = new Uint8Array(1400).fill(0x41)
  push(published, 0, 0, true, payload)
  assert.equal(published.packets[0]?.payload, payload)
})

test('the ring names the start of the newest picture where decoding can start', () => {
  const published = publish(h264(SPS, PPS))
  push(published, 0, 0, true, '6588')
  push(published, 1, 3000, true, '4188')
  push(published, 2, 6000, false, SPS)
  push(published, 3, 6000, false, PPS)
  push(published, 4, 6000, true, '6588')
  assert.equal(published.track.ring.randomAccessSeq, 3)
})

test('the codec follows the parameter sets, in one step and before the picture', () => {
  const published = publish(h264())
  const sets = (): (string | undefined)[] => {
    const { codec } = published.track
    return codec.name === 'h264' ? [codec.sps && hex(codec.sps), codec.pps && hex(codec.pps)] : []
  }
  push(published, 0, 0, false, SPS)
  push(published, 1, 0, false, PPS)
  assert.deepEqual(sets(), [undefined, undefined])
  push(published, 2, 0, true, '6588')
  assert.deepEqual(sets(), [SPS, PPS])
  // The same again, and a second PPS beside the first: nothing changes.
  for (const [i, payload] of [SPS, PPS, PPS_1, '6588'].entries()) push(published, 3 + i, 3000, i === 3, payload)
  assert.deepEqual([sets(), published.codecChanges], [[SPS, PPS], 1])
  push(published, 7, 6000, false, OTHER_SPS)
  push(published, 8, 6000, false, PPS_1)
  push(published, 9, 6000, true, '6588')
  assert.deepEqual([sets(), published.codecChanges], [[OTHER_SPS, PPS_1], 2])
  // What no decoder can read is forwarded, but not kept.
  push(published, 10, 9000, false, '6742')
  push(published, 11, 9000, true, '6588')
  assert.deepEqual([sets(), published.codecChanges], [[OTHER_SPS, PPS_1], 2])
})

test('payloads that are too long are made shorter, and the picture stays the same', () => {
  const published = publish(h264(SPS, PPS))
  const body = new Uint8Array(9000).map((_, i) => (i === 0 ? 0x88 : i % 251))
  const long = (header: string, from: number, to: number): Uint8Array => Uint8Array.of(...bytes(header), ...body.subarray(from, to))
  // A picture in one packet of a jumbo frame, then one in three fragments.
  push(published, 0, 0, true, long('65', 0, 9000))
  push(published, 1, 3000, false, long('5c81', 0, 3000))
  push(published, 2, 3000, false, long('5c01', 3000, 8995))
  push(published, 3, 3000, true, long('5c41', 8995, 9000))
  assert.ok(published.packets.every(({ payload }) => payload.length <= 1200))
  assert.deepEqual(
    published.packets.map(({ seq }) => seq),
    published.packets.map((_, i) => i),
  )
  assert.deepEqual(
    published.packets.flatMap(({ marker, randomAccess }, i) => (marker || randomAccess ? [[i, marker, randomAccess]] : [])),
    [
      [0, false, true],
      [8, true, false],
      [16, true, false],
    ],
  )
  const pictures = published.units.map(({ pts, data }) => [pts, data.length, hex(data.at(-1) ?? bytes(''))])
  assert.deepEqual(pictures, [
    [0, 3, `65${hex(body)}`],
    [3000, 1, `41${hex(body)}`],
  ])
})

test('a fragment lost among those that are resized costs its picture and no other', () => {
  const published = publish(h264())
  const fragment = (header: string): Uint8Array => Uint8Array.of(...bytes(header), ...new Uint8Array(1440).fill(0x99))
  const headers = ['5c81', '5c01', '5c01', '5c41']
  for (const [picture, lost] of [2, -1].entries()) {
    headers.forEach((header, i) => {
      if (i !== lost) push(published, picture * 4 + i, picture * 3000, i === 3, fragment(header))
    })
  }
  assert.deepEqual(
    published.units.map(({ pts, data }) => [pts, data.map((nal) => nal.length)]),
    [[3000, [1 + 4 * 1440]]],
  )
})

test('G.711 that is too long is split by samples, other audio is not', () => {
  const pcmu = publish({ kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 2 })
  push(pcmu, 0, 0, true, new Uint8Array(3000))
  push(pcmu, 1, 1500, false, new Uint8Array(160))
  assert.deepEqual(
    pcmu.packets.map(({ seq, timestamp, marker, payload }) => [seq, timestamp, marker, payload.length]),
    [
      [0, 0, true, 1200],
      [1, 600, false, 1200],
      [2, 1200, false, 600],
      [3, 1500, false, 160],
    ],
  )
  const opus = publish({ kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 })
  push(opus, 0, 0, false, new Uint8Array(1500))
  assert.deepEqual([opus.packets.length, opus.units.length], [1, 1])
})

test('the time of audio never goes back', () => {
  const published = publish({ kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 })
  for (const [i, timestamp] of [0, 1920, 960, 2880].entries()) push(published, i, timestamp, false, 'fc')
  assert.deepEqual(
    published.packets.map(({ timestamp }) => timestamp),
    [0, 1920, 1920, 2880],
  )
})

test('no packet makes it throw, and what it writes keeps the rules of the hub', () => {
  const payload = fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.constantFrom(SPS, PPS, STAP_A, '6588', '4188', '7c8588', '7c4501').map(bytes))
  const packet = fc.tuple(fc.oneof(fc.nat(20), fc.nat(0xffff)), fc.oneof(fc.constantFrom(0, 3000, 6000), fc.nat(0xffff_ffff)), fc.boolean(), payload)
  const codecs: Codec[] = [h264(), { kind: 'audio', name: 'aac', clockRate: 48000, channels: 2, config: bytes('1190') }]
  fc.assert(
    fc.property(fc.constantFrom(...codecs), fc.array(packet, { maxLength: 60 }), (codec, pushes) => {
      const published = publish(codec)
      for (const [seq, timestamp, marker, content] of pushes) push(published, seq, timestamp, marker, content)
      let seq = -1
      for (const each of published.packets) {
        assert.ok(each.seq > seq && each.timestamp >= 0 && Number.isInteger(each.timestamp) && each.payload.length > 0)
        seq = each.seq
      }
      let dts = 0
      for (const unit of published.units) {
        assert.ok(unit.dts >= dts && unit.pts >= unit.dts && unit.data.length > 0)
        dts = unit.dts
      }
    }),
  )
})
