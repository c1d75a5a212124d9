import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  decodeCertificate,
  decodeCertificateRequest,
  decodeCertificateVerify,
  encodeCertificate,
  encodeCertificateRequest,
  encodeSigned,
} from './certificate-messages.ts'
import { decodeClientHello, encodeClientHello } from './client-hello.ts'
import { CHROMIUM_HELLO } from './dtls.corpus.ts'
import { DtlsError } from './dtls-error.ts'
import { decodeFragments, encodeFragment } from './handshake-message.ts'
import { decodeClientKeyExchange, decodeServerKeyExchange, encodeClientKeyExchange, encodeKeyParameters } from './key-exchange-messages.ts'
import { concat } from './key-schedule.ts'
import { MAX_MESSAGE_BYTES, MAX_MESSAGES_AHEAD, MAX_PIECES, Reassembly } from './reassembly.ts'
import { decodeRecords } from './record.ts'
import { decodeHelloVerifyRequest, decodeServerHello, encodeServerHello } from './server-hello.ts'

const random = Uint8Array.from({ length: 32 }, (_, i) => i)
const signed = { scheme: 0x0403, signature: random }
const hello = { random, cookie: random.subarray(0, 20), cipherSuites: [0xc02b, 0xc02f], groups: [29, 23], signatureSchemes: [0x0403], srtpProfiles: [7, 1] }
const serverHello = { random, cipherSuite: 0xc02b, srtpProfile: 7, secureRenegotiation: true }

/** A message of each type, what reads it, and what is read. */
const CASES: readonly (readonly [name: string, bytes: Uint8Array, decode: (body: Uint8Array) => unknown, value: unknown])[] = [
  ['ClientHello', encodeClientHello(hello), decodeClientHello, { ...hello, version: 0xfefd, extendedMasterSecret: true, secureRenegotiation: true }],
  ['ServerHello', encodeServerHello(serverHello), decodeServerHello, { ...serverHello, version: 0xfefd, extendedMasterSecret: true }],
  ['HelloVerifyRequest', Uint8Array.of(0xfe, 0xff, 3, 7, 8, 9), decodeHelloVerifyRequest, Uint8Array.of(7, 8, 9)],
  ['Certificate', encodeCertificate(random), decodeCertificate, random],
  [
    'ServerKeyExchange',
    concat([encodeKeyParameters(29, random), encodeSigned(signed)]),
    decodeServerKeyExchange,
    { curve: 29, publicKey: random, parameters: encodeKeyParameters(29, random), ...signed },
  ],
  ['CertificateRequest', encodeCertificateRequest([0x0403, 0x0401]), decodeCertificateRequest, [0x0403, 0x0401]],
  ['CertificateVerify', encodeSigned(signed), decodeCertificateVerify, signed],
  ['ClientKeyExchange', encodeClientKeyExchange(random), decodeClientKeyExchange, random],
]

for (const [name, bytes, decode, value] of CASES) {
  describe(name, () => {
    test('is read as it was written', () => assert.deepEqual(decode(bytes), value))

    test('is refused when it is cut or too long', () => {
      for (let length = 0; length < bytes.length; length++) {
        // Without its extensions a hello is whole, but asks for no SRTP.
        assert.throws(() => decode(bytes.subarray(0, length)), DtlsError)
      }
      assert.throws(() => decode(concat([bytes, Uint8Array.of(0)])), DtlsError)
    })

    test('of any bytes is read or refused', () => {
      const changed = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, value]) => bytes.with(at, value))
      fc.assert(
        fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 120 })), (body) => {
          try {
            decode(body)
          } catch (error) {
            assert.ok(error instanceof DtlsError, String(error))
          }
        }),
      )
    })
  })
}

test("Chromium's hello is read", () => {
  const reassembly = new Reassembly()
  for (const datagram of CHROMIUM_HELLO) {
    for (const { body } of decodeRecords(datagram).records) for (const fragment of decodeFragments(body) ?? []) reassembly.add(fragment)
  }
  const read = decodeClientHello(reassembly.take()?.body ?? new Uint8Array(0))
  assert.ok(read.cipherSuites.includes(0xc02b) && read.groups.includes(29) && read.groups.includes(23))
  assert.ok(read.extendedMasterSecret && read.secureRenegotiation)
  assert.deepEqual(read.srtpProfiles.toSorted(), [1, 7, 8])
})

describe('reassembly', () => {
  const fragment = (sequence: number, length: number, offset: number, size: number) => ({
    type: 1,
    length,
    sequence,
    offset,
    bytes: random.subarray(offset, offset + size),
  })

  test('keeps nothing past its bounds', () => {
    const reassembly = new Reassembly()
    assert.equal(reassembly.add(fragment(MAX_MESSAGES_AHEAD, 10, 0, 10)), 'refused')
    assert.equal(reassembly.add(fragment(0, MAX_MESSAGE_BYTES + 1, 0, 10)), 'refused')
    for (let piece = 0; piece < MAX_PIECES; piece++) assert.equal(reassembly.add(fragment(1, 200, 2 * piece, 1)), 'taken')
    assert.equal(reassembly.add(fragment(1, 200, 2 * MAX_PIECES, 1)), 'refused')
    assert.equal(reassembly.add({ ...fragment(1, 200, 0, 1), type: 2 }), 'refused')
    assert.equal(reassembly.add(fragment(1, 100, 0, 1)), 'refused')
  })

  test('gives out in order, and only what is whole', () => {
    const reassembly = new Reassembly()
    reassembly.add(fragment(1, 0, 0, 0))
    reassembly.add(fragment(0, 20, 10, 10))
    assert.equal(reassembly.take(), undefined)
    reassembly.add(fragment(0, 20, 0, 12))
    assert.deepEqual(reassembly.take(), { type: 1, sequence: 0, body: random.subarray(0, 20) })
    assert.equal(reassembly.take()?.sequence, 1)
    assert.equal(reassembly.add(fragment(0, 20, 0, 12)), 'repeated')
  })

  test('puts any pieces together that cover a message', () => {
    const body = random
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(31), fc.nat(31)), { maxLength: 30 }), (ranges) => {
        const reassembly = new Reassembly()
        const covered = new Set<number>()
        for (const [a, b] of ranges) {
          const [start, end] = [Math.min(a, b), Math.max(a, b) + 1]
          for (const { sequence, offset, length, type, bytes } of decodeFragments(encodeFragment({ type: 1, sequence: 0, body }, start, end)) ?? []) {
            reassembly.add({ sequence, offset, length, type, bytes })
          }
          for (let at = start; at < end; at++) covered.add(at)
        }
        assert.deepEqual(reassembly.take()?.body, covered.size === 32 ? body : undefined)
      }),
    )
  })
})
