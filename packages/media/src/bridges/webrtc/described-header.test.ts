import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findHeaderExtension } from '../../protocols/rtp/header-extensions.ts'
import { decodeRtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { writeDescriptor } from './described-header.ts'

test('a descriptor and a count are read again as they were written, and the payload begins behind them', () => {
  const count = fc.option(fc.record({ id: fc.constant(3), seq: fc.nat(0xffff) }), { nil: undefined })
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 3, maxLength: 80 }), count, fc.nat(2), (descriptor, counted, word) => {
      const out = new Uint8Array(200).fill(0xff)
      const at = word * 4
      out.set([0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3], at)
      const length = writeDescriptor(out, at, 13, descriptor, counted)
      assert.equal(length % 4, 0)
      out.set([1, 2, 3], at + 12 + length)
      const packet = out.subarray(at, at + 12 + length + 3)
      assert.deepEqual(decodeRtpPacket(packet).payload, Uint8Array.of(1, 2, 3))
      assert.deepEqual(findHeaderExtension(packet, 13), descriptor)
      assert.deepEqual(findHeaderExtension(packet, 3), counted && Uint8Array.of(counted.seq >> 8, counted.seq & 0xff))
    }),
  )
})
