import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { aacCodec, encodeAudioSpecificConfig, parseAudioSpecificConfig } from './aac.ts'
import { opusDuration } from './opus.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

const CONFIGS: readonly (readonly [name: string, config: string, objectType: number, sampleRate: number, channels: number])[] = [
  ['LC 44.1 kHz stereo', '1210', 2, 44100, 2],
  ['LC 48 kHz 5.1, with a sync extension behind', '11b056e500', 2, 48000, 6],
  ['explicit rate of 11468 Hz, mono', '1780166608', 2, 11468, 1],
  ['HE-AAC: SBR over LC at 22.05 kHz', '2b920800', 2, 22050, 2],
  ['8 channels', '11b8', 2, 48000, 8],
  // channelConfiguration 0, then a program_config_element: one pair in front, one single, no LFE
  ['channels told by a program', '118004c800002010', 2, 48000, 3],
]

test('parseAudioSpecificConfig', async (t) => {
  for (const [name, config, objectType, sampleRate, channels] of CONFIGS) {
    await t.test(name, () => assert.deepEqual(parseAudioSpecificConfig(bytes(config)), { objectType, sampleRate, channels }))
  }
})

test('aacCodec takes the clock of the core stream', () => {
  assert.deepEqual(aacCodec(bytes('1210')), { kind: 'audio', name: 'aac', clockRate: 44100, channels: 2, config: bytes('1210') })
})

test('an encoded AudioSpecificConfig is decoded to the same', () => {
  assert.deepEqual(encodeAudioSpecificConfig(2, 44100, 2), bytes('1210'))
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.oneof(fc.constantFrom(96000, 48000, 44100, 7350), fc.integer({ min: 1, max: 0xff_ffff })),
      fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8),
      (objectType, sampleRate, channels) => {
        assert.deepEqual(parseAudioSpecificConfig(encodeAudioSpecificConfig(objectType, sampleRate, channels)), { objectType, sampleRate, channels })
      },
    ),
  )
  assert.throws(() => encodeAudioSpecificConfig(2, 48000, 9), { code: 'aac/config' })
})

test('parseAudioSpecificConfig refuses what it cannot read', () => {
  for (const broken of ['', '12', '1690', '1248', '1180']) {
    assert.throws(() => parseAudioSpecificConfig(bytes(broken)), { code: 'aac/config' }, broken)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (input) => {
      try {
        assert.ok(parseAudioSpecificConfig(input).channels > 0)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
  )
})

const OPUS: readonly (readonly [name: string, packet: string, ticks: number])[] = [
  ['SILK, one frame of 60 ms', '18', 2880],
  ['hybrid, one frame of 20 ms', '78', 960],
  ['CELT, one frame of 2.5 ms', 'e0', 120],
  ['CELT, two frames of 20 ms', 'f9', 1920],
  ['CELT, six frames of 20 ms', 'fb06', 5760],
]

test('opusDuration', async (t) => {
  for (const [name, packet, ticks] of OPUS) await t.test(name, () => assert.equal(opusDuration(bytes(packet)), ticks))
  for (const broken of ['', 'fb', 'fb00', 'fb07']) assert.throws(() => opusDuration(bytes(broken)), { code: 'opus/packet' }, broken)
})
