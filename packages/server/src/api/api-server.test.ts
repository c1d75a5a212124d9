import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeApiParts, TEST_VERSION } from '../../test/api/api-parts.ts'
import { makeServerContext } from '../../test/server-context.ts'
import type { AccessDecision, AccessRequest } from '../net/access.ts'
import type { Running, ServerContext } from '../net/context.ts'
import { OPEN_ACCESS } from '../net/open-access.ts'
import { startApiServer } from './api-server.ts'
import { apiOperations } from './operations.ts'

describe('the API server', () => {
  let folder: string
  let context: ServerContext
  let server: Running & { readonly port: number }
  let decision: AccessDecision = { allowed: true, user: 'ann' }
  let isReady = true
  const asked: AccessRequest[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-api-'))
    const authorize = async (one: AccessRequest): Promise<AccessDecision> => {
      asked.push(one)
      return decision
    }
    context = makeServerContext({ access: { ...OPEN_ACCESS, authorize } })
    const operations = apiOperations(makeApiParts(context.events, folder))
    const allowOrigins = ['https://admin.example']
    server = await startApiServer(context, { host: '127.0.0.1', port: 0, version: TEST_VERSION, allowOrigins, operations, isReady: () => isReady })
  })
  after(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`, init)
  /** fetch sets these headers itself. */
  const getWith = (path: string, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: server.port, path, headers, agent: false }, (response) => resolve(response.resume().statusCode ?? 0))
        .on('error', reject)
        .end()
    })

  it('asks who may use it, with the credentials that came', async () => {
    const basic = `Basic ${Buffer.from('ann:a:b').toString('base64')}`
    await get('/v1/info', { headers: { authorization: basic, 'user-agent': 'test/1' } })
    await get('/v1/info', { headers: { authorization: 'Bearer abc.def' } })
    const [first, second] = asked.splice(0)
    assert.deepEqual(first, {
      action: 'api',
      path: '',
      protocol: 'api',
      ip: '127.0.0.1',
      userAgent: 'test/1',
      credentials: { user: 'ann', password: 'a:b' },
    })
    assert.deepEqual(second?.credentials, { token: 'abc.def' })
  })

  const DENIALS: readonly [AccessDecision, number, string, string | null][] = [
    [{ allowed: false, reason: 'x', challenge: true }, 401, 'www-authenticate', 'Basic realm="Millrace", charset="UTF-8"'],
    [{ allowed: false, reason: 'x', challenge: false }, 403, 'www-authenticate', null],
    [{ allowed: false, reason: 'x', challenge: true, retryAfterMs: 1500 }, 429, 'retry-after', '2'],
  ]
  for (const [denial, status, header, value] of DENIALS) {
    it(`answers ${status} where access is denied, also for the document and the events`, async () => {
      decision = denial
      for (const path of ['/v1/info', '/v1/openapi.json', '/v1/events']) {
        const response = await get(path)
        assert.deepEqual([response.status, response.headers.get(header)], [status, value])
        assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
      }
      decision = { allowed: true, user: '' }
    })
  }

  it('keeps web pages of other origins out, and those of names that lead here', async () => {
    assert.equal(await getWith('/v1/info', { origin: 'https://elsewhere.example' }), 403)
    assert.equal(await getWith('/v1/info', { host: 'rebound.example:9997' }), 403)
    assert.equal(await getWith('/v1/info', { host: 'rebound.example:9997', authorization: 'Bearer x' }), 200)
    assert.equal(await getWith('/v1/info', { host: 'localhost:9997' }), 200)
    assert.equal(await getWith('/v1/info', { host: '[::1]:9997' }), 200)
    const allowed = await get('/v1/info', { headers: { origin: 'https://admin.example' } })
    assert.deepEqual([allowed.status, allowed.headers.get('access-control-allow-origin')], [200, 'https://admin.example'])
    assert.equal((await get('/v1/info', { method: 'OPTIONS', headers: { origin: 'https://admin.example' } })).status, 204)
  })

  it('does not take a proxy of this machine for the machine itself', async () => {
    asked.length = 0
    await getWith('/v1/info', { 'x-forwarded-for': '198.51.100.7' })
    await getWith('/v1/info', {})
    assert.deepEqual(
      asked.map(({ ip }) => ip),
      ['0.0.0.0', '127.0.0.1'],
    )
  })

  it('says what is wrong with a request', async () => {
    const wrong = await get('/v1/info', { method: 'PUT' })
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET'])
    assert.equal((await get('/v1/nothing')).status, 404)
    const text = await get('/v1/config/global/patch', { method: 'PATCH', body: '{}', headers: { 'content-type': 'text/plain' } })
    assert.equal(text.status, 415)
    const large = await get('/v1/config/global/patch', { method: 'PATCH', body: ' '.repeat(3_000_000), headers: { 'content-type': 'application/json' } })
    assert.equal(large.status, 413)
    assert.match((await large.json()).detail, /at most 2097152 bytes/)
  })

  it('tells those who watch over the process, without credentials', async () => {
    decision = { allowed: false, reason: 'x', challenge: true }
    assert.deepEqual([(await get('/live')).status, (await get('/ready')).status], [200, 200])
    isReady = false
    assert.deepEqual([(await get('/live')).status, (await get('/ready')).status], [200, 503])
    isReady = true
    decision = { allowed: true, user: '' }
  })

  describe('its event stream', () => {
    const listen = async (query = '', headers: Record<string, string> = {}) => {
      const response = await get(`/v1/events${query}`, { headers })
      assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/event-stream'])
      assert.ok(response.body)
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      const until = async (pattern: RegExp): Promise<string> => {
        while (!pattern.test(text)) {
          const { value, done } = await reader.read()
          assert.ok(!done, `the stream ended: ${text}`)
          text += value
        }
        return text
      }
      await until(/\n\n/)
      return { until, end: () => reader.cancel() }
    }
    const happen = (path: string, type: 'path-ready' | 'path-not-ready' = 'path-ready'): void => context.events.publish({ type, path })

    it('tells what happens, filtered by type and path', async () => {
      const [all, some] = [await listen(), await listen('?types=path-not-ready,error&path=b')]
      happen('a')
      happen('b')
      happen('b', 'path-not-ready')
      const text = await all.until(/path-not-ready/)
      assert.match(text, /event: path-ready\nid: \w+-1\ndata: \{"at":".*Z","type":"path-ready","path":"a"\}\n\n/)
      assert.deepEqual(
        [...(await some.until(/path-not-ready.*\n\n/s)).matchAll(/^event: (.*)$/gm)].map(([, type]) => type),
        ['path-not-ready'],
      )
      await Promise.all([all.end(), some.end()])
    })

    it('goes on where a lost connection ended, and says when it cannot', async () => {
      const first = await listen()
      happen('c')
      const id = /id: (\w+-\d+)\ndata: .*"path":"c"/.exec(await first.until(/"path":"c".*\n\n/s))?.[1] ?? ''
      await first.end()
      happen('d')
      happen('e')
      const second = await listen('', { 'last-event-id': id })
      const missed = await second.until(/"path":"e".*\n\n/s)
      assert.deepEqual(
        [...missed.matchAll(/"path":"(\w)"/g)].map(([, path]) => path),
        ['d', 'e'],
      )
      await second.end()
      const lost = await listen('', { 'last-event-id': 'other-3' })
      assert.match(await lost.until(/event: /), /event: gap\n/)
      await lost.end()
    })

    it('refuses a type that there is not', async () => {
      assert.equal((await get('/v1/events?types=path-ready,nonsense')).status, 400)
    })
  })
})
