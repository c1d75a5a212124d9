import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { type AudioTag, decodeAudioTag, encodeAacConfigTag, encodeAacFrameTag, encodeG711Tag } from './audio-tag.ts'
import { decodeVideoTag, encodeAvcConfigTag, encodeAvcPictureTag, type VideoTag } from './video-tag.ts'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

/** Key frame or not and codec 7; packet type; composition time; data. */
const VIDEO: readonly (readonly [name: string, hex: string, tag: VideoTag])[] = [
  ['sequence header', '17 00 000000 0142c01f', { type: 'avc-config', config: bytes('0142c01f') }],
  ['key frame', '17 01 000043 0000000165', { type: 'avc-picture', keyFrame: true, compositionMs: 67, data: bytes('0000000165') }],
  [
    'inter frame, shown before it is decoded',
    '27 01 ffffff 0000000141',
    { type: 'avc-picture', keyFrame: false, compositionMs: -1, data: bytes('0000000141') },
  ],
  ['end of sequence', '17 02 000000', { type: 'avc-end' }],
  ['seek marker', '57 00', { type: 'empty' }],
  ['nothing', '', { type: 'empty' }],
  ['H.265 by its unofficial number', '1c 00 000000', { type: 'unknown', codec: 'H.265' }],
  ['H.265 of Enhanced RTMP', '90 68766331 00', { type: 'unknown', codec: 'H.265' }],
  ['VP6', '14 00', { type: 'unknown', codec: 'VP6' }],
]

/** Codec, rate, size and channels; AAC packet type; data. */
const AUDIO: readonly (readonly [name: string, hex: string, tag: AudioTag])[] = [
  ['AudioSpecificConfig', 'af 00 1210', { type: 'aac-config', config: bytes('1210') }],
  ['AAC frame', 'af 01 21ff', { type: 'aac-frame', data: bytes('21ff') }],
  ['AAC frame without content', 'af 01', { type: 'empty' }],
  ['G.711 A-law', '72 d5d5', { type: 'g711', law: 'pcma', channels: 1, data: bytes('d5d5') }],
  ['G.711 µ-law of two channels', '83 ffff', { type: 'g711', law: 'pcmu', channels: 2, data: bytes('ffff') }],
  ['MP3', '2f ff', { type: 'unknown', codec: 'MP3' }],
  ['Speex', 'b6 00', { type: 'unknown', codec: 'Speex' }],
  ['Opus of Enhanced RTMP', '90 4f707573', { type: 'unknown', codec: 'Opus' }],
  ['nothing', '', { type: 'empty' }],
]

for (const [name, hex, tag] of VIDEO) test(`FLV video tag: ${name}`, () => assert.deepEqual(decodeVideoTag(bytes(hex)), tag))
for (const [name, hex, tag] of AUDIO) test(`FLV audio tag: ${name}`, () => assert.deepEqual(decodeAudioTag(bytes(hex)), tag))

test('FLV tags: what is written', () => {
  assert.deepEqual(encodeAvcConfigTag(bytes('0142c01f')), bytes('17 00 000000 0142c01f'))
  assert.deepEqual(encodeAvcPictureTag(true, 67, [bytes('65')]), bytes('17 01 000043 0000000165'))
  assert.deepEqual(encodeAvcPictureTag(false, 0, [bytes('41'), bytes('4142')]), bytes('27 01 000000 0000000141 000000024142'))
  assert.deepEqual(encodeAacConfigTag(bytes('1210')), bytes('af 00 1210'))
  assert.deepEqual(encodeAacFrameTag(bytes('21ff')), bytes('af 01 21ff'))
  assert.deepEqual(encodeG711Tag('pcma', 1, bytes('d5d5')), bytes('72 d5d5'))
  assert.deepEqual(encodeG711Tag('pcmu', 2, bytes('ffff')), bytes('83 ffff'))
})

test('FLV tags: any bytes are a tag or a fault of the peer', () => {
  const seeds = [...VIDEO, ...AUDIO].map(([, hex]): [Uint8Array] => [bytes(hex)])
  for (const cut of ['17', '1700', 'af', '9068']) seeds.push([bytes(cut)])
  for (const decode of [decodeVideoTag, decodeAudioTag]) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (input) => {
        try {
          decode(input)
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
        }
      }),
      { examples: seeds },
    )
  }
})
