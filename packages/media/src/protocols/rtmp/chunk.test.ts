import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { ChunkReader, MAX_CHUNK_STREAMS } from './chunk-reader.ts'
import { encodeMessage } from './chunk-writer.ts'
import { MAX_MESSAGE_BYTES, type RtmpMessage } from './message.ts'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

/** type, message stream, time, payload as hex */
type Expected = readonly [type: number, streamId: number, timestampMs: number, payload: string]

const READ: readonly (readonly [name: string, chunks: readonly string[], messages: readonly Expected[]])[] = [
  [
    'type 0: everything',
    // format 0 and chunk stream 4, time, length, message type, message stream in little-endian order
    ['04 000014 000002 08 01000000 aabb'],
    [[8, 1, 20, 'aabb']],
  ],
  [
    'type 1: a difference of time, another length and type; type 2: a difference only; type 3: all as before',
    ['04 000014 000002 08 01000000 aabb', '44 000015 000001 09 cc', '84 000016 dd', 'c4 ee'],
    [
      [8, 1, 20, 'aabb'],
      [9, 1, 41, 'cc'],
      [9, 1, 63, 'dd'],
      [9, 1, 85, 'ee'],
    ],
  ],
  [
    'type 3 after type 0: its time is the difference as well (section 5.3.1.2.4)',
    ['04 000014 000001 08 01000000 aa', 'c4 bb'],
    [
      [8, 1, 20, 'aa'],
      [8, 1, 40, 'bb'],
    ],
  ],
  ['type 1 as the first, as old encoders do', ['44 000014 000001 08 aa'], [[8, 0, 20, 'aa']]],
  ['a message without payload', ['04 000000 000000 08 01000000'], [[8, 1, 0, '']]],
  ['chunk stream 64 in two bytes', ['00 00 000000 000001 08 01000000 aa'], [[8, 1, 0, 'aa']]],
  ['chunk stream 65599 in three bytes', ['01 ffff 000000 000001 08 01000000 aa'], [[8, 1, 0, 'aa']]],
  ['extended timestamp', ['04 ffffff 000001 08 01000000 01000000 aa'], [[8, 1, 0x01000000, 'aa']]],
  [
    'time wraps at 2^32',
    ['04 ffffff 000001 08 01000000 ffffffff aa', '84 000002 bb'],
    [
      [8, 1, 0xffffffff, 'aa'],
      [8, 1, 1, 'bb'],
    ],
  ],
  [
    'Set Chunk Size, then a message in three chunks',
    ['02 000000 000004 01 00000000 00000002', '04 000000 000005 08 01000000 0102', 'c4 0304', 'c4 05'],
    [[8, 1, 0, '0102030405']],
  ],
  [
    'extended timestamp in each chunk of a message',
    ['02 000000 000004 01 00000000 00000002', '04 ffffff 000004 08 01000000 01000000 0102', 'c4 01000000 0304'],
    [[8, 1, 0x01000000, '01020304']],
  ],
  [
    'extended timestamp in the first chunk only, as some encoders write it',
    ['02 000000 000004 01 00000000 00000002', '04 ffffff 000006 08 01000000 01000000 0102', 'c4 0304', 'c4 0506', '04 000000 000000 08 01000000'],
    [
      [8, 1, 0x01000000, '010203040506'],
      [8, 1, 0, ''],
    ],
  ],
  [
    'two chunk streams interleaved',
    ['02 000000 000004 01 00000000 00000002', '04 000000 000003 08 01000000 0102', '06 000001 000003 09 01000000 1112', 'c4 03', 'c6 13'],
    [
      [8, 1, 0, '010203'],
      [9, 1, 1, '111213'],
    ],
  ],
  [
    'Abort drops what came of a message',
    [
      '02 000000 000004 01 00000000 00000002',
      '04 000000 000003 08 01000000 0102',
      '02 000000 000004 02 00000000 0000',
      'c2 0004',
      '04 000000 000001 08 01000000 aa',
    ],
    [[8, 1, 0, 'aa']],
  ],
]

