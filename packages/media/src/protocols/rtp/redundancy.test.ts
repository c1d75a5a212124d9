import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeRed, MAX_RED_BLOCKS } from './red-payload.ts'
import { RED_PAYLOADS, ULPFEC_PAYLOADS } from './redundancy.corpus.ts'
import { encodeRtpPacket } from './rtp-packet.ts'
import { decodeUlpfec, recoverPacket } from './ulpfec.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

const decodesOrRefuses = (decode: (bytes: Uint8Array) => unknown, corpus: readonly string[]): void => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (payload) => {
      try {
        decode(payload)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }),
    { examples: corpus.map((text) => [bytes(text)]) },
  )
}

describe('redundant audio', () => {
  test('blocks, oldest first', () => {
    const cases: [payload: string, blocks: [payloadType: number, timestampOffset: number, data: string][]][] = [
      [RED_PAYLOADS[0] ?? '', [[111, 0, '010203']]],
      [
        RED_PAYLOADS[1] ?? '',
        [
          [111, 960, 'aabbcc'],
          [111, 0, '0102'],
        ],
      ],
      [
        RED_PAYLOADS[2] ?? '',
        [
          [111, 1920, 'a1a2'],
          [111, 960, 'b1'],
          [111, 0, 'c1'],
        ],
      ],
    ]
    for (const [payload, blocks] of cases) {
      assert.deepEqual(
        decodeRed(bytes(payload)).map(({ payloadType, timestampOffset, data }) => [payloadType, timestampOffset, hex(data)]),
        blocks,
      )
    }
    for (const broken of [...RED_PAYLOADS.slice(3), `${'ef0f0000'.repeat(MAX_RED_BLOCKS)}6f`])
      assert.throws(() => decodeRed(bytes(broken)), { code: 'rtp/red' })
  })

  test('any bytes are decoded or refused', () => decodesOrRefuses(decodeRed, RED_PAYLOADS))
})

/** What RFC 5109 section 8 makes of packets whose sequence numbers are within 16 of each other. */
const protect = (packets: readonly Uint8Array[]): Uint8Array => {
  const seqOf = (packet: Uint8Array): number => ((packet[2] as number) << 8) | (packet[3] as number)
  const longest = Math.max(...packets.map(({ length }) => length - 12))
  const fec = new Uint8Array(14 + longest)
  const base = seqOf(packets[0] as Uint8Array)
  for (const packet of packets) {
    fec[0] = (fec[0] as number) ^ ((packet[0] as number) & 0x3f)
    fec[1] = (fec[1] as number) ^ (packet[1] as number)
    for (let i = 4; i < 8; i++) fec[i] = (fec[i] as number) ^ (packet[i] as number)
    const length = packet.length - 12
    fec[8] = (fec[8] as number) ^ (length >> 8)
    fec[9] = (fec[9] as number) ^ (length & 0xff)
    for (let i = 0; i < length; i++) fec[14 + i] = (fec[14 + i] as number) ^ (packet[12 + i] as number)
    const place = (seqOf(packet) - base) & 0xffff
    fec[12 + (place >> 3)] = (fec[12 + (place >> 3)] as number) | (0x80 >> (place & 7))
  }
  new DataView(fec.buffer).setUint16(2, base)
  new DataView(fec.buffer).setUint16(10, longest)
  return fec
}

describe('forward error correction', () => {
  test('which packets are protected', () => {
    assert.deepEqual(decodeUlpfec(bytes(ULPFEC_PAYLOADS[0] ?? '')).seqs, [1, 2, 4])
    assert.deepEqual(decodeUlpfec(bytes(ULPFEC_PAYLOADS[1] ?? '')).seqs, [0xfffe, 45])
    for (const broken of ULPFEC_PAYLOADS.slice(2)) assert.throws(() => decodeUlpfec(bytes(broken)), { code: 'rtp/ulpfec' })
  })

  test('any single packet of a group is made again, byte for byte; two are not', () => {
    const packet = fc.record({ marker: fc.boolean(), payloadType: fc.nat(127), timestamp: fc.nat(0xffff_ffff), payload: fc.uint8Array({ maxLength: 60 }) })
    fc.assert(
      fc.property(fc.array(packet, { minLength: 2, maxLength: 10 }), fc.nat(0xffff), fc.nat(9), (group, firstSeq, lostIndex) => {
        const packets = group.map((fields, i) => encodeRtpPacket({ ...fields, seq: (firstSeq + i) & 0xffff, ssrc: 77 }))
        const lost = lostIndex % packets.length
        const fec = decodeUlpfec(protect(packets))
        const known = (missing: readonly number[]) => (seq: number) => {
          const i = (seq - firstSeq) & 0xffff
          return missing.includes(i) ? undefined : packets[i]
        }
        assert.deepEqual(recoverPacket(fec, known([lost]), 77), packets[lost])
        assert.equal(recoverPacket(fec, known([]), 77), undefined)
        assert.equal(recoverPacket(fec, known([0, packets.length - 1]), 77), undefined)
      }),
    )
  })

  test('any bytes are decoded or refused, and recover nothing that is too long', () => {
    decodesOrRefuses((payload) => {
      const made = recoverPacket(decodeUlpfec(payload), () => undefined, 1)
      assert.ok(made === undefined || made.length <= 12 + payload.length)
    }, ULPFEC_PAYLOADS)
  })
})
