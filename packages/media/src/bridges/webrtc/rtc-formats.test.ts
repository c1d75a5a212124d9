import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Codec, OpusCodec } from '../../codecs/codec.ts'
import { rtpMaps } from '../../protocols/sdp/attributes.ts'
import type { SdpMedia } from '../../protocols/sdp/sdp.ts'
import { chooseFormat, codecOfFormat } from './rtc-formats.ts'

/** A section with payload types from 96 on: `VP9/90000 profile-id=0`. */
const section = (...formats: string[]): SdpMedia => ({
  kind: 'video',
  port: 9,
  protocol: 'UDP/TLS/RTP/SAVPF',
  formats: formats.map((_, i) => String(96 + i)),
  connection: undefined,
  attributes: formats.flatMap((format, i) => {
    const [map, parameters] = format.split(' ')
    const rtpmap = ['rtpmap', `${96 + i} ${map}`] as const
    return parameters ? [rtpmap, ['fmtp', `${96 + i} ${parameters}`] as const] : [rtpmap]
  }),
})

const SURROUND_PARAMETERS = 'channel_mapping=0,4,1,2,3,5;coupled_streams=2;num_streams=4'

// As Chromium offers them.
const VIDEO = section(
  'VP8/90000',
  'VP9/90000 profile-id=2',
  'VP9/90000 profile-id=0',
  'AV1/90000 level-idx=5;profile=1;tier=0',
  'AV1/90000 level-idx=5;profile=0;tier=0',
  'H265/90000 level-id=93;profile-id=2;tier-flag=0;tx-mode=SRST',
  'H265/90000 level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST',
)
const AUDIO = section('opus/48000/2 minptime=10;useinbandfec=1', 'G722/8000', 'PCMU/8000', 'PCMA/8000/2', `multiopus/48000/6 ${SURROUND_PARAMETERS}`)

const vp9 = (profile: number): Codec => ({ kind: 'video', name: 'vp9', clockRate: 90000, profile })
const AV1: Codec = { kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: undefined }
const H265: Codec = { kind: 'video', name: 'h265', clockRate: 90000, vps: undefined, sps: undefined, pps: undefined }
const audio = (name: 'pcmu' | 'pcma', channels: number): Codec => ({ kind: 'audio', name, clockRate: 8000, channels })
const opus = (channels: number): Codec => ({ kind: 'audio', name: 'opus', clockRate: 48000, channels })
const SURROUND: OpusCodec = {
  kind: 'audio',
  name: 'opus',
  clockRate: 48000,
  channels: 6,
  multistream: { streams: 4, coupledStreams: 2, mapping: [0, 4, 1, 2, 3, 5] },
}
const G722: Codec = { kind: 'audio', name: 'g722', clockRate: 8000, channels: 1 }

test('the payload type fits the track’s codec and profile', () => {
  const cases: [codec: Codec, offered: SdpMedia, payloadType: number | undefined][] = [
    [{ kind: 'video', name: 'vp8', clockRate: 90000 }, VIDEO, 96],
    [vp9(2), VIDEO, 97],
    [vp9(0), VIDEO, 98],
    [vp9(1), VIDEO, undefined],
    [vp9(0), section('VP9/90000'), 96],
    [AV1, VIDEO, 100],
    // By libaom, of 4:2:0 and of 4:4:4.
    [{ ...AV1, sequenceHeader: new Uint8Array(Buffer.from('080000000cc4ff6736be4010', 'hex')) }, VIDEO, 100],
    [{ ...AV1, sequenceHeader: new Uint8Array(Buffer.from('08200000043d07c4daf902', 'hex')) }, VIDEO, 99],
    [AV1, section('AV1/90000'), 96],
    [H265, VIDEO, 102],
    [H265, section('H265/90000 tx-mode=MRST'), undefined],
    [opus(1), AUDIO, 96],
    [SURROUND, AUDIO, 100],
    [{ ...SURROUND, multistream: { streams: 4, coupledStreams: 2, mapping: [0, 1, 2, 3, 4, 5] } }, AUDIO, undefined],
    [G722, AUDIO, 97],
    [audio('pcmu', 1), AUDIO, 98],
    [audio('pcma', 1), AUDIO, undefined],
    [audio('pcma', 2), AUDIO, 99],
  ]
  for (const [codec, offered, payloadType] of cases) {
    assert.equal(chooseFormat(offered, rtpMaps(offered), codec)?.payloadType, payloadType, JSON.stringify(codec))
  }
})

test('the track’s codec follows from what a publisher offers', () => {
  const cases: [format: string, codec: Codec | undefined][] = [
    ['VP9/90000 profile-id=2', vp9(2)],
    ['VP9/90000', vp9(0)],
    ['vp9/48000', undefined],
    ['AV1/90000 profile=0', AV1],
    ['H265/90000 profile-id=1', H265],
    ['H265/90000 tx-mode=MRMT', undefined],
    ['H264/90000 packetization-mode=0', { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }],
    ['H264/90000 packetization-mode=2', undefined],
    ['opus/48000/2 stereo=1', opus(2)],
    ['opus/48000/2 minptime=10', opus(1)],
    [`multiopus/48000/6 ${SURROUND_PARAMETERS}`, SURROUND],
    ['multiopus/48000/6', undefined],
    ['G722/8000', G722],
    ['G722/16000', undefined],
    ['PCMU/8000', audio('pcmu', 1)],
    ['rtx/90000 apt=96', undefined],
  ]
  for (const [format, codec] of cases) {
    const offered = section(format)
    const [map] = rtpMaps(offered)
    assert.ok(map)
    assert.deepEqual(codecOfFormat(offered, map), codec, format)
  }
})