const BROKEN: readonly (readonly [name: string, chunks: readonly string[], code: string])[] = [
  ['type 3 first', ['c4'], 'rtmp/chunk-without-header'],
  ['type 2 first', ['84 000000'], 'rtmp/chunk-without-header'],
  ['a message in a message', ['04 000000 0000ff 08 01000000', '00'.repeat(128), '04 000000 000001 08 01000000'], 'rtmp/message-interrupted'],
  ['a message of 16 MiB', ['04 000000 ffffff 08 01000000'], 'rtmp/message-too-long'],
  ['three unfinished messages of 8 MiB', [4, 5, 6].map((id) => `0${id} 000000 7fffff 09 01000000 ${'00'.repeat(128)}`), 'rtmp/too-much-unfinished'],
  [
    'too many chunk streams',
    Array.from({ length: MAX_CHUNK_STREAMS + 1 }, (_, i) => `00 ${i.toString(16).padStart(2, '0')} 000000 000000 08 01000000`),
    'rtmp/too-many-chunk-streams',
  ],
  ['chunk size 0', ['02 000000 000004 01 00000000 00000000'], 'rtmp/chunk-size'],
  ['Set Chunk Size cut', ['02 000000 000002 01 00000000 0000'], 'rtmp/control-message'],
]

const plain = ({ type, streamId, timestampMs, payload }: RtmpMessage): Expected => [type, streamId, timestampMs, Buffer.from(payload).toString('hex')]

for (const [name, chunks, messages] of READ) {
  test(`chunks: ${name}`, () => {
    const input = bytes(chunks.join(''))
    assert.deepEqual(new ChunkReader().push(input).map(plain), messages)
    const bytewise = new ChunkReader()
    assert.deepEqual([...input].flatMap((byte) => bytewise.push(Uint8Array.of(byte))).map(plain), messages, 'byte by byte')
  })
}

for (const [name, chunks, code] of BROKEN) {
  test(`chunks: ${name}`, () => {
    assert.throws(
      () => new ChunkReader().push(bytes(chunks.join(''))),
      (error) => error instanceof ProtocolError && error.code === code,
    )
  })
}

test('chunks: what is kept of a piece is a copy, also of a Buffer', () => {
  const reader = new ChunkReader()
  for (const hex of ['04 000014 00', '0002 08 01000000 aa', 'bb']) {
    const piece = Buffer.from(bytes(hex))
    const messages = reader.push(piece)
    piece.fill(0xff)
    if (hex === 'bb') assert.deepEqual(messages.map(plain), [[8, 1, 20, 'aabb']])
  }
})

const WRITTEN: readonly (readonly [name: string, message: RtmpMessage, chunkSize: number, hex: string])[] = [
  ['one chunk', { type: 8, streamId: 1, timestampMs: 20, payload: bytes('aabb') }, 128, '04 000014 000002 08 01000000 aabb'],
  ['three chunks', { type: 8, streamId: 1, timestampMs: 0, payload: bytes('0102030405') }, 2, '04 000000 000005 08 01000000 0102 c4 0304 c4 05'],
  [
    'extended timestamp in both chunks',
    { type: 9, streamId: 1, timestampMs: 0xffffff, payload: bytes('010203') },
    2,
    '04 ffffff 000003 09 01000000 00ffffff 0102 c4 00ffffff 03',
  ],
  ['no payload', { type: 8, streamId: 1, timestampMs: 0, payload: bytes('') }, 2, '04 000000 000000 08 01000000'],
]

for (const [name, message, chunkSize, hex] of WRITTEN) test(`chunks written: ${name}`, () => assert.deepEqual(encodeMessage(4, message, chunkSize), bytes(hex)))

const aMessage = fc.record({
  type: fc.constantFrom(8, 9, 18, 20),
  streamId: fc.nat(0xffff),
  timestampMs: fc.oneof(fc.nat(100_000), fc.integer({ min: 0xfffff0, max: 0xffffffff })),
  payload: fc.uint8Array({ maxLength: 400 }),
})

test('chunks: what was written is read, in pieces of any size', () => {
  fc.assert(
    fc.property(fc.array(aMessage, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (messages, piece) => {
      const input = Buffer.concat(messages.map((message, i) => encodeMessage(3 + i, message, 128)))
      const reader = new ChunkReader()
      const read: RtmpMessage[] = []
      for (let at = 0; at < input.length; at += piece) read.push(...reader.push(input.subarray(at, at + piece)))
      assert.deepEqual(read.map(plain), messages.map(plain))
    }),
  )
})

test('chunks: any bytes are messages or a fault of the peer', () => {
  const seeds = [...READ, ...BROKEN].map(([, chunks]): [Uint8Array[]] => [chunks.map(bytes)])
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (pieces) => {
      const reader = new ChunkReader()
      try {
        for (const piece of pieces) for (const { payload } of reader.push(piece)) assert.ok(payload.length <= MAX_MESSAGE_BYTES)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
    { examples: seeds },
  )
})
