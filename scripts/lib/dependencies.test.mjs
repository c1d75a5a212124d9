import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { staleness } from './dependencies.mjs'

const WANTED = {
  '': { version: '1.0.0' },
  'packages/media': { version: '1.0.0' },
  'node_modules/@millrace/media': { link: true },
  'node_modules/yaml': { version: '2.0.0' },
  'node_modules/a/node_modules/b': { version: '1.0.0' },
  'node_modules/node-other-platform': { version: '26.0.0', optional: true },
}
const INSTALLED = {
  'node_modules/@millrace/media': { link: true },
  'node_modules/yaml': { version: '2.0.0' },
  'node_modules/a/node_modules/b': { version: '1.0.0' },
}

describe('staleness', () => {
  test('what fits needs no installation, packages of other platforms aside', () => assert.equal(staleness(WANTED, INSTALLED), undefined))
  test('nothing installed', () => assert.match(staleness(WANTED, undefined) ?? '', /not installed yet/))
  test('a package is missing', () => {
    const { 'node_modules/a/node_modules/b': _, ...less } = INSTALLED
    assert.match(staleness(WANTED, less) ?? '', /^b is not installed/)
  })
  test('another version', () => assert.match(staleness(WANTED, { ...INSTALLED, 'node_modules/yaml': { version: '1.9.0' } }) ?? '', /^yaml is not/))
  test('an optional package of this platform in another version', () => {
    const old = { ...INSTALLED, 'node_modules/node-other-platform': { version: '25.0.0' } }
    assert.match(staleness(WANTED, old) ?? '', /^node-other-platform is not/)
  })
})
