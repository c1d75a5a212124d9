import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { AEAD_AES_128_GCM, AEAD_AES_256_GCM, AES_CM_128_HMAC_SHA1_80 } from '@millrace/media/protocols/srtp/srtp-profile.ts'
import fc from 'fast-check'
import { createSelfSignedCertificate, DtlsClient, HashAlgorithm, NamedCurveAlgorithm, SignatureAlgorithm, type SrtpProfile } from 'werift'
import { until } from '../../../test/webrtc/until.ts'
import { type DtlsCertificate, type DtlsRole, DtlsSession, type DtlsSrtpKeys, makeDtlsCertificate } from './dtls.ts'
import { DtlsGate, HANDSHAKE_TYPE } from './dtls-gate.ts'
import { fingerprintLine, hasUsableFingerprint, matchesFingerprint } from './fingerprint.ts'

type ClientCertificate = Awaited<ReturnType<typeof createSelfSignedCertificate>>
/** What the network does to a datagram: gives it on, drops it, changes it. */
type Network = (datagram: Buffer, count: number) => readonly Buffer[]

const SIGNATURE_HASH = { hash: HashAlgorithm.sha256_4, signature: SignatureAlgorithm.ecdsa_3 } as const
const makeClientCertificate = (): Promise<ClientCertificate> => createSelfSignedCertificate(SIGNATURE_HASH, NamedCurveAlgorithm.secp256r1_23)
const faithful: Network = (datagram) => [datagram]

const fingerprintOf = (certificate: ClientCertificate): Fingerprint => {
  const [hash = '', digits = ''] = fingerprintLine(new X509Certificate(certificate.certPem).raw).split(' ')
  return { hash, value: Buffer.from(digits.replaceAll(':', ''), 'hex') }
}

