import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { changeMessage, shred } from '../../../test/dtls/change.ts'
import { faithful, JOB_MS, Link, NETWORK_MS, type Network, type SideOptions } from '../../../test/dtls/link.ts'
import { makeParty, nodeCrypto } from '../../../test/dtls/node-crypto.ts'
import { AEAD_AES_128_GCM, AEAD_AES_256_GCM, AES_CM_128_HMAC_SHA1_80, SRTP_PROFILES } from '../srtp/srtp-profile.ts'
import { BROKEN_DATAGRAMS, CHROMIUM_HELLO } from './dtls.corpus.ts'
import { HANDSHAKE_TYPE } from './dtls-constants.ts'
import type { DtlsCrypto } from './dtls-crypto.ts'
import { MAX_HANDSHAKE_RECORDS } from './dtls-session.ts'
import { MAX_DATAGRAM_BYTES } from './flight.ts'
import { encodeFragment } from './handshake-message.ts'
import { concat } from './key-schedule.ts'
import { type DtlsRecord, decodeRecords, encodeRecord } from './record.ts'
import type { DtlsRole } from './record-layer.ts'

const alice = makeParty()
const bob = makeParty()
const stranger = makeParty()
const client: SideOptions = { party: alice, expects: bob }
const server: SideOptions = { party: bob, expects: alice }

const assertSameKeys = ({ client: { keys: mine }, server: { keys: theirs } }: Link): void => {
  assert.ok(mine && theirs)
  assert.equal(mine.profile, theirs.profile)
  assert.deepEqual([mine.localKey, mine.localSalt, mine.remoteKey, mine.remoteSalt], [theirs.remoteKey, theirs.remoteSalt, theirs.localKey, theirs.localSalt])
  assert.deepEqual([mine.localKey.length, mine.localSalt.length], [mine.profile.keyBytes, mine.profile.saltBytes])
  assert.notDeepEqual(mine.localKey, mine.remoteKey)
}

/** One side's messages of one type are other ones on their way. */
const changing =
  (role: DtlsRole, type: number, change: (body: Uint8Array) => Uint8Array): Network =>
  (datagram, from) => [{ afterMs: NETWORK_MS, datagram: from === role ? changeMessage(datagram, type, change) : datagram }]

/** A client's messages of one type say that they are of another. */
const relabelled =
  (type: number, other: number): Network =>
  (datagram, from) => {
    const changed = from === 'client' ? concat(decodeRecords(datagram).records.map((record) => encodeRecord(relabel(record, type, other)))) : datagram
    return [{ afterMs: NETWORK_MS, datagram: changed }]
  }

const relabel = (record: DtlsRecord, type: number, other: number): DtlsRecord =>
  record.type === 22 && record.epoch === 0 && record.body[0] === type ? { ...record, body: record.body.with(0, other) } : record

const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] as number) ^ 1)

/** Primitives of somebody who has another opinion of what was said, from the so-manieth look at it on. */
const misheard = (from: number): DtlsCrypto => {
  let count = 0
  return {
    ...nodeCrypto,
    hash: (name, message) => {
      const hash = nodeCrypto.hash(name, message)
      return ++count >= from ? flipped(hash, 0) : hash
    },
  }
}

