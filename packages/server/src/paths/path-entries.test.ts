import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseConfig } from '../config/load-config.ts'
import { PathEntries } from './path-entries.ts'

const entriesOf = (paths: string): PathEntries => {
  const { paths: entries, pathDefaults: defaults } = parseConfig('millrace.yml', paths)
  return new PathEntries({ entries, defaults })
}

const SOME = `
paths:
  ~cam(\\d+): { source: "rtsp://10.0.0.$G1/first", sourceOnDemand: true }
  cam7: { rtspTransport: udp }
  ~cam.*: { rtspTransport: tcp }
  ~(\\w+)/(\\w+): { source: "rtsp://10.0.0.1/$G2?of=$G0&in=$G1", sourceOnDemand: true }
`

describe('which entry a name belongs to', () => {
  const CASES: readonly (readonly [name: string, found: string | undefined])[] = [
    // The exact name goes before the patterns, whatever the order.
    ['cam7', 'udp undefined'],
    // The first pattern that matches all of the name.
    ['cam8', 'auto rtsp://10.0.0.8/first'],
    ['camera', 'tcp undefined'],
    ['mycam8', undefined],
    ['a/b', 'auto rtsp://10.0.0.1/b?of=a/b&in=a'],
    ['elsewhere', undefined],
    ['cam8/..', undefined],
    ['', undefined],
    ['a//b', undefined],
    ['~cam.*', undefined],
  ]
  for (const [name, found] of CASES) {
    test(`${name || 'an empty name'}: ${found ?? 'none'}`, () => {
      const path = entriesOf(SOME).resolve(name)
      assert.equal(path && `${path.config.rtspTransport} ${path.config.source}`, found)
    })
  }

  test('all_others is for the rest; without any entry all names have the defaults', () => {
    const rest = entriesOf(`${SOME}  all_others: { source: "rtsp://10.0.0.9/$G0", sourceOnDemand: true }`)
    assert.equal(rest.resolve('else/where/x')?.config.source, 'rtsp://10.0.0.9/else/where/x')
    const open = entriesOf('pathDefaults: { rtspTransport: tcp }')
    assert.deepEqual([open.resolve('any/name')?.config.rtspTransport, open.resolve('..')], ['tcp', undefined])
  })

  test('a name cannot lead a file source out of its folder', () => {
    const files = entriesOf('paths: { "~f(.*)-(.*)": { source: "file:clips/$G1$G2/x.mp4", sourceOnDemand: true } }')
    assert.equal(files.resolve('fa-b')?.config.source, 'file:clips/ab/x.mp4')
    for (const name of ['f.-.', 'fa/.-.', 'f..-', 'f.-', 'f-.']) assert.equal(files.resolve(name), undefined, name)
    fc.assert(
      fc.property(fc.stringMatching(/^f[.\-/~\w]{0,12}-[.\-/~\w]{0,12}$/), (name) => {
        assert.doesNotMatch(files.resolve(name)?.config.source ?? '', /\/\.{1,2}\//)
      }),
    )
  })

  test('remembers a bounded number of names, and does not mix them up', () => {
    const entries = entriesOf(SOME)
    for (let i = 0; i < 5000; i++) assert.equal(entries.resolve(`cam${i}x`)?.config.rtspTransport, 'tcp')
    assert.equal(entries.resolve('cam8')?.config.source, 'rtsp://10.0.0.8/first')
  })
})
