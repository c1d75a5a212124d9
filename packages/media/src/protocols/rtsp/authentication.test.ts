import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Authorizer, bestChallenge, decodeChallenges, type RtspCrypto } from './authentication.ts'

const crypto = (nonce: string): RtspCrypto => ({
  hash: (algorithm, text) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex'),
  nonce: () => nonce,
})

const authorizerFor = (header: string, username: string, password: string, cnonce = 'c'): Authorizer => {
  const authorizer = new Authorizer({ username, password }, crypto(cnonce))
  assert.equal(authorizer.authorize('GET', '/'), undefined)
  assert.equal(authorizer.challenged(decodeChallenges([header])), true)
  return authorizer
}

describe('authentication', () => {
  test('Basic, RFC 7617 section 2', () => {
    assert.equal(authorizerFor('Basic realm="WallyWorld"', 'Aladdin', 'open sesame').authorize('GET', '/'), 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')
  })

  test('Digest without qop', () => {
    const authorizer = authorizerFor('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"', 'Mufasa', 'Circle Of Life')
    const value = authorizer.authorize('GET', '/dir/index.html')
    assert.match(value ?? '', /response="670fd8c2df070c60b045671b8b24ff02"/)
    assert.doesNotMatch(value ?? '', /qop|cnonce|algorithm/)
  })

  // RFC 7616 section 3.9.1.
  const example =
    'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
  const cases: [algorithm: 'MD5' | 'SHA-256', response: string][] = [
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ]
  for (const [algorithm, response] of cases) {
    test(`Digest with ${algorithm} and qop`, () => {
      const authorizer = authorizerFor(`Digest ${example}, algorithm=${algorithm}`, 'Mufasa', 'Circle of Life', 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ')
      const value = authorizer.authorize('GET', '/dir/index.html') ?? ''
      assert.match(value, new RegExp(`response="${response}"`))
      assert.match(value, /qop=auth, nc=00000001, cnonce="/)
      assert.match(authorizer.authorize('GET', '/dir/index.html') ?? '', /nc=00000002/)
    })
  }

  test('the safest of several challenges, in one header or in many', () => {
    const all = [
      'Basic realm="a, b", Digest realm="c", nonce="1", algorithm=MD5',
      'Digest realm="c", nonce="2", algorithm=SHA-256, stale=TRUE',
      'Negotiate',
      'Digest nonce="3", algorithm=X',
    ]
    assert.deepEqual(
      decodeChallenges(all).map((challenge) =>
        challenge.scheme === 'basic' ? challenge.realm : `${challenge.algorithm} ${challenge.nonce} ${challenge.stale}`,
      ),
      ['a, b', 'MD5 1 false', 'SHA-256 2 true'],
    )
    const best = bestChallenge(decodeChallenges(all))
    assert.ok(best?.scheme === 'digest' && best.algorithm === 'SHA-256')
  })

  test('gives up when the credentials are refused, and goes on when the nonce was stale', () => {
    const digest = (nonce: string, more = '') => decodeChallenges([`Digest realm="r", nonce="${nonce}"${more}`])
    const authorizer = authorizerFor('Digest realm="r", nonce="1"', 'a', 'b')
    authorizer.authorize('DESCRIBE', 'rtsp://h/')
    assert.equal(authorizer.challenged(digest('2')), false)
    assert.equal(authorizer.challenged(digest('3', ', stale=true')), true)
    authorizer.authorize('SETUP', 'rtsp://h/')
    authorizer.authorize('PLAY', 'rtsp://h/')
    assert.equal(authorizer.challenged(digest('4')), true, 'a new nonce after the old one had been good')
    assert.equal(authorizer.challenged([]), false)
  })

  test('any header is read', () => {
    const part = fc.constantFrom('Digest ', 'Basic ', 'realm=', 'nonce=', '"', 'a', ',', ' ', '\\', 'algorithm=MD5', 'qop="auth"')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (text) => void decodeChallenges([text]),
      ),
    )
  })
})
