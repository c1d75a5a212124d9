import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, createHmac, hash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { HMAC_HEADROOM, HmacSha1Signer } from './hmac-sha1-signer.ts'
import { deriveSessionKeys } from './key-derivation.ts'
import { Keystream } from './keystream.ts'
import { SrtcpReceiver, SrtcpSender } from './srtcp.ts'
import { AES_CM_PACKET, hex, RFC3711_DERIVATION, RFC3711_KEYSTREAM, RFC7714 } from './srtp.corpus.ts'
import type { SrtpCrypto } from './srtp-crypto.ts'
import { AEAD_AES_128_GCM, AEAD_AES_256_GCM, AES_CM_128_HMAC_SHA1_80, SRTP_PROFILES, type SrtpProfile } from './srtp-profile.ts'
import { MAX_SRTP_SOURCES, SrtpReceiver } from './srtp-receiver.ts'
import { makeSrtpSender, SRTP_HEADROOM, type SrtpStream } from './srtp-sender.ts'
import { makeWordMemory } from './word-memory.ts'

const gcm = (key: Uint8Array): 'aes-128-gcm' | 'aes-256-gcm' => (key.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm')

const crypto: SrtpCrypto = {
  aesEcb: (key) => {
    const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false)
    return (blocks) => cipher.update(blocks)
  },
  sha1Hex: (message) => hash('sha1', message, 'hex'),
  aesGcm: (key) => {
    const seal = (nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array => {
      const cipher = createCipheriv(gcm(key), key, nonce).setAAD(aad)
      return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    }
    return {
      sealPacket: (nonce, out, at, clearBytes, secret, secretBytes) =>
        out.bytes.set(seal(nonce, out.bytes.subarray(at, at + clearBytes), secret.bytes.subarray(0, secretBytes)), at + clearBytes),
      seal,
      open: (nonce, aad, sealed, out, at) => {
        const decipher = createDecipheriv(gcm(key), key, nonce).setAAD(aad).setAuthTag(sealed.subarray(-16))
        out.set(decipher.update(sealed.subarray(0, -16)), at)
        try {
          decipher.final()
          return true
        } catch {
          return false
        }
      },
    }
  },
}

const SSRC = 0xcafebabe
const keysOf = (profile: SrtpProfile) => deriveSessionKeys(profile, new Uint8Array(profile.keyBytes).fill(1), new Uint8Array(profile.saltBytes).fill(2), crypto)

const protect = (stream: SrtpStream, header: Uint8Array, payload: Uint8Array, index: number): Uint8Array => {
  const out = makeWordMemory(2048)
  const from = makeWordMemory(payload.length)
  from.bytes.set(payload)
  out.bytes.set(header, SRTP_HEADROOM)
  const length = stream.protect(out, SRTP_HEADROOM, header.length, from, payload.length, index)
  return out.bytes.slice(SRTP_HEADROOM, SRTP_HEADROOM + length)
}

const rtpHeader = (index: number, ssrc = SSRC): Uint8Array => {
  const header = hex('800f0000 decafbad 00000000')
  const view = new DataView(header.buffer)
  view.setUint16(2, index & 0xffff)
  view.setUint32(8, ssrc)
  return header
}

const both = (first: Uint8Array, second: Uint8Array): Uint8Array => Uint8Array.from([...first, ...second])

describe('published vectors', () => {
  for (const [block, expected] of RFC3711_KEYSTREAM.blocks) {
    test(`key stream, block ${block.toString(16)}`, () => {
      const { key, salt } = RFC3711_KEYSTREAM
      const keystream = new Keystream(crypto.aesEcb(key), salt, 0)
      const at = keystream.seekOne(0, (block + 1) * 16) + block * 4
      assert.deepEqual(new Uint8Array(keystream.words.buffer, keystream.words.byteOffset + at * 4, 16), expected)
    })
  }

  test('key derivation', () => {
    const { masterKey, masterSalt, ...expected } = RFC3711_DERIVATION
    const { rtp } = deriveSessionKeys(AES_CM_128_HMAC_SHA1_80, masterKey, masterSalt, crypto)
    assert.deepEqual(Object.fromEntries(Object.entries(rtp).map(([name, key]) => [name, Uint8Array.from(key)])), expected)
  })

  test('an AES_CM_128_HMAC_SHA1_80 packet', () => {
    const keys = deriveSessionKeys(AES_CM_128_HMAC_SHA1_80, RFC3711_DERIVATION.masterKey, RFC3711_DERIVATION.masterSalt, crypto).rtp
    const { header, payload, sealed } = AES_CM_PACKET
    assert.deepEqual(protect(makeSrtpSender(AES_CM_128_HMAC_SHA1_80, keys, crypto).openStream(SSRC), header, payload, 0x1234), both(header, sealed))
  })

  for (const [i, profile] of [AEAD_AES_128_GCM, AEAD_AES_256_GCM].entries()) {
    const sealed = RFC7714.sealed[i] as (typeof RFC7714.sealed)[0 | 1]
    const keys = { encryption: sealed.key, salt: RFC7714.salt, authentication: new Uint8Array(20) }

    test(`an ${profile.name} packet`, () => {
      const { header, payload } = RFC7714.rtp
      assert.deepEqual(protect(makeSrtpSender(profile, keys, crypto).openStream(0x5501a0b2), header, payload, 0xf17b), both(header, sealed.rtp))
    })

    test(`an ${profile.name} RTCP packet`, () => {
      const { index, plain } = RFC7714.rtcp
      assert.deepEqual(new Uint8Array(new SrtcpSender(profile, keys, crypto, index).protect(plain)), sealed.rtcp)
      assert.deepEqual(new SrtcpReceiver(profile, keys, crypto).unprotect(sealed.rtcp), plain)
    })
  }
})

test('HMAC-SHA1 is that of OpenSSL, for every length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.uint8Array({ maxLength: 200 }), (key, message) => {
      const memory = makeWordMemory(HMAC_HEADROOM + message.length + 20)
      const end = HMAC_HEADROOM + message.length
      memory.bytes.set(message, HMAC_HEADROOM)
      new HmacSha1Signer(key, crypto).sign(memory, HMAC_HEADROOM, end, end, 20)
      assert.deepEqual(memory.bytes.slice(end, end + 20), Uint8Array.from(createHmac('sha1', key).update(message).digest()))
    }),
  )
})