describe('a handshake', () => {
  for (const profile of SRTP_PROFILES) {
    test(`gives both sides the same keys for ${profile.name}, and takes two round trips`, () => {
      const link = new Link({ ...client, profiles: [profile] }, server)
      link.run()
      assertSameKeys(link)
      assert.equal(link.nowMs, 4 * NETWORK_MS + 8 * JOB_MS)
      assert.ok([...link.client.sent, ...link.server.sent].every((datagram) => datagram.length <= MAX_DATAGRAM_BYTES))
    })
  }

  test('takes the profile that the server prefers of those that the client knows', () => {
    const link = new Link({ ...client, profiles: SRTP_PROFILES }, { ...server, profiles: [AEAD_AES_256_GCM, AEAD_AES_128_GCM] })
    link.run()
    assert.equal(link.client.keys?.profile, AEAD_AES_256_GCM)
  })

  test('survives a network that loses each datagram once', () => {
    const seen = new Set<string>()
    const link = new Link(client, server, (datagram, role) => {
      const kind = `${role} ${decodeRecords(datagram)
        .records.map(({ type, epoch, body }) => `${type}.${epoch}.${epoch === 0 ? body[0] : ''}`)
        .join()}`
      if (seen.has(kind)) return faithful(datagram)
      seen.add(kind)
      return []
    })
    link.run()
    assertSameKeys(link)
  })

  test('survives the loss of the last flight: the peer asks again, and is answered', () => {
    let lost = 0
    const link = new Link(client, server, (datagram, role) => {
      if (role === 'server' && decodeRecords(datagram).records.some(({ epoch }) => epoch === 1) && lost++ < 3) return []
      return faithful(datagram)
    })
    link.run()
    assertSameKeys(link)
    assert.equal(lost, 4)
  })

  test('waits twice as long for each repetition', () => {
    const sentMs: number[] = []
    const link = new Link(client, server, (_datagram, role, _count, nowMs) => {
      if (role === 'client') sentMs.push(nowMs)
      return []
    })
    link.run(() => sentMs.length === 8)
    assert.deepEqual(sentMs, [0, 100, 300, 700, 1500, 3100, 5100, 7100])
  })

  test('takes any network that delivers now and then', () => {
    const fate = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 2 })
    fc.assert(
      fc.property(fc.array(fate, { minLength: 5, maxLength: 24 }), fc.integer({ min: 60, max: 1200 }), (fates, pieceBytes) => {
        let count = 0
        const link = new Link(client, server, (datagram) => {
          // Later datagrams all come, so that there is an end.
          const delays = fates[count++] ?? [10]
          return delays.flatMap((afterMs) => shred(datagram, pieceBytes).map((piece) => ({ afterMs, datagram: piece })))
        })
        link.run()
        assert.deepEqual([link.client.error, link.server.error], [undefined, undefined])
        assertSameKeys(link)
      }),
      { numRuns: 60 },
    )
  })
})

describe('refused', () => {
  const { CLIENT_HELLO, CERTIFICATE, CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE, SERVER_KEY_EXCHANGE } = HANDSHAKE_TYPE
  const over = (network: Network) => (): Link => new Link(client, server, network)
  const between = (one: Partial<SideOptions>, other: Partial<SideOptions>) => (): Link => new Link({ ...client, ...one }, { ...server, ...other })
  const cases: readonly (readonly [what: string, code: string, alert: number, by: DtlsRole, make: () => Link])[] = [
    ['a client whose certificate was not announced', 'dtls/fingerprint', 42, 'server', between({}, { expects: stranger })],
    ['a server whose certificate was not announced', 'dtls/fingerprint', 42, 'client', between({ expects: stranger }, {})],
    ["a client without its certificate's key", 'dtls/signature', 51, 'server', between({ party: { ...alice, key: stranger.key } }, {})],
    ["a server without its certificate's key", 'dtls/signature', 51, 'client', between({}, { party: { ...bob, key: stranger.key } })],
    ['a wrong CertificateVerify', 'dtls/signature', 51, 'server', over(changing('client', CERTIFICATE_VERIFY, (body) => flipped(body, 20)))],
    ['a hello that was changed on its way', 'dtls/signature', 51, 'client', over(changing('client', CLIENT_HELLO, (body) => flipped(body, 10)))],
    ['a signature by a scheme that nobody offered', 'dtls/signature', 47, 'server', over(changing('client', CERTIFICATE_VERIFY, (body) => flipped(body, 1)))],
    ["a client's wrong Finished", 'dtls/finished', 51, 'server', between({ crypto: misheard(2) }, {})],
    ["a server's wrong Finished", 'dtls/finished', 51, 'client', between({}, { crypto: misheard(3) })],
    ['a client without a certificate', 'dtls/no-certificate', 42, 'server', over(changing('client', CERTIFICATE, () => new Uint8Array(3)))],
    ['a client that skips its certificate', 'dtls/unexpected', 10, 'server', over(relabelled(CERTIFICATE, CLIENT_KEY_EXCHANGE))],
    [
      'a client that knows no profile of ours',
      'dtls/no-srtp',
      40,
      'server',
      between({ profiles: [AES_CM_128_HMAC_SHA1_80] }, { profiles: [AEAD_AES_128_GCM] }),
    ],
    ['a message that ends too early', 'dtls/malformed', 50, 'server', over(changing('client', CLIENT_KEY_EXCHANGE, (body) => body.with(0, 200)))],
    ['a key of zeros', 'dtls/key-exchange', 47, 'server', over(changing('client', CLIENT_KEY_EXCHANGE, (body) => body.fill(0, 1)))],
    ['an old version', 'dtls/version', 70, 'server', over(changing('client', CLIENT_HELLO, (body) => body.with(1, 0xff)))],
    ['a curve that nobody offered', 'dtls/not-offered', 47, 'client', over(changing('server', SERVER_KEY_EXCHANGE, (body) => body.with(2, 24)))],
  ]
  for (const [what, code, alert, by, make] of cases) {
    test(what, () => {
      const link = make()
      link.run()
      const side = link[by]
      const other = link[by === 'client' ? 'server' : 'client']
      assert.equal(side.error?.code, code, String(side.error))
      assert.equal(side.keys, undefined)
      link.run(() => other.closed)
      assert.match(other.error?.message ?? '', new RegExp(`alert ${alert} `))
    })
  }
})