describe('a DTLS handshake', () => {
  let server: DtlsCertificate
  let client: ClientCertificate
  let stranger: ClientCertificate
  const sessions: DtlsSession[] = []
  const clients: DtlsClient[] = []

  before(async () => {
    server = await makeDtlsCertificate()
    client = await makeClientCertificate()
    stranger = await makeClientCertificate()
  })
  after(() => {
    for (const session of sessions) session.close()
    // Ends the library's timer for repetitions: it waits for the last flight.
    for (const { dtls } of clients) dtls.flight = 7
  })

  const connect = (options: { fingerprint?: Fingerprint; key?: string; profiles?: number[]; toServer?: Network; toClient?: Network }) => {
    const result: { keys?: DtlsSrtpKeys; error?: ProtocolError; clientClosed?: boolean; sent: number } = { sent: 0 }
    let toServer = 0
    const dtls = new DtlsClient({
      transport: {
        type: 'udp',
        address: { address: '', family: 'IPv4', port: 0 },
        closed: false,
        onData: () => undefined,
        send: async (datagram) => {
          for (const each of (options.toServer ?? faithful)(datagram, toServer++)) setImmediate(() => session.handleDatagram(performance.now(), each))
        },
        close: async () => undefined,
      },
      cert: client.certPem,
      key: options.key ?? client.keyPem,
      signatureHash: SIGNATURE_HASH,
      srtpProfiles: (options.profiles ?? [AEAD_AES_128_GCM.id, AES_CM_128_HMAC_SHA1_80.id]).map((id) => id as SrtpProfile),
      extendedMasterSecret: true,
    })
    dtls.onClose.subscribe(() => (result.clientClosed = true))
    const session = new DtlsSession('server', server, [options.fingerprint ?? fingerprintOf(client)], {
      send: (datagram) => {
        for (const each of (options.toClient ?? faithful)(Buffer.from(datagram), result.sent++)) {
          setImmediate(() => dtls.options.transport.onData(each, ['', 0]))
        }
      },
      connected: (keys) => (result.keys = keys),
      closed: (error) => {
        if (error) result.error = error
      },
    })
    sessions.push(session)
    clients.push(dtls)
    dtls.connect().catch(() => undefined)
    return { dtls, session, result }
  }

  for (const profiles of [[AEAD_AES_128_GCM, AES_CM_128_HMAC_SHA1_80], [AEAD_AES_128_GCM], [AEAD_AES_256_GCM]]) {
    test(`gives both sides the same keys, for ${profiles.at(-1)?.name}`, async () => {
      const { dtls, session, result } = connect({ profiles: profiles.map(({ id }) => id) })
      await until('keys', () => result.keys !== undefined && dtls.connected)
      const keys = result.keys
      assert.ok(keys)
      assert.equal(keys.profile, profiles.at(-1))
      const theirs = dtls.extractSessionKeys(keys.profile.keyBytes, keys.profile.saltBytes)
      assert.deepEqual(
        [keys.localKey, keys.localSalt, keys.remoteKey, keys.remoteSalt],
        [theirs.remoteKey, theirs.remoteSalt, theirs.localKey, theirs.localSalt],
      )
      session.close()
      await until('close_notify', () => result.clientClosed === true)
    })
  }

  test('survives that each datagram of the client is lost once', async () => {
    const seen = new Set<string>()
    // The library repeats the same bytes but for the record's number.
    const lossy: Network = (datagram) => {
      const key = datagram.subarray(11).toString('latin1')
      if (seen.has(key)) return [datagram]
      seen.add(key)
      return []
    }
    const { result } = connect({ toServer: lossy })
    await until('keys', () => result.keys !== undefined || result.error !== undefined)
    assert.equal(result.error, undefined)
  })

  test('survives the loss of our last flight: the client asks again', async () => {
    let lost = 0
    const { dtls, result } = connect({
      toClient: (datagram) => {
        const isLastFlight = result.keys === undefined && datagram[0] === 20
        const isFinished = datagram[0] === 22 && datagram.readUInt16BE(3) > 0
        return (isLastFlight || isFinished) && lost++ < 2 ? [] : [datagram]
      },
    })
    await until('the client is connected', () => dtls.connected)
    assert.ok(lost >= 2)
  })

  test('takes fragments, in any order and more than once', async () => {
    const { result } = connect({ toServer: (datagram) => (datagram[0] === 22 && datagram.readUInt16BE(3) === 0 ? fragments(datagram) : [datagram]) })
    await until('keys', () => result.keys !== undefined || result.error !== undefined)
    assert.equal(result.error, undefined)
  })

  test('fails with a certificate that the offer did not announce', async () => {
    const { result } = connect({ fingerprint: fingerprintOf(stranger) })
    await until('the end', () => result.error !== undefined)
    assert.equal(result.error?.code, 'dtls/fingerprint')
  })

  test('fails with a certificate whose key the client does not have', async () => {
    const { result } = connect({ key: stranger.keyPem })
    await until('the end', () => result.error !== undefined)
    assert.equal(result.error?.code, 'dtls/signature')
  })

  test('arbitrary bytes end the handshake at worst', () => {
    const record = fc
      .tuple(fc.constantFrom(20, 21, 22, 23, 25), fc.constantFrom(0, 1), fc.uint8Array({ maxLength: 60 }))
      .map(([type, epoch, body]) => Buffer.from([type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0, 0, body.length, ...body]))
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            record,
            fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
          ),
          { maxLength: 5 },
        ),
        (datagrams) => {
          const gate = new DtlsGate(HANDSHAKE_TYPE.CERTIFICATE_VERIFY)
          const session = new DtlsSession('server', server, [fingerprintOf(client)], {
            send: () => undefined,
            connected: () => assert.fail(),
            closed: () => undefined,
          })
          for (const datagram of datagrams) {
            session.handleDatagram(0, datagram)
            try {
              gate.take(datagram)
            } catch (error) {
              assert.ok(error instanceof ProtocolError, String(error))
            }
          }
          session.close()
        },
      ),
    )
  })
})

describe('both parts in a handshake with each other', () => {
  let server: DtlsCertificate
  let client: DtlsCertificate

  before(async () => {
    server = await makeDtlsCertificate()
    client = await makeDtlsCertificate()
  })

  const announced = ({ fingerprint }: DtlsCertificate): Fingerprint => {
    const [hash = '', digits = ''] = fingerprint.split(' ')
    return { hash, value: Buffer.from(digits.replaceAll(':', ''), 'hex') }
  }

  const connect = async (ofServer: DtlsCertificate, expectedOfServer: DtlsCertificate, toClient: Network = faithful) => {
    const keys: Partial<Record<DtlsRole, DtlsSrtpKeys>> = {}
    const errors: Partial<Record<DtlsRole, string>> = {}
    let count = 0
    const make = (role: DtlsRole, certificate: DtlsCertificate, expected: DtlsCertificate, send: (datagram: Buffer) => void): DtlsSession =>
      new DtlsSession(role, certificate, [announced(expected)], {
        send: (datagram) => setImmediate(send, Buffer.from(datagram)),
        connected: (found) => (keys[role] = found),
        closed: (error) => (errors[role] = error?.code ?? 'none'),
      })
    const sessions: DtlsSession[] = []
    const atServer = (datagram: Buffer): void => sessions[0]?.handleDatagram(performance.now(), datagram)
    const atClient = (datagram: Buffer): void => {
      for (const each of toClient(datagram, count++)) sessions[1]?.handleDatagram(performance.now(), each)
    }
    sessions.push(make('server', ofServer, client, atClient), make('client', client, expectedOfServer, atServer))
    await until('an end', () => (keys.server !== undefined && keys.client !== undefined) || errors.client !== undefined)
    for (const session of sessions) session.close()
    return { keys, errors }
  }

  test('have the same keys', async () => {
    const { keys } = await connect(server, server)
    assert.deepEqual([keys.client?.localKey, keys.client?.remoteSalt], [keys.server?.remoteKey, keys.server?.localSalt])
  })

  test('the client survives fragments, and that each datagram of the server is lost once', async () => {
    const seen = new Set<string>()
    const { keys } = await connect(server, server, (datagram) => {
      const key = datagram.subarray(11).toString('latin1')
      const isClear = datagram[0] === 22 && datagram.readUInt16BE(3) === 0
      if (seen.has(key)) return isClear ? fragments(datagram) : [datagram]
      seen.add(key)
      return isClear ? [] : [datagram]
    })
    assert.ok(keys.client)
  })

  test('the client ends it with a certificate that was not announced', async () => {
    assert.equal((await connect(server, client)).errors.client, 'dtls/fingerprint')
  })

  test('the client ends it with a server that does not have the key of its certificate', async () => {
    const thief = { ...server, keyPem: (await makeDtlsCertificate()).keyPem }
    assert.equal((await connect(thief, server)).errors.client, 'dtls/signature')
  })
})

