import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { encodeUtf8 } from '../../bytes/utf8.ts'
import { decodeStun, hasIntegrity } from './decode-stun.ts'
import { encodeStun } from './encode-stun.ts'
import { BROKEN_STUN, RFC5769_PASSWORD, RFC5769_REQUEST, RFC5769_RESPONSE_IPV4, RFC5769_RESPONSE_IPV6 } from './stun.corpus.ts'
import { STUN_CLASS, STUN_METHOD } from './stun-constants.ts'
import type { HmacSha1, StunMessage } from './stun-message.ts'
import { formatIpAddress, parseIpAddress } from './transport-address.ts'

const hmacSha1: HmacSha1 = (key, message) => createHmac('sha1', key).update(message).digest()
const key = encodeUtf8(RFC5769_PASSWORD)

test('the published request is read, and its integrity is good for its password only', () => {
  const message = decodeStun(RFC5769_REQUEST)
  assert.equal(message.class, STUN_CLASS.REQUEST)
  assert.equal(message.username, 'evtj:h6vY')
  assert.equal(message.software, 'STUN test client')
  assert.equal(message.priority, 0x6e0001ff)
  assert.equal(message.iceControlled, 0x932ff9b151263b36n)
  assert.ok(hasIntegrity(RFC5769_REQUEST, message, key, hmacSha1))
  assert.ok(!hasIntegrity(RFC5769_REQUEST, message, encodeUtf8('another'), hmacSha1))
})

for (const [bytes, address] of [
  [RFC5769_RESPONSE_IPV4, '192.0.2.1'],
  [RFC5769_RESPONSE_IPV6, '2001:db8:1234:5678:11:2233:4455:6677'],
] as const) {
  test(`the published response to ${address} is read`, () => {
    const message = decodeStun(bytes)
    assert.equal(message.class, STUN_CLASS.SUCCESS)
    assert.deepEqual(message.xorMappedAddress, { address, port: 32853 })
    assert.ok(hasIntegrity(bytes, message, key, hmacSha1))
  })
}

test('reading leaves the bytes as they are, also those of a Buffer in shared memory', () => {
  for (const published of [RFC5769_REQUEST, RFC5769_RESPONSE_IPV4, RFC5769_RESPONSE_IPV6]) {
    const bytes = Buffer.from(published)
    assert.ok(hasIntegrity(bytes, decodeStun(bytes), key, hmacSha1))
    assert.deepEqual(Uint8Array.from(bytes), published)
  }
})

for (const [what, bytes, code] of BROKEN_STUN) {
  test(`refused: ${what}`, () => {
    assert.throws(() => decodeStun(bytes), { name: 'ProtocolError', code })
  })
}

test('one changed bit is noticed by the fingerprint or by the integrity', () => {
  const fingerprintAt = (RFC5769_REQUEST.length - 8) * 8
  for (let bit = 0; bit < RFC5769_REQUEST.length * 8; bit++) {
    const bytes = RFC5769_REQUEST.slice()
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (0x80 >> (bit & 7))
    try {
      // A changed length or type can hide the fingerprint; what lies before it is still protected.
      const isAuthentic = hasIntegrity(bytes, decodeStun(bytes), key, hmacSha1)
      assert.ok(!isAuthentic || bit >= fingerprintAt, `bit ${bit}`)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
    }
  }
})

const messages: fc.Arbitrary<StunMessage> = fc.record(
  {
    class: fc.constantFrom(...Object.values(STUN_CLASS)),
    method: fc.constant(STUN_METHOD.BINDING),
    transactionId: fc.uint8Array({ minLength: 12, maxLength: 12 }),
    username: fc.string({ unit: 'binary-ascii', maxLength: 60 }),
    software: fc.string({ unit: 'binary-ascii', maxLength: 60 }),
    xorMappedAddress: fc.record(
      { address: fc.oneof(fc.ipV4(), fc.ipV6().map(canonical)), port: fc.integer({ min: 0, max: 65535 }) },
      { noNullPrototype: true },
    ),
    priority: fc.integer({ min: 0, max: 0xffffffff }),
    useCandidate: fc.constant(true),
    iceControlling: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    iceControlled: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    errorCode: fc.record({ code: fc.integer({ min: 300, max: 699 }), reason: fc.string({ unit: 'binary-ascii', maxLength: 40 }) }, { noNullPrototype: true }),
    unknownAttributes: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }),
  },
  { requiredKeys: ['class', 'method', 'transactionId'], noNullPrototype: true },
)

test('what is written is read again', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const bytes = encodeStun(message, { key, hmacSha1 })
      const { integrityAt, unknownRequired, ...rest } = decodeStun(bytes)
      assert.deepEqual(unknownRequired, [])
      assert.deepEqual(rest, message)
      assert.ok(hasIntegrity(bytes, { ...rest, integrityAt, unknownRequired }, key, hmacSha1))
    }),
  )
})

test('arbitrary bytes are read or refused', () => {
  const header = fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ minLength: 1, maxLength: 1 }), fc.uint8Array({ maxLength: 200 }))
    .map(([a, [b], rest]) => {
      const body = new Uint8Array(rest.length & ~3).map((_, i) => rest[i] as number)
      return Uint8Array.from([a, b ?? 0, body.length >> 8, body.length, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12), ...body])
    })
  const mutated = fc.tuple(fc.constantFrom(RFC5769_REQUEST, RFC5769_RESPONSE_IPV6), fc.array(fc.tuple(fc.nat(107), fc.nat(255)))).map(([seed, edits]) => {
    const bytes = seed.slice()
    for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), header, mutated), (bytes) => {
      try {
        decodeStun(bytes)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }),
    { examples: BROKEN_STUN.map(([, bytes]) => [bytes]) },
  )
})

test('addresses: text that is none, mapped IPv4, zones', () => {
  const cases: [string, string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['1::2::3', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    ['256.0.0.1', undefined],
    ['host.local', undefined],
    ['', undefined],
  ]
  for (const [text, expected] of cases) {
    const bytes = parseIpAddress(text)
    assert.equal(bytes && formatIpAddress(bytes), expected, text)
  }
})

function canonical(text: string): string {
  const bytes = parseIpAddress(text)
  return bytes ? formatIpAddress(bytes) : '192.0.2.9'
}
