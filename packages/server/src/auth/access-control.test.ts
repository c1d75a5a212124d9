import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type AuthConfig, authSection } from '../config/sections/auth.ts'
import type { Log } from '../log/log.ts'
import type { AccessDecision, AccessRequest, Credentials } from '../net/access.ts'
import { EventBus, type ServerEvent } from '../net/event-bus.ts'
import { AccessControl } from './access-control.ts'
import { makeHa1 } from './digest.ts'
import { hashPassword } from './password-hash.ts'
import { UserStore } from './user-store.ts'

const PASSWORD = 'a long password'

describe('access control', () => {
  let folder: string
  let store: UserStore
  let pass: string
  let logged: string[]
  let events: ServerEvent[]

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-access-'))
    pass = await hashPassword(PASSWORD)
    store = new UserStore(folder)
    const permissions = [{ action: 'read' as const, path: 'hall' }]
    await store.update((content) => ({
      ...content,
      users: [
        { user: 'ann', pass, ips: [], permissions },
        { user: 'cam', pass, ha1: makeHa1('cam', PASSWORD), ips: ['10.0.0.0/8'], permissions },
      ],
    }))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const control = (config: unknown = {}): AccessControl => {
    logged = []
    events = []
    const line = (fields: object, message: string): void => void logged.push(JSON.stringify([fields, message]))
    const log: Log = { debug: line, info: line, warn: line, error: line, child: () => log }
    const bus = new EventBus((error) => {
      throw error
    })
    bus.subscribe((event) => events.push(event))
    return new AccessControl({ config: authSection.parse(config) satisfies AuthConfig, store, log, events: bus })
  }
  const ask = (access: AccessControl, credentials: Credentials, rest: Partial<AccessRequest> = {}): Promise<AccessDecision> =>
    access.authorize({ action: 'read', path: 'hall', protocol: 'http', ip: '192.0.2.7', credentials, ...rest })
  const isAllowed = async (...args: Parameters<typeof ask>): Promise<boolean> => (await ask(...args)).allowed

  it('this machine may do everything, unless it is told otherwise', async () => {
    for (const ip of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      assert.equal(await isAllowed(control(), {}, { ip, action: 'api' }), true)
      assert.equal(await isAllowed(control({ loopback: false }), {}, { ip, action: 'api' }), false)
    }
    assert.deepEqual(await ask(control(), {}), { allowed: false, challenge: true, reason: 'no credentials', offersDigest: false })
  })

  it('everybody from a network', async () => {
    const access = control({ users: [{ user: 'any', ips: ['192.0.2.0/24'], permissions: [{ action: 'read', path: '~h.*' }] }] })
    assert.equal(await isAllowed(access, {}), true)
    assert.equal(await isAllowed(access, {}, { ip: '198.51.100.1' }), false)
    assert.equal(await isAllowed(access, {}, { path: 'other' }), false)
    assert.equal(await isAllowed(access, {}, { action: 'publish' }), false)
  })

  it('a user, from where the user may come from, after a password that is right', async () => {
    const access = control()
    const cam = { user: 'cam', password: PASSWORD }
    assert.deepEqual(await ask(access, { user: 'ann', password: PASSWORD }), { allowed: true, user: 'ann' })
    assert.equal(await isAllowed(access, cam, { ip: '10.1.1.1' }), true)
    const denied = await ask(access, cam)
    assert.deepEqual(denied, { allowed: false, challenge: false, reason: 'cam may not read hall' })
  })

  it('many segments with Basic cost one computed password', async () => {
    const access = control()
    const decisions = await Promise.all(Array.from({ length: 50 }, () => isAllowed(access, { user: 'ann', password: PASSWORD })))
    assert.ok(decisions.every(Boolean))
    assert.equal(access.counters().passwordChecks, 1)
  })

  it('denials are counted, told and logged, without what was given; that there were no credentials is not told', async () => {
    const access = control()
    await ask(access, {})
    assert.deepEqual(events, [])
    await ask(access, { user: 'hunter2', password: 'hunter3', query: 'token=hunter4' })
    await ask(access, { user: 'ann', password: PASSWORD }, { action: 'publish' })
    await ask(access, { user: 'ann', password: PASSWORD }, { action: 'api', isProbe: true })
    assert.deepEqual(
      events.map(({ type, path, remote, reason }) => [type, path, remote, reason]),
      [
        ['access-denied', 'hall', '192.0.2.7', 'unknown user or wrong password'],
        ['access-denied', 'hall', '192.0.2.7', 'ann may not publish hall'],
      ],
    )
    assert.doesNotMatch(logged.join() + JSON.stringify(events), /hunter|a long password/)
    const { unauthorized, forbidden } = access.counters()
    assert.deepEqual([unauthorized, forbidden], [2, 1])
  })

  it('a flood of guesses is examined a few times, and others come in meanwhile', async () => {
    const access = control()
    assert.equal(await isAllowed(access, { user: 'ann', password: PASSWORD }, { ip: '198.51.100.1' }), true)
    const guesses = Array.from({ length: 40 }, (_, index) => ask(access, { user: 'ann', password: `guess ${index}` }))
    const [innocent] = await Promise.all([isAllowed(access, { user: 'ann', password: PASSWORD }, { ip: '198.51.100.2' }), ...guesses])
    assert.equal(innocent, true)
    const { throttled, passwordChecks } = access.counters()
    assert.equal(throttled, 34)
    assert.ok(passwordChecks <= 8, `${passwordChecks} passwords computed`)
    const blocked = await ask(access, { user: 'ann', password: PASSWORD })
    assert.ok(!blocked.allowed && (blocked.retryAfterMs ?? 0) > 0)
  })

  it('whoever says that somebody else asks is slowed alone, and named', async () => {
    const access = control()
    const [ip, source] = ['0.0.0.0', '198.51.100.3']
    for (let guess = 0; guess < 7; guess++) await ask(access, { user: 'ann', password: `wrong ${guess}` }, { ip, source })
    assert.equal(events[0]?.remote, source)
    assert.match(logged[0] ?? '', /198\.51\.100\.3/)
    assert.equal(await isAllowed(access, { user: 'ann', password: PASSWORD }, { ip, source }), false)
    assert.equal(await isAllowed(access, { user: 'ann', password: PASSWORD }, { ip, source: '198.51.100.4' }), true)
  })

  it('what a blocked address remembers does not tell which guess is right', async () => {
    const access = control()
    await ask(access, { user: 'ann', password: PASSWORD })
    for (let guess = 0; guess < 7; guess++) await ask(access, { user: 'ann', password: `wrong ${guess}` })
    assert.equal(await isAllowed(access, { user: 'ann', password: PASSWORD }), false)
  })

  it('a program that repeats a wrong password guesses once', async () => {
    const access = control()
    for (let attempt = 0; attempt < 20; attempt++) assert.equal(await isAllowed(access, { user: 'ann', password: 'wrong' }), false)
    assert.equal(access.counters().passwordChecks, 1)
    assert.equal(await isAllowed(access, { user: 'ann', password: PASSWORD }), true)
  })

  it('tokens by keys that are fetched once, and again for a key that is not known', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }]
    let fetches = 0
    const issuer = createServer((_request, response) => {
      fetches++
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => issuer.once('listening', resolve))
    const access = control({ method: 'jwt', jwt: { jwks: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/`, audience: 'millrace' } })
    const sign = (claims: Record<string, unknown>, kid = 'one'): Promise<string> =>
      new SignJWT({ sub: 'eve', aud: 'millrace', millrace_permissions: [{ action: 'read', path: 'hall' }], ...claims })
        .setProtectedHeader({ alg: 'ES256', kid })
        .sign(privateKey)
    const inAnHour = Math.floor(Date.now() / 1000) + 3600
    const token = await sign({ exp: inAnHour })
    assert.deepEqual(await ask(access, { token }), { allowed: true, user: 'eve', expiresAt: inAnHour * 1000 })
    assert.equal(await isAllowed(access, { query: `jwt=${token}` }), true)
    assert.equal(await isAllowed(access, { user: 'x', password: token }), true)
    assert.equal(fetches, 1)
    for (const [claims, reason] of [
      [{ exp: inAnHour - 7200 }, 'the token has expired'],
      [{ nbf: inAnHour }, "the token's claim nbf is not what it has to be"],
      [{ aud: 'other' }, "the token's claim aud is not what it has to be"],
      [{ millrace_permissions: undefined }, 'the token has no claim millrace_permissions or mediamtx_permissions with a list of action and path'],
      [
        { millrace_permissions: [{ action: 'read', path: '~(a+)+b' }] },
        'the token has no claim millrace_permissions or mediamtx_permissions with a list of action and path',
      ],
    ] as const) {
      const decision = await ask(access, { token: await sign(claims) })
      assert.equal(decision.allowed === false && decision.reason, reason)
    }
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`
    assert.equal(await isAllowed(access, { token: unsigned }), false)
    assert.equal(
      await isAllowed(access, { token: await sign({ exp: inAnHour, millrace_permissions: undefined, mediamtx_permissions: '[{"action":"read"}]' }) }),
      true,
    )
    issuer.close()
  })

  it('a wrong token is one guess, however often it comes', async () => {
    const access = control({ method: 'jwt', jwt: { secret: 's'.repeat(32) } })
    const sign = (secret: string): Promise<string> =>
      new SignJWT({ millrace_permissions: [{ action: 'read' }] }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret))
    const [right, wrong] = [await sign('s'.repeat(32)), await sign('x'.repeat(32))]
    await Promise.all(Array.from({ length: 20 }, () => isAllowed(access, { token: wrong }, { isProbe: true })))
    assert.equal(await isAllowed(access, { token: right }), true)
  })

  it('whoever may not see most paths of a list is no guesser; whoever tries passwords by it is', async () => {
    const backend = createServer(async (request, response) => {
      const { path, password } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { path: string; password: string }
      response.writeHead(path === 'hall' && password === PASSWORD ? 200 : 403).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => backend.once('listening', resolve))
    const access = control({ method: 'http', http: { address: `http://127.0.0.1:${(backend.address() as AddressInfo).port}/` } })
    const ann = { user: 'ann', password: PASSWORD }
    await Promise.all(Array.from({ length: 20 }, (_, index) => isAllowed(access, ann, { path: `other-${index}`, isProbe: true })))
    assert.equal(await isAllowed(access, ann), true)
    for (let guess = 0; guess < 6; guess++) await isAllowed(access, { user: 'ann', password: `guess ${guess}` }, { isProbe: true })
    const blocked = await ask(access, ann)
    assert.ok(!blocked.allowed && (blocked.retryAfterMs ?? 0) > 0)
    backend.close()
  })

  it('Digest does not tell which users there are', async () => {
    const access = control()
    const proof = { realm: 'Millrace', nonce: 'n', uri: 'rtsp://host/hall', method: 'DESCRIBE', algorithm: 'MD5' } as const
    for (let guess = 0; guess < 8; guess++) {
      const [known, unknown] = await Promise.all(
        ['ann', 'nobody'].map((username) => ask(access, { digest: { ...proof, username, response: `${guess}` } }, { ip: '10.0.0.9', protocol: 'rtsp' })),
      )
      assert.deepEqual({ ...known, reason: '' }, { ...unknown, reason: '' })
    }
  })

  it('passes end with what the user may do', async () => {
    const access = control()
    const token = access.issuePass({ action: 'read', path: 'hall', user: 'ann' })
    assert.equal(await isAllowed(access, { token }), true)
    assert.equal(await isAllowed(access, { token }, { path: 'other' }), false)
    await store.update((content) => ({ ...content, users: content.users.map((user) => (user.user === 'ann' ? { ...user, permissions: [] } : user)) }))
    assert.equal(await isAllowed(access, { token }), false)
  })
})