describe('the gate', () => {
  const hello = (sequence: number, length: number, start: number, body: number): Buffer => {
    const record = Buffer.alloc(13 + 12 + body)
    record.set([22, 0xfe, 0xfd])
    record.writeUInt16BE(12 + body, 11)
    record[13] = 1
    record.writeUIntBE(length, 14, 3)
    record.writeUInt16BE(sequence, 17)
    record.writeUIntBE(start, 19, 3)
    record.writeUIntBE(body, 22, 3)
    return record
  }

  test('refuses a message that would be too long', () => {
    assert.throws(() => new DtlsGate(HANDSHAKE_TYPE.CERTIFICATE_VERIFY).take(hello(0, 0xffffff, 0, 10)), { code: 'dtls/malformed' })
  })

  test('keeps nothing that is far ahead, and delivers in order', () => {
    const gate = new DtlsGate(HANDSHAKE_TYPE.CERTIFICATE_VERIFY)
    assert.equal(gate.take(hello(500, 10, 0, 10)).records.length, 0)
    assert.equal(gate.take(hello(1, 10, 0, 10)).records.length, 0)
    assert.equal(gate.take(hello(0, 20, 10, 10)).records.length, 0)
    assert.equal(gate.take(hello(0, 20, 0, 10)).records.length, 2)
  })

  test('once established nothing begins anew', () => {
    const gate = new DtlsGate(HANDSHAKE_TYPE.CERTIFICATE_VERIFY)
    gate.establish()
    assert.deepEqual(gate.take(hello(0, 10, 0, 10)), { records: [], repeated: true })
  })
})

test('of several fingerprints those of the strongest known hash count', () => {
  const certificate = Buffer.from('certificate')
  const [, digits = ''] = fingerprintLine(certificate).split(' ')
  const sha256: Fingerprint = { hash: 'sha-256', value: Buffer.from(digits.replaceAll(':', ''), 'hex') }
  const wrong512: Fingerprint = { hash: 'sha-512', value: new Uint8Array(64) }
  assert.equal(matchesFingerprint(certificate, [sha256]), true)
  assert.equal(matchesFingerprint(certificate, [{ hash: 'sha-256', value: new Uint8Array(32) }, sha256]), true)
  assert.equal(matchesFingerprint(certificate, [sha256, wrong512]), false)
  assert.equal(matchesFingerprint(certificate, [{ hash: 'sha-256', value: sha256.value.subarray(1) }]), false)
  assert.equal(hasUsableFingerprint([{ hash: 'sha-1', value: new Uint8Array(20) }]), false)
})

/** A handshake record as records of 40 bytes of message each, backwards, the first one twice. */
const fragments = (datagram: Buffer): Buffer[] => {
  const length = datagram.readUIntBE(14, 3)
  const body = datagram.subarray(25, 25 + length)
  const found: Buffer[] = []
  for (let start = 0; start < length || found.length === 0; start += 40) {
    const part = body.subarray(start, start + 40)
    const record = Buffer.concat([datagram.subarray(0, 25), part])
    record.writeUInt16BE(12 + part.length, 11)
    record.writeUIntBE(start, 19, 3)
    record.writeUIntBE(part.length, 22, 3)
    found.unshift(record)
  }
  return [...found, ...found.slice(-1), ...wholeRest(datagram, 25 + length)]
}

/** Records that follow in the same datagram. */
const wholeRest = (datagram: Buffer, at: number): Buffer[] => (datagram.length > at ? [datagram.subarray(at)] : [])
