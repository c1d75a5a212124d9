import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parseConfig } from './load-config.ts'
import { guideWithKeys, missingInExample, schemaFileText } from './published.ts'
import { configReference } from './reference.ts'

const file = (name: string) => readFileSync(new URL(`../../../../${name}`, import.meta.url), 'utf8')
const REMEDY = 'run node scripts/config-reference.mjs'

describe('what follows from the schema', () => {
  test('every key is described', () => {
    assert.deepEqual(
      configReference().filter(({ text }) => text === ''),
      [],
    )
  })

  test('millrace.schema.json is fresh', () => assert.equal(file('millrace.schema.json'), schemaFileText(), REMEDY))

  test('the guide has every key', () => {
    const guide = file('docs/7-configuration.md')
    assert.equal(guide, guideWithKeys(guide), REMEDY)
  })

  test('the example has every key, with its default', () => {
    const example = file('millrace.example.yml')
    assert.deepEqual(missingInExample(example), [])
    assert.deepEqual(parseConfig('millrace.example.yml', example), parseConfig('none', ''))
    const uncommented = example
      .replace('paths: {}', 'paths:')
      .replaceAll(/^# {2}/gm, '  ')
      .replace('tls: {}', 'tls:')
    assert.deepEqual(Object.keys(parseConfig('uncommented', uncommented).paths), ['lecture/hall-1', 'clip', '~cameras/(\\d+)', 'all_others'])
    assert.match(example, /^# yaml-language-server: \$schema=/)
  })
})
