import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { makeApiParts, TEST_VERSION } from '../../test/api/api-parts.ts'
import { EventBus } from '../net/event-bus.ts'
import { extraPaths } from './event-operation.ts'
import { openApiDocument } from './openapi.ts'
import { apiOperations } from './operations.ts'

const COPY = new URL('../../../../docs/openapi.json', import.meta.url)

const makeDocument = () => openApiDocument(TEST_VERSION, apiOperations(makeApiParts(new EventBus(assert.ifError), '/nowhere')), extraPaths)

test('the document is OpenAPI 3.1, by a validator', async () => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(makeDocument())))
  assert.ok(valid, JSON.stringify(errors, undefined, 1))
  assert.equal(validator.version, '3.1')
})

test('operations have ids of their own, and every schema that is referred to is there', () => {
  const text = JSON.stringify(makeDocument())
  const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id)
  assert.equal(new Set(ids).size, ids.length)
  const { components } = JSON.parse(text)
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) assert.ok(name in components.schemas, name)
  assert.doesNotMatch(text, /\$defs/)
})

test('docs/openapi.json is what the code describes (MILLRACE_WRITE_DOCS=1 with this test writes it)', async () => {
  const fresh = `${JSON.stringify(makeDocument(), undefined, 2)}\n`
  if (process.env.MILLRACE_WRITE_DOCS) await writeFile(COPY, fresh)
  assert.equal(await readFile(COPY, 'utf8'), fresh)
})
