import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { makeApiParts, TEST_VERSION } from '../../test/api/api-parts.ts'
import type { Document, DocumentOperation, DocumentSchema } from '../../test/api/document.ts'
import { makeServerContext } from '../../test/server-context.ts'
import type { Running } from '../net/context.ts'
import { startApiServer } from './api-server.ts'
import { apiOperations } from './operations.ts'

const PCMU = { kind: 'audio', name: 'pcmu', clockRate: 8000, channels: 1 } as const
const PATH = 'lecture/hall-1'

const NEW_USER = { password: 'hunter2-hunter2', permissions: [{ action: 'publish', path: '~live/.*' }], ips: ['10.0.0.0/8'], digest: true }

describe('every operation of the OpenAPI document', () => {
  let server: Running & { readonly port: number }
  let document: Document
  let session = ''
  let folder = ''
  let restart = (): void => {}

  before(async () => {
    const context = makeServerContext()
    folder = await mkdtemp(join(tmpdir(), 'millrace-api-'))
    const parts = makeApiParts(context.events, folder, { logLevel: 'info', paths: { [PATH]: { source: 'rtsp://me:hunter2@192.0.2.1/x' } } })
    // Operations end sessions and take entries away: each case begins with both there.
    restart = () => {
      for (const { publisher } of parts.hub.list()) publisher?.close('another test begins')
      const publication = parts.hub.publish(PATH, [PCMU], 'units', { protocol: 'rtsp', remote: '192.0.2.1:2', close: () => publication.close(0) }, 0)
      const client = {
        protocol: 'rtsp',
        remote: '192.0.2.9:1',
        transport: 'udp',
        user: 'ann',
        readCounters: () => ({ bytesOut: 1, rttMs: 2.34 }),
        end() {},
      } as const
      publication.stream.addClient(client)
      session = parts.sessions.of(client)?.id ?? ''
    }
    await parts.users.save(PATH, { password: 'hunter2-hunter2', permissions: [{ action: 'read', path: '' }] })
    await parts.users.rotateKey(PATH)
    restart()
    await parts.config.apply({ ...parts.config.document(), demo: false }, 'file')
    server = await startApiServer(context, {
      host: '127.0.0.1',
      port: 0,
      version: TEST_VERSION,
      allowOrigins: [],
      operations: apiOperations(parts),
      isReady: () => true,
    })
    document = (await (await fetch(`http://127.0.0.1:${server.port}/v1/openapi.json`)).json()) as Document
    ajv.addSchema(document, 'api')
  })
  after(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)

  const operations = (): { method: string; path: string; operation: DocumentOperation }[] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    )

  /** What every request is held against: the document says what it may answer, and how that looks. */
  const call = async (method: string, path: string, operation: DocumentOperation, address: string, body?: unknown): Promise<number> => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`http://127.0.0.1:${server.port}${address}`, { method, headers, body: body === undefined ? null : text })
    const described = operation.responses[response.status]
    assert.ok(described, `${method} ${address}: ${response.status} is not described for ${path}`)
    const answer = await response.text()
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
    if (response.status === 204) assert.equal(answer, '')
    else {
      const place = ['paths', path, method.toLowerCase(), 'responses', String(response.status), 'content', type, 'schema']
      const schema = response.status >= 400 ? 'components/schemas/Problem' : place.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
      assert.ok(response.status >= 400 || described.content?.[type], `${method} ${address}: ${type} is not described`)
      assert.ok(ajv.validate({ $ref: `api#/${schema}` }, JSON.parse(answer)), `${method} ${address}: ${ajv.errorsText()} in ${answer}`)
    }
    if (response.status >= 400) assert.equal(type, 'application/problem+json')
    assert.doesNotMatch(answer, /hunter2/)
    return response.status
  }

  const known: Readonly<Record<string, string>> = { name: PATH, version: '1' }
  const rightValue = (name: string): string => (name === 'id' ? session : (known[name] ?? ''))
  const addressOf = (path: string, value: (name: string) => string): string => path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(value(name)))
  const isAsked = ({ operationId }: DocumentOperation): boolean => operationId !== 'events'

  it('answers as described when it is asked rightly', async () => {
    const statuses = new Set<number>()
    for (const { method, path, operation } of operations()) {
      if (!isAsked(operation)) continue
      restart()
      const isOfOtherProtocol = /rtmp|webrtc|hls/.test(operation.operationId) && path.includes('{id}')
      const value = operation.operationId.endsWith('Add') ? () => 'new/one' : rightValue
      const body = operation.operationId === 'usersAdd' ? NEW_USER : operation.requestBody?.required ? {} : undefined
      const status = await call(method, path, operation, addressOf(path, value), body)
      assert.ok(isOfOtherProtocol ? status === 404 : status < 300, `${method} ${path}: ${status}`)
      statuses.add(status)
      if (operation.operationId === 'configPathsDelete') await fetch(`http://127.0.0.1:${server.port}/v1/config/rollback/1`, { method: 'POST' })
    }
    assert.deepEqual([...statuses].sort(), [200, 204, 404])
  })

  it('takes every parameter within its bounds, and says what is wrong beyond them', async () => {
    for (const { method, path, operation } of operations()) {
      if (!isAsked(operation)) continue
      const address = addressOf(path, rightValue)
      const body = operation.requestBody?.required ? {} : undefined
      for (const parameter of (operation.parameters ?? []).filter((one) => one.in === 'query')) {
        for (const good of goodValues(parameter.schema)) assert.equal(await call(method, path, operation, `${address}?${parameter.name}=${good}`, body), 200)
        for (const bad of badValues(parameter.schema)) assert.equal(await call(method, path, operation, `${address}?${parameter.name}=${bad}`, body), 400)
      }
      if (operation.parameters?.some((one) => one.in === 'query')) assert.equal(await call(method, path, operation, `${address}?nonsense=1`, body), 400)
    }
  })

  it('says of each broken body what is wrong, and changes nothing', async () => {
    const before = await (await fetch(`http://127.0.0.1:${server.port}/v1/config/history/list`)).text()
    for (const { method, path, operation } of operations()) {
      if (!operation.requestBody) continue
      restart()
      for (const broken of ['{', '[]', '1', 'null', '"text"']) {
        const status = await call(method, path, operation, addressOf(path, rightValue), broken)
        // Where nothing has to be sent, null is nothing.
        const isNothing = broken === 'null' && !operation.requestBody.required
        if (!isNothing) assert.ok(status === 400 || status === 404, `${method} ${path} with ${broken}: ${status}`)
      }
    }
    assert.equal(await (await fetch(`http://127.0.0.1:${server.port}/v1/config/history/list`)).text(), before)
  })

  it('answers as described whatever it is asked', async () => {
    const anything = fc.record({
      index: fc.nat(),
      name: fc.string({ maxLength: 60, unit: 'binary' }),
      query: fc.string({ maxLength: 20 }),
      body: fc.jsonValue({ maxDepth: 2 }),
    })
    const property = fc.asyncProperty(anything, async ({ index, name, query, body }) => {
      const asked = operations().filter(({ operation }) => isAsked(operation))
      const one = asked[index % asked.length]
      assert.ok(one)
      // `.` and `..` are taken out of an address before it is sent.
      const address = addressOf(one.path, () => (/^\.*$/.test(name) ? 'x' : name.toWellFormed()))
      const wanted = one.operation.requestBody ? body : undefined
      const status = await call(one.method, one.path, one.operation, `${address}?${new URLSearchParams({ page: query })}`, wanted)
      assert.ok(status < 500)
    })
    await fc.assert(property, { numRuns: 300 })
  })
})

const goodValues = ({ type, minimum = 0, maximum = 10, enum: values }: DocumentSchema): string[] =>
  values ? [...values] : type === 'integer' ? [String(minimum), String(maximum)] : ['x']

const badValues = ({ type, minimum = 0, maximum = 10, maxLength, enum: values }: DocumentSchema): string[] => {
  if (values) return ['nonsense', '']
  if (type === 'integer') return [String(minimum - 1), String(maximum + 1), '1.5', 'x']
  return maxLength === undefined ? [] : ['x'.repeat(maxLength + 1)]
}