for (const profile of SRTP_PROFILES) {
  describe(profile.name, () => {
    const { rtp, rtcp } = keysOf(profile)
    const makeStream = () => makeSrtpSender(profile, rtp, crypto).openStream(SSRC)
    const makeReceiver = () => new SrtpReceiver(profile, rtp, crypto)

    test('payloads of any length, in any order, are opened again', () => {
      const packets = fc.uniqueArray(fc.record({ seq: fc.integer({ min: 30000, max: 30200 }), payload: fc.uint8Array({ maxLength: 400 }) }), {
        selector: ({ seq }) => seq,
        maxLength: 40,
      })
      fc.assert(
        fc.property(packets, (list) => {
          const stream = makeStream()
          const receiver = makeReceiver()
          for (const { seq, payload } of list) {
            const header = rtpHeader(seq)
            assert.deepEqual(receiver.unprotect(protect(stream, header, payload, seq)), both(header, payload))
          }
        }),
      )
    })

    test('the roll-over counter follows, also when the packets around the wrap are lost or late', () => {
      const stream = makeStream()
      const receiver = makeReceiver()
      for (const index of [32767, 65534, 65537, 65535, 65536, 98304, 131071, 131073]) {
        const packet = protect(stream, rtpHeader(index), hex('0102030405'), index)
        assert.deepEqual(receiver.unprotect(packet).subarray(-5), hex('0102030405'), `index ${index}`)
      }
    })

    test('a packet sent again is the same packet, and counts as a replay', () => {
      const stream = makeStream()
      const receiver = makeReceiver()
      const first = protect(stream, rtpHeader(1), hex('aabb'), 1)
      for (let i = 2; i < 60; i++) receiver.unprotect(protect(stream, rtpHeader(i), new Uint8Array(i * 20), i))
      const again = protect(stream, rtpHeader(1), hex('aabb'), 1)
      assert.deepEqual(again, first)
      receiver.unprotect(again)
      assert.throws(() => receiver.unprotect(first), { code: 'srtp/replayed' })
    })

    test('one changed bit is a forgery, and changes no state', () => {
      const packet = protect(makeStream(), rtpHeader(5), hex('00112233445566778899'), 5)
      fc.assert(
        fc.property(fc.nat(packet.length * 8 - 1), (bit) => {
          const receiver = makeReceiver()
          const forged = packet.slice()
          forged[bit >> 3] = (forged[bit >> 3] as number) ^ (0x80 >> (bit & 7))
          assert.throws(() => receiver.unprotect(forged), ProtocolError)
          receiver.unprotect(packet)
        }),
      )
    })

    test('RTCP: opened once, in any order; forged and replayed ones are refused', () => {
      const sender = new SrtcpSender(profile, rtcp, crypto)
      const receiver = new SrtcpReceiver(profile, rtcp, crypto)
      const plain = hex('80c80001 cafebabe 0102030405060708')
      const [first, second] = [sender.protect(plain), sender.protect(plain)]
      assert.deepEqual(receiver.unprotect(second), plain)
      assert.deepEqual(receiver.unprotect(first), plain)
      assert.throws(() => receiver.unprotect(first), { code: 'srtcp/replayed' })
      const forged = sender.protect(plain)
      forged[9] = (forged[9] as number) ^ 1
      assert.throws(() => receiver.unprotect(forged), { code: 'srtcp/forged' })
    })

    test('arbitrary bytes are refused', () => {
      const receiver = makeReceiver()
      const rtcpReceiver = new SrtcpReceiver(profile, rtcp, crypto)
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
          assert.throws(() => receiver.unprotect(bytes), ProtocolError)
          assert.throws(() => rtcpReceiver.unprotect(bytes), ProtocolError)
        }),
      )
    })

    test('a peer cannot make us keep more sources than the limit', () => {
      const sender = makeSrtpSender(profile, rtp, crypto)
      const receiver = makeReceiver()
      const packet = (ssrc: number) => protect(sender.openStream(ssrc), rtpHeader(1, ssrc), hex('00'), 1)
      for (let ssrc = 0; ssrc < MAX_SRTP_SOURCES; ssrc++) receiver.unprotect(packet(ssrc))
      assert.throws(() => receiver.unprotect(packet(MAX_SRTP_SOURCES)), { code: 'srtp/sources' })
    })
  })
}
