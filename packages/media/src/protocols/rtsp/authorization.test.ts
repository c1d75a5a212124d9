import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Authorizer, decodeChallenges } from './authentication.ts'
import { decodeAuthorization, encodeChallenges } from './authorization.ts'

const crypto = {
  hash: (algorithm: 'MD5' | 'SHA-256', text: string) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex'),
  nonce: () => 'c0ffee',
}

/** Inputs that once needed care, RFC 7616 section 3.9.1 and what clients send. */
const CORPUS = [
  'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
  'Basic',
  'Basic ====',
  'Basic QWxhZGRpbg==',
  'Bearer a.b.c',
  'Digest username="Mufasa", realm="x", uri="/", response="ab", nonce="n"',
  'Digest username="Mu\\"fasa", realm="x", uri="/", response="ab", nonce="n", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c"',
  'Digest username="M", realm="x", uri="/", response="ab", nonce="n", algorithm=MD5-sess',
  'Digest username="M", realm="x", uri="/", nonce="n"',
  `Digest ${','.repeat(5000)}`,
]

describe('authorization', () => {
  test('Basic, RFC 7617 section 2', () => {
    assert.deepEqual(decodeAuthorization('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='), { scheme: 'basic', user: 'Aladdin', password: 'open sesame' })
    assert.deepEqual(decodeAuthorization('basic YTpiOmM='), { scheme: 'basic', user: 'a', password: 'b:c' })
  })

  test('Bearer, RFC 6750 section 2.1', () => {
    assert.deepEqual(decodeAuthorization('Bearer a.b.c'), { scheme: 'bearer', token: 'a.b.c' })
  })

  for (const algorithm of ['MD5', 'SHA-256'] as const) {
    test(`what our client answers to our challenge, Digest with ${algorithm}`, () => {
      const challenges = encodeChallenges({ realm: 'Mill"race', digest: { nonce: 'n0nce', isStale: false } })
      const wanted = decodeChallenges(challenges).filter((challenge) => challenge.scheme === 'digest' && challenge.algorithm === algorithm)
      const authorizer = new Authorizer({ username: 'ann', password: 'pa:ss' }, crypto)
      assert.ok(authorizer.challenged(wanted))
      const decoded = decodeAuthorization(authorizer.authorize('DESCRIBE', 'rtsp://h/live') ?? '')
      assert.ok(decoded?.scheme === 'digest')
      const ha1 = crypto.hash(algorithm, 'ann:Mill"race:pa:ss')
      const response = crypto.hash(algorithm, `${ha1}:n0nce:${crypto.hash(algorithm, 'DESCRIBE:rtsp://h/live')}`)
      assert.deepEqual(decoded, {
        scheme: 'digest',
        username: 'ann',
        realm: 'Mill"race',
        nonce: 'n0nce',
        uri: 'rtsp://h/live',
        response,
        algorithm,
        qop: undefined,
        cnonce: undefined,
        nc: undefined,
      })
    })
  }

  test('Basic alone, and a stale nonce', () => {
    assert.deepEqual(encodeChallenges({ realm: 'R', digest: undefined }), ['Basic realm="R"'])
    const [first] = decodeChallenges(encodeChallenges({ realm: 'R', digest: { nonce: 'n', isStale: true } }))
    assert.ok(first?.scheme === 'digest' && first.stale)
  })

  test('what is none of them is nothing', () => {
    for (const header of [
      '',
      'Basic',
      'Basic ====',
      'Basic QWxhZGRpbg==',
      'Digest username="M", realm="x", uri="/", nonce="n"',
      'Negotiate abc',
      ...CORPUS.slice(7),
    ])
      assert.equal(decodeAuthorization(header), undefined, header)
  })

  test('any header is decoded or nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 300 }),
          fc.constantFrom(...CORPUS).chain((seed) => fc.string({ maxLength: 20 }).map((end) => seed + end)),
        ),
        (header) => {
          const decoded = decodeAuthorization(header)
          assert.ok(decoded === undefined || ['basic', 'bearer', 'digest'].includes(decoded.scheme))
        },
      ),
    )
  })
})
