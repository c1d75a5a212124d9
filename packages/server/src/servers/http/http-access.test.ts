import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { makeServerContext } from '../../../test/server-context.ts'
import { addressOf } from './http-access.ts'

const LOCAL = '127.0.0.1'
const NOBODY = '0.0.0.0'

/** Of whom a request counts that comes from this machine. */
const isFrom = (headers: Readonly<Record<string, string>>, allowOrigins: readonly string[] = ['*']): string => {
  const access = { ...makeServerContext().access, allowOrigins, trustsProxy: () => false }
  return addressOf(access, { ip: LOCAL, headers: { host: '127.0.0.1:8889', ...headers }, socket: { remoteAddress: LOCAL } } as unknown as FastifyRequest).ip
}

test('a page of another site does not have the freedom of the machine that shows it', () => {
  assert.equal(isFrom({}), LOCAL)
  assert.equal(isFrom({ origin: 'http://127.0.0.1:8889', 'sec-fetch-site': 'same-origin' }), LOCAL)
  assert.equal(isFrom({ host: '[::1]:8889', origin: 'http://[::1]:8889' }), LOCAL)
  assert.equal(isFrom({ host: 'localhost:8889', origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }), LOCAL, 'a page of this machine')
  assert.equal(isFrom({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }), NOBODY)
  assert.equal(isFrom({ 'sec-fetch-site': 'cross-site' }), NOBODY)
  assert.equal(isFrom({ host: 'rebound.example' }), NOBODY)
  // Browsers say nothing of the site where the address is not trusted.
  for (const host of ['0.0.0.0:8889', '127.0.0.1:8889', 'localhost']) {
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1.evil.example'])
      assert.equal(isFrom({ host, origin }), NOBODY, `${origin} at ${host}`)
  }
  assert.equal(isFrom({ host: '0.0.0.0:8889', origin: 'http://good.example' }, ['http://good.example']), LOCAL)
})

test('what a proxy on this machine forwards is not of this machine', () => {
  for (const name of ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']) {
    assert.equal(isFrom({ [name]: '198.51.100.7' }), NOBODY, name)
  }
})
