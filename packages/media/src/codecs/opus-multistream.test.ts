import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Codec, isCompatible } from './codec.ts'
import { formatOpusMultistream, parseOpusMultistream } from './opus-multistream.ts'

const parametersOf = (text: string): Map<string, string> => new Map(text.split(';').map((part) => part.split('=') as [string, string]))

test('parameters of multiopus', () => {
  const surround = { streams: 4, coupledStreams: 2, mapping: [0, 4, 1, 2, 3, 5] }
  assert.deepEqual(parseOpusMultistream(parametersOf('channel_mapping=0,4,1,2,3,5;coupled_streams=2;num_streams=4'), 6), surround)
  const refused: [text: string, channels: number][] = [
    ['', 6],
    ['num_streams=4;coupled_streams=2', 6],
    ['num_streams=4;coupled_streams=2;channel_mapping=0,4,1,2,3,5', 5],
    ['num_streams=2;coupled_streams=3;channel_mapping=0,1,2', 3],
    ['num_streams=0;coupled_streams=0;channel_mapping=255', 1],
    ['num_streams=1;coupled_streams=1;channel_mapping=0,1,2', 3],
    ['num_streams=x;coupled_streams=1;channel_mapping=0,1,255', 3],
    ['num_streams=9;coupled_streams=0;channel_mapping=0,1,2,3,4,5,6,7,8', 9],
  ]
  for (const [text, channels] of refused) assert.equal(parseOpusMultistream(parametersOf(text), channels), undefined, text)
})

test('parameters of multiopus there and back', () => {
  const layout = fc
    .record({ streams: fc.integer({ min: 1, max: 8 }), coupledStreams: fc.nat(8) })
    .filter(({ streams, coupledStreams }) => coupledStreams <= streams)
  const multistream = layout.chain(({ streams, coupledStreams }) =>
    fc
      .array(fc.oneof(fc.constant(255), fc.nat(streams + coupledStreams - 1)), { minLength: 1, maxLength: 8 })
      .map((mapping) => ({ streams, coupledStreams, mapping })),
  )
  fc.assert(
    fc.property(multistream, (one) => {
      assert.deepEqual(parseOpusMultistream(parametersOf(formatOpusMultistream(one)), one.mapping.length), one)
    }),
  )
})

test('readers do not go on with another layout of the channels', () => {
  const of = (mapping: number[]): Codec => ({
    kind: 'audio',
    name: 'opus',
    clockRate: 48000,
    channels: 3,
    multistream: { streams: 2, coupledStreams: 1, mapping },
  })
  assert.ok(isCompatible(of([0, 1, 2]), of([0, 1, 2])))
  assert.ok(!isCompatible(of([0, 1, 2]), of([0, 2, 1])))
})
