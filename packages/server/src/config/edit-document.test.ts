import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { documentOf, editDocument } from './edit-document.ts'

const TEXT = `# The institution's server.
host: 0.0.0.0 # all of IPv4

rtsp:
  port: 8554 # as always
  # not from outside
  rtpPort: 8000

paths:
  # the old hall
  hall-1: { source: "rtsp://192.0.2.1/a" } # Axis
  hall-2:
    source: rtsp://192.0.2.2/b
`

describe('editDocument', () => {
  const edit = (change: (document: { [key: string]: unknown }) => void, text = TEXT): string => {
    const next = structuredClone(documentOf(text))
    change(next)
    return editDocument('millrace.yml', text, next)
  }

  test('leaves as it is written what stays the same', () =>
    assert.equal(
      edit(() => {}),
      TEXT,
    ))

  test('changes a value beside its comment', () => {
    const edited = edit((document) => {
      document.host = '127.0.0.1'
      document.rtsp = { port: 9554, rtpPort: 8000 }
    })
    assert.equal(edited, TEXT.replace('0.0.0.0 #', '127.0.0.1 #').replace('8554', '9554'))
  })

  test('adds and removes keys, paths and sections', () => {
    const edited = edit((document) => {
      document.rtsp = undefined
      document.paths = {
        'hall-1': { source: 'rtsp://192.0.2.1/a', sourceOnDemand: true },
        '~cam(\\d+)': { source: 'rtsp://192.0.2.$G1/x', sourceOnDemand: true },
      }
    })
    assert.match(edited, /^# The institution's server\.\nhost: 0\.0\.0\.0 # all of IPv4\n/)
    assert.match(edited, /# the old hall\n {2}hall-1: \{ source: "rtsp:\/\/192\.0\.2\.1\/a", sourceOnDemand: true \} # Axis\n/)
    assert.doesNotMatch(edited, /hall-2|rtsp:\n/)
    assert.deepEqual((documentOf(edited).paths as object)['~cam(\\d+)' as never], { source: 'rtsp://192.0.2.$G1/x', sourceOnDemand: true })
  })

  test('begins a file that is empty or has comments only', () => {
    assert.equal(
      edit((document) => (document.host = '::'), ''),
      'host: "::"\n',
    )
    assert.match(
      edit((document) => (document.host = '::1'), '# nothing yet\n'),
      /# nothing yet\n\nhost: ::1|# nothing yet\nhost: ::1|"::1"/,
    )
  })

  test('says where aliases stand in the way', () => {
    const text = 'paths:\n  a: &a { source: rtsp://192.0.2.1/a }\n  b: *a\n'
    assert.match(
      edit((document) => (document.host = '::1'), text),
      /b: \*a/,
    )
    assert.throws(
      () => edit((document) => (document.paths = { b: { source: 'rtsp://192.0.2.1/a' } }), text),
      /millrace\.yml: cannot be changed by a program, because of the aliases/,
    )
  })

  test('any change comes out as it went in', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }))
    const section = fc.dictionary(fc.stringMatching(/^[\w~$^/-]{1,8}$/), fc.oneof(leaf, fc.dictionary(fc.stringMatching(/^[\w-]{1,5}$/), leaf)), { maxKeys: 4 })
    const documents = fc.tuple(section, section)
    fc.assert(
      fc.property(documents, ([before, next]) => {
        const text = editDocument('a', '', before)
        assert.deepEqual(documentOf(editDocument('a', text, next)), JSON.parse(JSON.stringify(next)))
      }),
      // A path may have the name of what all objects have.
      { examples: [[[{ toString: {} }, { valueOf: {} }]]] },
    )
  })
})
