import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Codec } from '../../codecs/codec.ts'
import { Hub } from '../../hub/hub.ts'
import { MAX_PACKET_PAYLOAD, type Packet } from '../../hub/packet.ts'
import { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { rtpConverters } from './converters.ts'
import { RtpIngest } from './rtp-ingest.ts'
import { RtpTimeline } from './rtp-timeline.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const hex = (payload: Uint8Array): string => Buffer.from(payload).toString('hex')

const VPS = '40010c01ffff01600000030090000003000003003f959409'
const SPS = '42010101600000030090000003000003003fa005020171f2e595952930bc05a020000003002000000303c1'
const PPS = '4401c073c189'
const PPS_1 = '440150' // pps_pic_parameter_set_id 1
const AV1_SEQUENCE = '080000000cc4ff6736be4010'
const VP9_KEY = '8249834200281016960638'
const VP9_KEY_PROFILE_2 = '924983420014080b4b031c'

const VP9_PICTURE = { width: 642, height: 362, bitDepth: 8, subsamplingX: true, subsamplingY: true }

const VP8: Codec = { kind: 'video', name: 'vp8', clockRate: 90000 }
const VP9: Codec = { kind: 'video', name: 'vp9', clockRate: 90000, profile: 0 }
const AV1: Codec = { kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: undefined }
const H265: Codec = { kind: 'video', name: 'h265', clockRate: 90000, vps: undefined, sps: undefined, pps: undefined }
const G722: Codec = { kind: 'audio', name: 'g722', clockRate: 8000, channels: 1 }
const H265_KNOWN: Codec = { ...H265, vps: bytes(VPS), sps: bytes(SPS), pps: bytes(PPS) }

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

type Push = readonly [seq: number, timestamp: number, marker: 0 | 1, payload: string]
const push = ({ ingest, track }: Publish, [seq, timestamp, marker, payload]: Push): void =>
  ingest.push((timestamp * 1000) / track.clockRate, { payloadType: 96, marker: marker === 1, seq, timestamp, ssrc: 1, payload: bytes(payload) })

/** `*` is randomAccess, `|` the marker; the first bytes and how many there are. */
const shown = ({ packets }: Publish): string[] =>
  packets.map(({ seq, timestamp, marker, randomAccess, payload }) => {
    return `${seq} ${timestamp} ${randomAccess ? '*' : ''}${hex(payload).slice(0, 8)} ${payload.length}${marker ? '|' : ''}`
  })

const ap = (...nals: string[]): string => `6001${nals.map((nal) => (nal.length / 2).toString(16).padStart(4, '0') + nal).join('')}`

const CASES: readonly (readonly [
  name: string,
  codec: Codec,
  pushes: readonly Push[],
  packets: readonly string[],
  change?: Partial<Record<string, unknown>>,
])[] = [
  [
    'VP8: the first packet of a key frame, not of its second partition',
    VP8,
    [
      [5, 0, 0, '10 10aa'],
      [6, 0, 0, '00 10aa'],
      [7, 0, 1, '11 10aa'],
      [8, 3000, 1, '10 11aa'],
    ],
    ['0 0 *1010aa 3', '1 0 0010aa 3', '2 0 1110aa 3|', '3 3000 1011aa 3|'],
  ],
  [
    'VP8: a payload without descriptor or frame counts as lost',
    VP8,
    [
      [5, 0, 1, '10 10aa'],
      [6, 3000, 1, '90'],
      [7, 6000, 1, '10 11aa'],
    ],
    ['0 0 *1010aa 3|', '2 6000 1011aa 3|'],
  ],
  [
    'VP9: senders who do not say that a frame is predicted, as ffmpeg',
    VP9,
    [
      [5, 0, 1, `08 ${VP9_KEY}`],
      [6, 3000, 1, '08 860040'],
    ],
    ['0 0 *08824983 12|', '1 3000 08860040 4|'],
    { picture: VP9_PICTURE },
  ],
  [
    'VP9: the lowest layer of a key picture alone, and a profile that changes',
    VP9,
    [
      [5, 0, 0, `ac 11 00 00 ${VP9_KEY_PROFILE_2}`],
      [6, 0, 1, `ac 11 03 00 ${VP9_KEY_PROFILE_2}`],
    ],
    ['0 0 *ac110000 15', '1 0 ac110300 15|'],
    { profile: 2, picture: { ...VP9_PICTURE, bitDepth: 10 } },
  ],
  [
    'AV1: the packet with the sequence header, which is kept',
    AV1,
    [
      [5, 0, 0, `18 ${AV1_SEQUENCE}`],
      [6, 0, 1, '10 3001'],
      [7, 3000, 1, '10 3002'],
    ],
    ['0 0 *18080000 13', '1 0 103001 3|', '2 3000 103002 3|'],
    { sequenceHeader: bytes(AV1_SEQUENCE) },
  ],
  [
    'H.265: parameter sets in band, before the picture',
    H265,
    [
      [5, 0, 0, ap(VPS, SPS, PPS)],
      [6, 0, 1, '2601af'],
      [7, 3000, 1, '0201d0'],
    ],
    ['0 0 *60010018 81', '1 0 2601af 3|', '2 3000 0201d0 3|'],
    { vps: bytes(VPS), sps: bytes(SPS), pps: bytes(PPS) },
  ],
  [
    'H.265: parameter sets of the description in front of a picture without, fragmented',
    H265_KNOWN,
    [
      [5, 0, 0, '6201 93 af'],
      [6, 0, 1, '6201 53 b0'],
      [7, 3000, 1, '0201d0'],
    ],
    ['0 0 *60010018 81', '1 0 620193af 4', '2 0 620153b0 4|', '3 3000 0201d0 3|'],
  ],
  [
    'H.265: another picture parameter set beside ours is not taken for it',
    H265_KNOWN,
    [
      [5, 0, 0, ap(VPS, SPS, PPS, PPS_1)],
      [6, 0, 1, '2601af'],
    ],
    ['0 0 *60010018 86', '1 0 2601af 3|'],
    H265_KNOWN,
  ],
  [
    'VP8 in packets that are too long for other paths',
    VP8,
    [
      [5, 0, 0, `10 10${'aa'.repeat(1498)}`],
      [6, 0, 1, '00 bb'],
    ],
    ['0 0 *1010aaaa 1200', '1 0 00aaaaaa 301', '2 0 00bb 2|'],
  ],
  [
    'AV1 in packets that are too long for other paths',
    AV1,
    [[5, 0, 1, `28 0c ${AV1_SEQUENCE} 30${'aa'.repeat(1499)}`]],
    ['0 0 *480c0800 1200', '1 0 80bc02aa 319|'],
    { sequenceHeader: bytes(AV1_SEQUENCE) },
  ],
  ['H.265 in packets that are too long for other paths', H265_KNOWN, [[5, 0, 1, `0201d0${'aa'.repeat(1497)}`]], ['0 0 620181d0 1200', '1 0 620141aa 304|']],
  ['G.722 in long packets: each octet is a tick', G722, [[5, 160, 0, '55'.repeat(1600)]], ['0 0 *55555555 1200', '1 1200 *55555555 400']],
]

for (const [name, codec, pushes, packets, change = {}] of CASES) {
  test(name, () => {
    const published = publish(codec)
    for (const one of pushes) push(published, one)
    assert.deepEqual(shown(published), packets)
    assert.deepEqual(published.track.codec, { ...codec, ...change })
  })
}

const filler = fc.nat(5000).map((length) => '77'.repeat(length))
const UNITS: readonly (readonly [codec: Codec, unit: fc.Arbitrary<{ randomAccess: boolean; data: readonly Uint8Array[] }>])[] = [
  [VP8, fc.tuple(fc.boolean(), filler).map(([randomAccess, rest]) => ({ randomAccess, data: [bytes(`${randomAccess ? '10' : '11'}${rest}`)] }))],
  [VP9, fc.tuple(fc.boolean(), filler).map(([randomAccess, rest]) => ({ randomAccess, data: [bytes(`${randomAccess ? VP9_KEY : '86'}${rest}`)] }))],
  [
    AV1,
    fc.tuple(fc.boolean(), filler).map(([randomAccess, rest]) => {
      const frame = bytes(`30${rest}`)
      return { randomAccess, data: randomAccess ? [bytes(AV1_SEQUENCE), frame] : [frame] }
    }),
  ],
  [
    H265_KNOWN,
    fc.tuple(fc.boolean(), filler).map(([randomAccess, rest]) => {
      const slice = bytes(`${randomAccess ? '26' : '02'}0180${rest}`)
      return { randomAccess, data: randomAccess ? [bytes(VPS), bytes(SPS), bytes(PPS), slice] : [slice] }
    }),
  ],
]

for (const [codec, unit] of UNITS) {
  test(`${codec.name}: units come back from packets`, () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 5 }), (units) => {
        const published = publish(codec)
        const packetizer = rtpConverters.makePacketizer(new Track(0, codec))
        let seq = 0
        units.forEach(({ randomAccess, data }, i) => {
          const pts = i * 3000
          const packets = packetizer.push({ pts, dts: pts, randomAccess, data, arrivalMs: 0 }, seq)
          for (const packet of packets) {
            published.ingest.push(i * 33, { payloadType: 96, marker: packet.marker, seq: packet.seq, timestamp: pts, ssrc: 1, payload: packet.payload })
          }
          seq += packets.length
        })
        for (const { payload } of published.packets) assert.ok(payload.length <= MAX_PACKET_PAYLOAD)
        // Decoding starts at the first unit that says so, and at the first packet of each.
        assert.equal(published.packets.filter((packet) => packet.randomAccess).length, units.filter(({ randomAccess }) => randomAccess).length)
        const came = published.units.map(({ randomAccess, data }) => ({ randomAccess, data: data.map(hex) }))
        assert.deepEqual(
          came,
          units.map(({ randomAccess, data }) => ({ randomAccess, data: data.map(hex) })),
        )
      }),
      { numRuns: 50 },
    )
  })
}
