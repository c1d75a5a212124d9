import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import type { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { DtlsRole } from '@millrace/media/protocols/dtls/record-layer.ts'
import type { DtlsSrtpKeys } from '@millrace/media/protocols/dtls/srtp-keys.ts'
import { AEAD_AES_128_GCM, AES_CM_128_HMAC_SHA1_80, type SrtpProfile } from '@millrace/media/protocols/srtp/srtp-profile.ts'
import { until } from '../../../test/until.ts'
import { OpensslIdentity, OpensslPeer } from '../../../test/webrtc/openssl-peer.ts'
import { makeDtlsCertificate } from './dtls-certificate.ts'
import { DtlsConn, type DtlsShared, makeDtlsShared } from './dtls-conn.ts'
import { fingerprintLine, hasUsableFingerprint, matchesFingerprint } from './fingerprint.ts'
import { TurnBudget } from './turn-budget.ts'

const fingerprintOf = (certificate: Uint8Array): Fingerprint => {
  const [hash = '', digits = ''] = fingerprintLine(certificate).split(' ')
  return { hash, value: Buffer.from(digits.replaceAll(':', ''), 'hex') }
}

/** In the order of the exporter's output: what both sides have to agree on. */
const materialOf = ({ localKey, localSalt, remoteKey, remoteSalt }: DtlsSrtpKeys, role: DtlsRole): string => {
  const parts = role === 'client' ? [localKey, remoteKey, localSalt, remoteSalt] : [remoteKey, localKey, remoteSalt, localSalt]
  return Buffer.concat(parts).toString('hex')
}

describe('DTLS with OpenSSL', () => {
  let shared: DtlsShared
  let ecdsa: OpensslIdentity
  let rsa: OpensslIdentity

  before(async () => {
    shared = await makeDtlsShared()
    ecdsa = new OpensslIdentity(['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'])
    rsa = new OpensslIdentity(['-newkey', 'rsa:2048'])
  })
  after(() => {
    ecdsa.remove()
    rsa.remove()
  })

  /** A handshake of ours with OpenSSL, until it ends one way or the other. */
  const meet = async (
    role: DtlsRole,
    identity: OpensslIdentity,
    args: readonly string[],
    options: Partial<DtlsShared> & { expects?: OpensslIdentity } = {},
  ) => {
    const result: { keys?: DtlsSrtpKeys; error?: ProtocolError | undefined; isClosed: boolean } = { isClosed: false }
    const peer: OpensslPeer = await OpensslPeer.start(role === 'server' ? 'client' : 'server', identity, args, (datagram) => conn.handleDatagram(datagram))
    const expected = (options.expects ?? identity).certificate
    const conn = new DtlsConn(role, { ...shared, ...options }, [fingerprintOf(expected)], {
      send: (datagram) => peer.send(datagram),
      connected: (keys) => (result.keys = keys),
      closed: (error) => {
        result.isClosed = true
        result.error = error
      },
    })
    if (role === 'client') conn.start()
    await until('the end of the handshake', () => result.isClosed || (result.keys !== undefined && peer.keyingMaterial !== undefined)).catch((error) => {
      throw new Error(`${error.message}: ${peer.output}`)
    })
    return { peer, conn, result }
  }

  const cases: readonly (readonly [what: string, role: DtlsRole, identity: () => OpensslIdentity, args: readonly string[]])[] = [
    ['its client, ECDSA', 'server', () => ecdsa, []],
    ['its client, RSA with PSS', 'server', () => rsa, ['-client_sigalgs', 'RSA-PSS+SHA256']],
    ['its client, RSA with PKCS #1', 'server', () => rsa, ['-client_sigalgs', 'RSA+SHA384', '-sigalgs', 'ECDSA+SHA256']],
    ['its client on P-256 alone, with SHA-384', 'server', () => ecdsa, ['-groups', 'P-256', '-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384']],
    ['its client, ChaCha20', 'server', () => ecdsa, ['-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305']],
    ['its client in fragments', 'server', () => rsa, ['-mtu', '300']],
    ['its server, ECDSA', 'client', () => ecdsa, ['-Verify', '1']],
    ['its server, RSA', 'client', () => rsa, ['-Verify', '1']],
    ['its server in fragments, on P-256 alone', 'client', () => rsa, ['-Verify', '1', '-mtu', '300', '-groups', 'P-256']],
    ['its server, SHA-384', 'client', () => ecdsa, ['-Verify', '1', '-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384']],
    ['its server, which asks for a cookie', 'client', () => ecdsa, ['-Verify', '1', '-listen']],
    ['its server, which asks for no certificate', 'client', () => ecdsa, []],
  ]
  for (const [what, role, identity, args] of cases) {
    test(`gives the same keys as ${what}`, async () => {
      const { peer, conn, result } = await meet(role, identity(), args)
      try {
        assert.ok(result.keys, String(result.error))
        const material = materialOf(result.keys, role)
        assert.equal(peer.keyingMaterial?.slice(0, material.length), material)
      } finally {
        conn.close()
        await peer.stop()
      }
    })
  }

  for (const [srtpProfiles, name] of [
    [[AEAD_AES_128_GCM, AES_CM_128_HMAC_SHA1_80], 'SRTP_AEAD_AES_128_GCM'],
    [[AES_CM_128_HMAC_SHA1_80, AEAD_AES_128_GCM], 'SRTP_AES128_CM_SHA1_80'],
  ] as [SrtpProfile[], string][]) {
    test(`chooses ${name} where it is preferred`, async () => {
      const { peer, conn, result } = await meet('server', ecdsa, [], { srtpProfiles })
      try {
        assert.equal(result.keys?.profile, srtpProfiles[0])
        assert.match(peer.output, new RegExp(`SRTP Extension negotiated, profile=${name}`))
      } finally {
        conn.close()
        await peer.stop()
      }
    })
  }

  test('close_notify is understood', async () => {
    const { peer, result } = await meet('server', ecdsa, [])
    try {
      peer.quit()
      await until('the end', () => result.isClosed)
      assert.equal(result.error, undefined)
    } finally {
      await peer.stop()
    }
  })

  test('close_notify is sent', async () => {
    const { peer, conn } = await meet('server', ecdsa, [])
    try {
      conn.close()
      await until('openssl reads it', () => peer.output.includes('closed'))
    } finally {
      await peer.stop()
    }
  })

  for (const [role, alert] of [
    ['server', /alert bad certificate/],
    ['client', /alert bad certificate/],
  ] as const) {
    test(`another certificate than the announced one is refused by our ${role}, and OpenSSL is told`, async () => {
      const { peer, result } = await meet(role, ecdsa, role === 'client' ? ['-Verify', '1'] : [], { expects: rsa })
      try {
        assert.equal(result.error?.code, 'dtls/fingerprint')
        await until('the alert', () => alert.test(peer.output))
      } finally {
        await peer.stop()
      }
    })
  }

  test('a client without a certificate is refused', async () => {
    // It has one, but takes none of the schemes that could sign with it.
    const { peer, result } = await meet('server', rsa, ['-client_sigalgs', 'ECDSA+SHA256'])
    try {
      assert.equal(result.error?.code, 'dtls/no-certificate')
    } finally {
      await peer.stop()
    }
  })
})

test('the certificate is one, ECDSA on P-256, and signed by itself', async () => {
  const { der, fingerprint } = makeDtlsCertificate()
  const certificate = new X509Certificate(der)
  assert.ok(certificate.verify(certificate.publicKey))
  assert.deepEqual(
    [certificate.publicKey.asymmetricKeyDetails?.namedCurve, certificate.subject, certificate.issuer],
    ['prime256v1', 'CN=millrace', 'CN=millrace'],
  )
  assert.ok(Date.parse(certificate.validFrom) < Date.now() && Date.parse(certificate.validTo) > Date.now() + 86_400_000)
  assert.equal(fingerprint, `sha-256 ${certificate.fingerprint256}`)
})

test('a turn does what its budget allows, the rest comes in its order in later turns', async () => {
  let nowMs = 0
  const turns = new TurnBudget(() => nowMs)
  const order: string[] = []
  const busy = (name: string): void => {
    order.push(name)
    nowMs += 1.5
  }
  for (const name of ['a', 'b', 'c', 'd', 'e']) turns.run(() => busy(name))
  assert.deepEqual(order, ['a', 'b'])
  setImmediate(() => order.push('others'))
  assert.equal(await turns.call(() => order.length), 6)
  assert.deepEqual(order, ['a', 'b', 'c', 'd', 'others', 'e'])
  await assert.rejects(
    turns.call(() => assert.fail('wrong')),
    /wrong/,
  )
})

test('of several fingerprints those of the strongest known hash count', () => {
  const certificate = Buffer.from('certificate')
  const sha256 = fingerprintOf(certificate)
  const wrong512: Fingerprint = { hash: 'sha-512', value: new Uint8Array(64) }
  assert.equal(matchesFingerprint(certificate, [sha256]), true)
  assert.equal(matchesFingerprint(certificate, [{ hash: 'sha-256', value: new Uint8Array(32) }, sha256]), true)
  assert.equal(matchesFingerprint(certificate, [sha256, wrong512]), false)
  assert.equal(matchesFingerprint(certificate, [{ hash: 'sha-256', value: sha256.value.subarray(1) }]), false)
  assert.equal(hasUsableFingerprint([{ hash: 'sha-1', value: new Uint8Array(20) }]), false)
})
