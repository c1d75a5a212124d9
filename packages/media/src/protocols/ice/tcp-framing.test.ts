import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { FRAME_HEADER_BYTES, FrameReader, MAX_FRAME_BYTES, writeFrame } from './tcp-framing.ts'

const frame = (packet: Uint8Array): Uint8Array => {
  const out = new Uint8Array(FRAME_HEADER_BYTES + packet.length)
  writeFrame(out, 0, packet)
  return out
}

const readAll = (reader: FrameReader, chunks: readonly Uint8Array[]): Uint8Array[] => {
  const packets: Uint8Array[] = []
  for (const chunk of chunks) {
    reader.push(chunk, (packet) => {
      packets.push(Uint8Array.from(packet))
      return true
    })
  }
  return packets
}

test('packets come out as they went in, however the stream is cut', () => {
  const packets = fc.array(fc.uint8Array({ minLength: 0, maxLength: MAX_FRAME_BYTES }), { maxLength: 6 })
  fc.assert(
    fc.property(packets, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), (list, sizes) => {
      const bytes = Uint8Array.from(list.flatMap((packet) => [...frame(packet)]))
      const chunks: Uint8Array[] = []
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] ?? 1
        chunks.push(bytes.subarray(at, at + size))
        at += size
      }
      assert.deepEqual(
        readAll(new FrameReader(), chunks),
        list.filter((packet) => packet.length > 0),
      )
    }),
  )
})

test('any bytes are packets within the bound, or refused', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (chunks) => {
      try {
        for (const packet of readAll(new FrameReader(), chunks)) assert.ok(packet.length <= MAX_FRAME_BYTES)
      } catch (error) {
        assert.ok(error instanceof ProtocolError && error.code === 'ice/frame-too-long', String(error))
      }
    }),
  )
})

test('a frame past the bound is refused with its header, before its bytes come', () => {
  const header = Uint8Array.of((MAX_FRAME_BYTES + 1) >> 8, (MAX_FRAME_BYTES + 1) & 0xff)
  for (const chunks of [[header], [header.subarray(0, 1), header.subarray(1)]]) assert.throws(() => readAll(new FrameReader(), chunks), /2048 are the most/)
})

test('a reader that has enough gets nothing more', () => {
  let count = 0
  new FrameReader().push(Uint8Array.from([...frame(Uint8Array.of(1)), ...frame(Uint8Array.of(2))]), () => {
    count++
    return false
  })
  assert.equal(count, 1)
})
