import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { maskedPlaces, maskSecrets, mergePatch, unmaskSecrets } from './mask.ts'

const DOCUMENT = {
  rtsp: { port: 8554, key: '/etc/tls.key' },
  webrtc: { iceServers: [{ urls: ['turn:t.example'], username: 'me', credential: 'turn-secret' }] },
  auth: { jwt: { secret: 'shared', jwks: 'https://me:word@id.example/keys' }, users: [{ user: 'ann', pass: '$argon2id$x' }] },
  paths: { hall: { source: 'rtsp://cam:word@192.0.2.1/x' }, clip: { source: 'file:a.mp4' } },
}

describe('secrets of a configuration', () => {
  const masked = maskSecrets(DOCUMENT)

  it('are not shown, and nothing else is hidden', () => {
    assert.deepEqual(masked, {
      rtsp: { port: 8554, key: '/etc/tls.key' },
      webrtc: { iceServers: [{ urls: ['turn:t.example'], username: 'me', credential: '***' }] },
      auth: { jwt: { secret: '***', jwks: 'https://***@id.example/keys' }, users: [{ user: 'ann', pass: '***' }] },
      paths: { hall: { source: 'rtsp://***@192.0.2.1/x' }, clip: { source: 'file:a.mp4' } },
    })
  })

  it('stay when they come back as they were shown, and change when they do not', () => {
    assert.deepEqual(unmaskSecrets(masked, DOCUMENT), DOCUMENT)
    const changed = unmaskSecrets({ auth: { jwt: { secret: 'new' } }, paths: { hall: { source: 'rtsp://***@192.0.2.1/other' } } }, DOCUMENT)
    assert.deepEqual(changed, { auth: { jwt: { secret: 'new' } }, paths: { hall: { source: 'rtsp://***@192.0.2.1/other' } } })
    assert.deepEqual(maskedPlaces(changed, 'body'), ['body.paths.hall.source'])
    assert.deepEqual(maskedPlaces(DOCUMENT, 'body'), [])
  })

  it('follow the entry of a list that they belong to', () => {
    const users = [
      { user: 'ann', pass: '$argon2id$a' },
      { user: 'bob', pass: '$argon2id$b' },
    ]
    const next = [
      { user: 'bob', pass: '***', ips: ['10.0.0.1'] },
      { user: 'eve', pass: '***' },
      { user: 'ann', pass: '***' },
    ]
    const found = unmaskSecrets({ users: next }, { users })
    assert.deepEqual(found, {
      users: [
        { user: 'bob', pass: '$argon2id$b', ips: ['10.0.0.1'] },
        { user: 'eve', pass: '***' },
        { user: 'ann', pass: '$argon2id$a' },
      ],
    })
    assert.deepEqual(maskedPlaces(found, 'body'), ['body.users.1.pass'])
  })
})

it('patches are those of RFC 7396, appendix A', () => {
  const cases: readonly [target: unknown, patch: unknown, result: unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  for (const [target, patch, result] of cases) assert.deepEqual(mergePatch(target, patch), result)
})
