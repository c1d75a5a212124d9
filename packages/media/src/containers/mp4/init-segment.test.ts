import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AAC, H264, hex, OPUS } from '../../../test/hls/fixtures.ts'
import { findBoxes } from './box-reader.ts'
import { codecString } from './codec-string.ts'
import { encodeInitSegment } from './init-segment.ts'
import { type Mp4Codec, mp4Codec } from './track.ts'

const STSD = 'moov/trak/mdia/minf/stbl/stsd'

/** FullBox header and entry_count of stsd, then the boxes in it. */
const sampleEntry = (codec: Mp4Codec): Uint8Array => findBoxes(encodeInitSegment([{ id: 1, codec }]), STSD)[0]?.subarray(8) ?? new Uint8Array()

const H265 = {
  kind: 'video',
  name: 'h265',
  clockRate: 90000,
  vps: hex('40010c01ffff01600000030090000003000003003f959409'),
  sps: hex('42010101600000030090000003000003003fa005020171f2e595952930bc05a020000003002000000303c1'),
  pps: hex('4401c073c189'),
} as const

const cases: readonly (readonly [name: string, codec: Mp4Codec, entry: string, codecs: string])[] = [
  [
    'H.264',
    H264,
    `00000087 61766331 000000000000 0001
     00000000 00000000 00000000 00000000
     0280 0168                       # 640 x 360
     00480000 00480000 00000000 0001
     ${'00'.repeat(32)} 0018 ffff
     00000031 61766343               # avcC
     01 42 c0 1e ff e1 0019 6742c01ed900a02ff970110000030001000003003c0f162e48 01 0005 68cb83cb20`,
    'avc1.42C01E',
  ],
  [
    'H.265',
    H265,
    `000000cd 68766331 000000000000 0001
     00000000 00000000 00000000 00000000
     0280 0168                       # 640 x 360
     00480000 00480000 00000000 0001
     ${'00'.repeat(32)} 0018 ffff
     00000077 68766343               # hvcC
     01 01 60000000 900000000000 3f f000 fc fd f8 f8 0000 0f 03
     a0 0001 0018 40010c01ffff01600000030090000003000003003f959409
     a1 0001 002b 42010101600000030090000003000003003fa005020171f2e595952930bc05a020000003002000000303c1
     a2 0001 0006 4401c073c189`,
    'hvc1.1.6.L63.90',
  ],
  [
    'AV1',
    { kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: hex('080000002d4cffb3cfbf9404') },
    `0000006f 61763031 000000000000 0001
     00000000 00000000 00000000 00000000
     0500 02d0                       # 1280 x 720
     00480000 00480000 00000000 0001
     ${'00'.repeat(32)} 0018 ffff
     00000019 61763143               # av1C
     81 05 4c 00 0a0b0000002d4cffb3cfbf9404`,
    'av01.0.05M.10',
  ],
  [
    'VP9',
    { kind: 'video', name: 'vp9', clockRate: 90000, profile: 2, picture: { width: 1280, height: 720, bitDepth: 10, subsamplingX: true, subsamplingY: true } },
    `0000006a 76703039 000000000000 0001
     00000000 00000000 00000000 00000000
     0500 02d0                       # 1280 x 720
     00480000 00480000 00000000 0001
     ${'00'.repeat(32)} 0018 ffff
     00000014 76706343 01 000000     # vpcC
     02 1f a0 01 01 01 0000`,
    'vp09.02.31.10',
  ],
  [
    'AAC',
    AAC,
    `00000057 6d703461 000000000000 0001
     00000000 00000000 0002 0010 00000000 bb800000
     00000033 65736473 00000000      # esds
     03 80808022 0000 00             # ES_Descriptor
     04 80808014 40 15 000000 00000000 00000000
     05 80808002 1190                # AudioSpecificConfig
     06 80808001 02`,
    'mp4a.40.2',
  ],
  [
    'Opus',
    OPUS,
    `00000037 4f707573 000000000000 0001
     00000000 00000000 0002 0010 00000000 bb800000
     00000013 644f7073 00 02 0000 0000bb80 0000 00`,
    'opus',
  ],
  [
    'Opus of six channels',
    { ...OPUS, channels: 6, multistream: { streams: 4, coupledStreams: 2, mapping: [0, 4, 1, 2, 3, 5] } },
    `0000003f 4f707573 000000000000 0001
     00000000 00000000 0006 0010 00000000 bb800000
     0000001b 644f7073 00 06 0000 0000bb80 0000 01 04 02 000401020305`,
    'opus',
  ],
]

describe('init segment', () => {
  for (const [name, codec, entry, codecs] of cases) {
    it(`${name}: sample entry and codecs parameter`, () => {
      assert.deepEqual(sampleEntry(codec), hex(entry.replaceAll(/#.*/g, '')))
      assert.equal(codecString(codec), codecs)
    })
  }

  it('a track and its defaults for each codec', () => {
    const bytes = encodeInitSegment([
      { id: 1, codec: H264 },
      { id: 2, codec: AAC },
    ])
    assert.equal(findBoxes(bytes, 'ftyp').length, 1)
    assert.equal(findBoxes(bytes, 'moov/trak').length, 2)
    assert.equal(findBoxes(bytes, 'moov/mvex/trex').length, 2)
    assert.deepEqual([findBoxes(bytes, 'moov/trak/mdia/minf/vmhd').length, findBoxes(bytes, 'moov/trak/mdia/minf/smhd').length], [1, 1])
  })

  it('HE-AAC is named as it is signalled', () => {
    assert.equal(codecString({ ...AAC, config: hex('2b118800') }), 'mp4a.40.5')
  })

  it('video without parameters has to wait, G.711 for ever', () => {
    assert.equal(mp4Codec({ ...H264, pps: undefined }), undefined)
    assert.equal(mp4Codec({ kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 }), undefined)
    assert.equal(mp4Codec({ kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: undefined }), undefined)
    assert.equal(mp4Codec({ ...H265, vps: undefined }), undefined)
  })
})
