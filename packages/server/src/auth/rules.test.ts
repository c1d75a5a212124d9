import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressGroup, isLoopback, NetworkList, plainAddress } from './addresses.ts'
import { claimsOf } from './claims.ts'
import { checkDigest, makeHa1 } from './digest.ts'
import { Passes } from './passes.ts'
import { Permissions } from './permissions.ts'
import { Throttle } from './throttle.ts'

describe('addresses', () => {
  for (const [network, address, expected] of [
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', 'nonsense', false],
  ] as const)
    test(`${address} ${expected ? 'is' : 'is not'} in ${network}`, () => assert.equal(new NetworkList([network]).has(address), expected))

  test('loopback', () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) assert.equal(isLoopback(address), true, address)
    for (const address of ['128.0.0.1', '::2', '0.0.0.0', '', '::ffff:10.0.0.1']) assert.equal(isLoopback(address), false, address)
    assert.equal(plainAddress('::ffff:10.0.0.7'), '10.0.0.7')
  })

  test('one client is one group', () => {
    assert.equal(addressGroup('::ffff:192.0.2.7'), '192.0.2.7')
    assert.equal(addressGroup('2001:db8:0:7:1:2:3:4'), addressGroup('2001:db8::7:ffff:0:0:1'))
    assert.notEqual(addressGroup('2001:db8:0:7::1'), addressGroup('2001:db8:0:8::1'))
    assert.equal(addressGroup('::1'), '0:0:0:0::/64')
  })
})

describe('permissions', () => {
  const permissions = new Permissions([
    { action: 'read', path: '~lecture/.*' },
    { action: 'publish', path: 'hall' },
    { action: 'metrics', path: '' },
    { action: 'playback', path: '' },
  ])
  for (const [action, path, expected] of [
    ['read', 'lecture/1', true],
    ['read', 'my/lecture/1', false],
    ['publish', 'hall', true],
    ['publish', 'hall-2', false],
    ['publish', 'lecture/1', false],
    ['metrics', '', true],
    ['playback', 'any/path', true],
    ['api', '', false],
  ] as const)
    test(`${action} ${path}: ${expected}`, () => assert.equal(permissions.allow(action, path), expected))
})

describe('claims', () => {
  test('of the query, but where a header says it', () => {
    assert.deepEqual(claimsOf({ query: 'user=a%20b&pass=c' }), { user: 'a b', password: 'c', token: '', isNamed: true })
    assert.deepEqual(claimsOf({ user: 'x', password: 'y', query: 'user=a&pass=c&jwt=t' }), { user: 'x', password: 'y', token: 't', isNamed: true })
    assert.deepEqual(claimsOf({ query: 'key=k' }).token, 'k')
    assert.deepEqual(claimsOf({}), { user: '', password: '', token: '', isNamed: false })
    assert.deepEqual(claimsOf({ token: 'x'.repeat(9000) }), { user: '', password: '', token: '', isNamed: true })
  })
})

test('Digest, RFC 7616 section 3.9.1 with our realm', () => {
  const ha1 = makeHa1('Mufasa', 'Circle of Life')
  const proof = { username: 'Mufasa', realm: 'Millrace', nonce: 'n', uri: '/dir', method: 'DESCRIBE', algorithm: 'MD5' } as const
  assert.equal(ha1.md5, 'c91573a04e493fbdd7a33643e675478c')
  // By md5sum, of HA1:n:md5(DESCRIBE:/dir).
  const response = '038812a64edce1ebdba6e5cd18211ce1'
  assert.equal(checkDigest({ ...proof, response }, ha1), true)
  assert.equal(checkDigest({ ...proof, response: response.toUpperCase() }, ha1), true)
  assert.equal(checkDigest({ ...proof, response, nonce: 'm' }, ha1), false)
  assert.equal(checkDigest({ ...proof, response, realm: 'other' }, ha1), false)
  assert.equal(checkDigest({ ...proof, response: '' }, ha1), false)
  assert.equal(checkDigest({ ...proof, response, algorithm: 'SHA-256' }, ha1), false)
})

describe('passes', () => {
  let stamp = 'hash'
  const passes = new Passes(() => stamp)
  const grant = { action: 'read', path: 'hall', user: 'ann' } as const
  const pass = passes.issue(grant, 1000)

  test('are for one action and one path, until they end', () => {
    assert.equal(passes.check(pass, 'read', 'hall', 2000)?.user, 'ann')
    assert.equal(passes.check(pass, 'publish', 'hall', 2000), undefined)
    assert.equal(passes.check(pass, 'read', 'hall-2', 2000), undefined)
    assert.equal(passes.check(pass, 'read', 'hall', 1000 + 13 * 3_600_000), undefined)
    assert.equal(passes.check(passes.issue({ ...grant, expiresAt: 5000 }, 1000), 'read', 'hall', 5001), undefined)
  })

  test('cannot be changed, made elsewhere, or be anything', () => {
    const [mark, payload = '', signature = ''] = pass.split('.')
    const other = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('hall', 'hell')).toString('base64url')
    for (const forged of [
      `${mark}.${other}.${signature}`,
      `${mark}.${payload}.`,
      'mp1.',
      'mp1..',
      `mp1.${payload}.${'é'.repeat(43)}`,
      new Passes(() => stamp).issue(grant, 1000),
    ])
      assert.equal(passes.check(forged, 'read', 'hall', 2000), undefined)
  })

  test('end with the password', () => {
    stamp = 'another hash'
    assert.equal(passes.check(pass, 'read', 'hall', 2000), undefined)
  })
})

describe('the throttle', () => {
  test('doubles the wait after some failures, and forgives', () => {
    const throttle = new Throttle('address')
    const waits = Array.from({ length: 8 }, () => {
      throttle.fail('a', 0)
      return throttle.waitMs('a', 0)
    })
    assert.deepEqual(waits, [0, 0, 0, 0, 0, 1000, 2000, 4000])
    assert.equal(throttle.waitMs('b', 0), 0)
    assert.equal(throttle.slowed(0), 1)
    assert.equal(throttle.waitMs('a', 4000), 0)
    throttle.fail('a', 600_000)
    assert.equal(throttle.waitMs('a', 600_000), 0)
    for (let failure = 0; failure < 100; failure++) throttle.fail('a', 600_000)
    assert.equal(throttle.waitMs('a', 600_000), 300_000)
  })

  test('holds a bounded number', () => {
    const throttle = new Throttle('address')
    for (let failure = 0; failure < 8; failure++) throttle.fail('first', 0)
    for (let address = 0; address < 20_000; address++) throttle.fail(`a${address}`, 1)
    assert.equal(throttle.waitMs('first', 1), 0)
  })
})
