import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { MAX_PATH_NAME } from '@millrace/media/hub/path-name.ts'
import fc from 'fast-check'
import { compilePathPattern } from './path-pattern.ts'

const faultOf = (key: string): string => {
  try {
    compilePathPattern(key)
    return 'none'
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

describe('compilePathPattern', () => {
  const MATCHES: readonly (readonly [key: string, name: string, groups: readonly string[] | undefined])[] = [
    ['~cam(\\d+)', 'cam12', ['cam12', '12']],
    ['~cam(\\d+)', 'mycam12', undefined],
    ['~cam(\\d+)', 'cam12/x', undefined],
    ['~^cam(\\d+)$', 'cam12', ['cam12', '12']],
    ['~a|b', 'ab', undefined],
    ['~(hall|room)-([a-z]+)/(.*)', 'hall-b/x/y', ['hall-b/x/y', 'hall', 'b', 'x/y']],
    ['~cam(?:era)?(\\d)?', 'camera', ['camera', '']],
    ['~(?<site>[^/]+)/[\\w\\]]{1,8}', 'north/cam', ['north/cam', 'north']],
    ['~([^/]+)/([^/]+)/([^/]+)/(.+)', 'a/b/c/d/e', ['a/b/c/d/e', 'a', 'b', 'c', 'd/e']],
    ['~(?:(\\w+)/)*x', 'a/b/x', ['a/b/x', 'b']],
  ]
  for (const [key, name, groups] of MATCHES) {
    test(`${key} and ${name}`, () => assert.deepEqual(compilePathPattern(key).match(name), groups))
  }

  const FAULTS: readonly (readonly [key: string, fault: RegExp])[] = [
    ['~cam(', /is no regular expression \(.+\)/],
    ['~a+|){2,5}b(', /is no regular expression/],
    ['~(a+)+b', /could take very long/],
    ['~(a|aa)*b', /could take very long/],
    ['~(.*)(.*)(.*)x', /could take very long/],
    ['~(.+)/(.+)/(.+)', /could take very long/],
    ['~.*.*a+x', /could take very long/],
    ['~(\\w+)*/', /could take very long/],
    ['~(\\w+/?)*x', /could take very long/],
    [`~${'a?'.repeat(40)}b`, /could take very long/],
    ['~((a{0,9}){0,9}){0,9}', /could take very long/],
    ['~(a)\\1', /may not refer back/],
    ['~(?=a)a', /may not look ahead/],
    ['~(?<!a)b', /may not look ahead or back/],
    [`~${'a'.repeat(MAX_PATH_NAME + 1)}`, /longer than/],
  ]
  for (const [key, fault] of FAULTS) test(`refuses ${key.slice(0, 40)}`, () => assert.match(faultOf(key), fault))

  test('the worst that is accepted does not stall', () => {
    for (const key of ['~.*.*x', '~(a|a|a)(a*)(a*)x', `~${'a?'.repeat(16)}x`]) {
      assert.equal(faultOf(key), 'none', key)
      // A stall of seconds would be ended by the timeout, with an error.
      runInNewContext(
        'match(name)',
        { match: new RegExp(`^(?:${key.slice(1)})$`).exec.bind(new RegExp(`^(?:${key.slice(1)})$`)), name: 'a'.repeat(MAX_PATH_NAME) },
        { timeout: 5000 },
      )
    }
  })

  test('any text is a pattern that matches in time, or a fault', () => {
    const part = fc.constantFrom('a', '.', '\\w', '[ab]', '(', '(?:', ')', '|', '*', '+', '?', '{2,5}', '{3}', '*?', '^', '$', '/', '\\', '[')
    const text = fc.array(fc.oneof({ weight: 9, arbitrary: part }, { weight: 1, arbitrary: fc.string() }), { maxLength: 14 }).map((parts) => parts.join(''))
    const names = ['a'.repeat(MAX_PATH_NAME), `${'ab/'.repeat(80)}x`]
    fc.assert(
      fc.property(text, (source) => {
        if (faultOf(`~${source}`) !== 'none') return
        const pattern = compilePathPattern(`~${source}`)
        for (const name of names) runInNewContext('match(name)', { match: pattern.match, name }, { timeout: 5000 })
      }),
      { numRuns: 1000 },
    )
  })
})
