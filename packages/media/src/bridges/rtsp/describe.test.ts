import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Codec } from '../../codecs/codec.ts'
import { Stream } from '../../hub/stream.ts'
import { decodeSdp } from '../../protocols/sdp/sdp.ts'
import { rtpConverters } from '../rtp/converters.ts'
import { sortMedia } from './codec-of-media.ts'
import { describeStream } from './describe-stream.ts'

const SPS = Uint8Array.from(Buffer.from('Z2QAHqzZQKAv+XARAAADAAEAAAMAPA8WLZY=', 'base64'))
const PPS = Uint8Array.from(Buffer.from('aOvssiw=', 'base64'))

const H265_VPS = Uint8Array.from(Buffer.from('40010c01ffff01600000030090000003000003003f959409', 'hex'))
const H265_SPS = Uint8Array.from(Buffer.from('42010101600000030090000003000003003fa005020171f2e595952930bc05a020000003002000000303c1', 'hex'))
const H265_PPS = Uint8Array.from(Buffer.from('4401c073c189', 'hex'))

const CODECS: readonly Codec[] = [
  { kind: 'video', name: 'h264', clockRate: 90000, sps: SPS, pps: PPS },
  { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined },
  { kind: 'audio', name: 'aac', clockRate: 48000, channels: 2, config: Uint8Array.of(0x11, 0x90) },
  { kind: 'audio', name: 'opus', clockRate: 48000, channels: 2 },
  { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 },
  { kind: 'audio', name: 'pcma', clockRate: 16000, channels: 2 },
  { kind: 'audio', name: 'g722', clockRate: 8000, channels: 1 },
  { kind: 'video', name: 'h265', clockRate: 90000, vps: H265_VPS, sps: H265_SPS, pps: H265_PPS },
  { kind: 'video', name: 'h265', clockRate: 90000, vps: undefined, sps: undefined, pps: undefined },
  { kind: 'video', name: 'vp8', clockRate: 90000 },
  { kind: 'audio', name: 'opus', clockRate: 48000, channels: 6, multistream: { streams: 4, coupledStreams: 2, mapping: [0, 4, 1, 2, 3, 5] } },
  { kind: 'video', name: 'vp9', clockRate: 90000, profile: 2 },
  { kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: undefined },
]

test('what a stream is described as is read back as the same codecs', () => {
  const sdp = describeStream('lecture/hall-1', new Stream(CODECS, rtpConverters))
  const { known, unknown } = sortMedia(decodeSdp(sdp))
  assert.deepEqual(unknown, [])
  assert.deepEqual(
    known.map(({ codec }) => codec),
    CODECS,
  )
  assert.deepEqual(
    known.map(({ payloadType }) => payloadType),
    [96, 97, 98, 99, 0, 101, 9, 103, 104, 105, 106, 107, 108],
  )
  assert.match(
    sdp,
    /a=fmtp:96 packetization-mode=1;profile-level-id=64001E;sprop-parameter-sets=Z2QAHqzZQKAv\+XARAAADAAEAAAMAPA8WLZY=,aOvssiw=\r\na=control:trackID=0/,
  )
  assert.match(sdp, /a=rtpmap:99 opus\/48000\/2/)
})

describe('tracks that are left out say why', () => {
  const cases: [name: string, lines: string[], reason: RegExp][] = [
    ['MPEG-2', ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 MPV/90000'], /^video track 1: the codec MPV is not supported: H.264, H.265, VP8, /],
    ['H.265 out of order', ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H265/90000', 'a=fmtp:96 sprop-max-don-diff=2'], /out of decoding order/],
    ['VP8 with another clock', ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 VP8/48000'], /VP8 with a clock of 48000 Hz instead of 90000/],
    ['LATM', ['m=audio 0 RTP/AVP 96', 'a=rtpmap:96 MP4A-LATM/44100'], /MP4A-LATM .* is not supported: send it as MPEG4-GENERIC/],
    ['AAC-lbr', ['m=audio 0 RTP/AVP 96', 'a=rtpmap:96 mpeg4-generic/8000', 'a=fmtp:96 mode=AAC-lbr;sizelength=6'], /mode "AAC-lbr"/],
    [
      'AAC without config',
      ['m=audio 0 RTP/AVP 96', 'a=rtpmap:96 mpeg4-generic/48000', 'a=fmtp:96 mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3'],
      /without a config parameter/,
    ],
    [
      'AAC with another clock',
      ['m=audio 0 RTP/AVP 96', 'a=rtpmap:96 mpeg4-generic/44100', 'a=fmtp:96 mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1190'],
      /AAC of 48000 Hz with an RTP clock of 44100 Hz/,
    ],
    ['interleaved H.264', ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=fmtp:96 packetization-mode=2'], /packetization-mode 2/],
    [
      'multiopus whose mapping names streams that are not there',
      ['m=audio 0 RTP/AVP 96', 'a=rtpmap:96 multiopus/48000/3', 'a=fmtp:96 num_streams=1;coupled_streams=1;channel_mapping=0,1,2'],
      /^audio track 1: multiopus without num_streams, /,
    ],
    ['no codec', ['m=application 0 RTP/AVP 107'], /RTP\/AVP 107 is no RTP with a codec's name/],
    ['no RTP', ['m=video 0 UDP 96', 'a=rtpmap:96 H264/90000'], /UDP 96 is no RTP/],
  ]
  for (const [name, lines, reason] of cases) {
    test(name, () => {
      const { known, unknown } = sortMedia(decodeSdp(['v=0', ...lines].join('\n')))
      assert.deepEqual(known, [])
      assert.match(unknown[0]?.reason ?? '', reason)
    })
  }

  test('parameter sets that cannot be read are waited for in the stream, and static payload types need no name', () => {
    const sdp = 'v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 h264/90000\na=fmtp:96 sprop-parameter-sets=Zw==,!!\nm=audio 0 RTP/AVP 8'
    assert.deepEqual(
      sortMedia(decodeSdp(sdp)).known.map(({ codec }) => codec),
      [
        { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined },
        { kind: 'audio', name: 'pcma', clockRate: 8000, channels: 1 },
      ],
    )
  })
})