describe('a connection', () => {
  const connect = (network?: Network): Link => {
    const link = new Link(client, server, network)
    link.run()
    assert.ok(link.connected)
    return link
  }

  test('that is closed tells the other side', () => {
    const link = connect()
    link.server.session.close()
    link.flush('server')
    link.run(() => link.client.closed)
    assert.deepEqual([link.client.closed, link.client.error], [true, undefined])
  })

  test('takes no record twice, and none that was changed', () => {
    const link = connect()
    const finished = link.client.sent.at(-1)
    assert.ok(finished)
    const { session } = link.server
    const before = session.discarded
    session.handleDatagram(link.nowMs + 1000, finished)
    assert.equal(session.pollOutput(), undefined)
    assert.ok(session.discarded > before)
    link.client.session.close()
    const alert = link.client.session.pollOutput()
    assert.ok(alert?.type === 'send')
    session.handleDatagram(link.nowMs, flipped(alert.datagram, alert.datagram.length - 1))
    assert.equal(session.pollOutput(), undefined)
    session.handleDatagram(link.nowMs, alert.datagram)
    assert.equal(session.pollOutput()?.type, 'closed')
  })

  test('does not begin anew, and is not ended by an alert in the clear', () => {
    const link = connect()
    const { session } = link.server
    session.handleDatagram(link.nowMs + 1000, link.client.sent[0] as Uint8Array)
    session.handleDatagram(link.nowMs + 1000, Uint8Array.of(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40))
    assert.equal(session.pollOutput(), undefined)
  })
})

describe('datagrams of anybody', () => {
  const record = fc
    .tuple(fc.constantFrom(20, 21, 22, 23, 25), fc.constantFrom(0, 1, 2), fc.uint8Array({ maxLength: 80 }))
    .map(([type, epoch, body]) => Uint8Array.from([type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0, 0, body.length, ...body]))
  const message = fc
    .tuple(fc.constantFrom(...Object.values(HANDSHAKE_TYPE)), fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 80 }))
    .map(([type, sequence, body]) => encodeRecord({ type: 22, version: 0xfefd, epoch: 0, sequence: 0, body: encodeFragment({ type, sequence, body }) }))
  const anything = fc.oneof(record, message, fc.uint8Array({ maxLength: 80 }), fc.constantFrom(...BROKEN_DATAGRAMS, CHROMIUM_HELLO[0], CHROMIUM_HELLO[1]))

  test('end a handshake at worst, and a connection never', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 14 }),
        fc.constantFrom<DtlsRole>('client', 'server'),
        fc.array(anything, { maxLength: 6 }),
        (steps, role, datagrams) => {
          const link = new Link(client, server)
          for (let left = steps; left > 0; left--) link.run(() => left-- <= 0)
          const wasConnected = link[role].keys !== undefined
          for (const datagram of datagrams) {
            link[role].session.handleDatagram(link.nowMs, datagram)
            link.flush(role)
          }
          assert.equal(wasConnected && link[role].closed, false)
          link.run()
        },
      ),
      { numRuns: 200 },
    )
  })

  test('are counted when they are dropped, and too many end the handshake', () => {
    const link = new Link(client, server, () => [])
    const { session } = link.server
    for (const datagram of BROKEN_DATAGRAMS) session.handleDatagram(0, datagram)
    assert.equal(session.discarded, BROKEN_DATAGRAMS.length)
    for (let count = 0; count < MAX_HANDSHAKE_RECORDS; count++) session.handleDatagram(0, Uint8Array.of(23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    link.flush('server')
    assert.equal(link.server.error?.code, 'dtls/flood')
  })

  test("Chromium's hello, which offers DTLS 1.3 and comes in two fragments, gets an answer", () => {
    const link = new Link(client, server, () => [])
    for (const datagram of CHROMIUM_HELLO.toReversed()) link.server.session.handleDatagram(0, datagram)
    link.flush('server')
    link.run(() => link.server.sent.length > 0)
    const [hello] = decodeRecords(link.server.sent[0] as Uint8Array).records
    assert.equal(hello?.body[0], HANDSHAKE_TYPE.SERVER_HELLO)
  })
})
