import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeRtpPacket, encodeRtpPacket } from './rtp-packet.ts'
import { SequenceUnwrapper, TimestampUnwrapper } from './unwrap.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

//        flags+pt seq timestamp ssrc
const PACKETS: readonly (readonly [name: string, packet: string, payload: string])[] = [
  ['plain', '80e0 fffe 80000001 cafebabe aabbcc', 'aabbcc'],
  ['no payload', '80e0 fffe 80000001 cafebabe', ''],
  ['two CSRCs', '82e0 fffe 80000001 cafebabe 11111111 22222222 aabbcc', 'aabbcc'],
  ['header extension of one word', '90e0 fffe 80000001 cafebabe bede0001 10ff0000 aabbcc', 'aabbcc'],
  ['empty header extension', '90e0 fffe 80000001 cafebabe bede0000 aabbcc', 'aabbcc'],
  ['padding', 'a0e0 fffe 80000001 cafebabe aabbcc 000003', 'aabbcc'],
  ['padding alone', 'a0e0 fffe 80000001 cafebabe 000003', ''],
]

const BROKEN: readonly (readonly [name: string, packet: string, code: string])[] = [
  ['too short', '80e0fffe80000001cafeba', 'rtp/truncated'],
  ['version 1', '40e0fffe80000001cafebabe', 'rtp/version'],
  ['CSRCs past the end', '8fe0fffe80000001cafebabeaabbcc', 'rtp/truncated'],
  ['extension header cut', '90e0fffe80000001cafebabebede', 'rtp/truncated'],
  ['extension past the end', '90e0fffe80000001cafebabebede0002aabbccdd', 'rtp/truncated'],
  ['padding of 0', 'a0e0fffe80000001cafebabeaa00', 'rtp/padding'],
  ['padding longer than the payload', 'a0e0fffe80000001cafebabeaa03', 'rtp/padding'],
]

test('decodeRtpPacket', async (t) => {
  for (const [name, packet, payload] of PACKETS) {
    await t.test(name, () => {
      const { payload: found, ...header } = decodeRtpPacket(bytes(packet))
      assert.deepEqual(header, { payloadType: 96, marker: true, seq: 0xfffe, timestamp: 0x80000001, ssrc: 0xcafebabe })
      assert.equal(hex(found), payload)
    })
  }
  for (const [name, packet, code] of BROKEN) await t.test(name, () => assert.throws(() => decodeRtpPacket(bytes(packet)), { code }))
})

test('any bytes are a packet or a ProtocolError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (input, rightVersion) => {
      if (rightVersion && input[0] !== undefined) input[0] = (input[0] & 0x3f) | 0x80
      try {
        decodeRtpPacket(input)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
  )
})

test('an encoded packet is decoded to the same', () => {
  const packet = fc.record({
    payloadType: fc.nat(127),
    marker: fc.boolean(),
    seq: fc.nat(0xffff),
    timestamp: fc.nat(0xffff_ffff),
    ssrc: fc.nat(0xffff_ffff),
    payload: fc.uint8Array({ maxLength: 20 }),
  })
  fc.assert(fc.property(packet, (wanted) => assert.deepEqual(decodeRtpPacket(encodeRtpPacket(wanted)), { ...wanted })))
})

test('SequenceUnwrapper counts over the wrap, and knows what came late', () => {
  const unwrapper = new SequenceUnwrapper()
  const seen = [65533, 65535, 65534, 1, 0, 32768, 65530, 20].map((seq) => unwrapper.unwrap(seq))
  assert.deepEqual(seen, [65533, 65535, 65534, 65537, 65536, 65536 + 32768, 65536 + 65530, 131072 + 20])
})

test('TimestampUnwrapper counts over the wrap in both directions', () => {
  const unwrapper = new TimestampUnwrapper()
  const seen = [0xffff_fff0, 0x10, 0xffff_fff8, 0x7000_0000, 0xe000_0000, 0x10].map((timestamp) => unwrapper.unwrap(timestamp))
  const wrap = 2 ** 32
  assert.deepEqual(seen, [0xffff_fff0, wrap + 0x10, 0xffff_fff8, wrap + 0x7000_0000, wrap + 0xe000_0000, 2 * wrap + 0x10])
})
