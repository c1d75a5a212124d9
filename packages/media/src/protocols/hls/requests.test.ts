import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { parseBlockingReload } from './blocking-reload.ts'
import { parseResourceName, ResourceNames } from './resource-names.ts'

describe('blocking reload', () => {
  it('segment, and part', () => {
    assert.equal(parseBlockingReload({}), undefined)
    assert.deepEqual(parseBlockingReload({ _HLS_msn: '12' }), { segment: 12, part: undefined })
    assert.deepEqual(parseBlockingReload({ _HLS_msn: '12', _HLS_part: '0' }), { segment: 12, part: 0 })
  })

  const faults: readonly { readonly [name: string]: unknown }[] = [
    { _HLS_part: '1' },
    { _HLS_msn: '' },
    { _HLS_msn: '-1' },
    { _HLS_msn: '1e3' },
    { _HLS_msn: ['1', '2'] },
    { _HLS_msn: '1', _HLS_part: 'x' },
    { _HLS_msn: '9999999999999999' },
  ]
  for (const query of faults) {
    it(`${JSON.stringify(query)} is refused`, () => assert.throws(() => parseBlockingReload(query), { code: 'hls/directive' }))
  }

  it('any query is a request or a fault', () => {
    const value: fc.Arbitrary<unknown> = fc.oneof(fc.string(), fc.array(fc.string()), fc.integer(), fc.constant(undefined))
    fc.assert(
      fc.property(fc.record({ _HLS_msn: value, _HLS_part: value }), (query) => {
        try {
          parseBlockingReload(query)
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
        }
      }),
      { examples: faults.map(({ _HLS_msn, _HLS_part }) => [{ _HLS_msn, _HLS_part }]) },
    )
  })
})

describe('resource names', () => {
  it('are read as they are written', () => {
    const names = new ResourceNames('0a9')
    assert.deepEqual(parseResourceName(names.playlist), { kind: 'playlist', run: '0a9', index: 0 })
    assert.deepEqual(parseResourceName(names.init(2)), { kind: 'init', run: '0a9', index: 2 })
    assert.deepEqual(parseResourceName(names.segment(31)), { kind: 'segment', run: '0a9', index: 31 })
    assert.deepEqual(parseResourceName(names.part(0)), { kind: 'part', run: '0a9', index: 0 })
  })

  for (const name of ['index.m3u8', 'media-a-1.m3u8', 'media-a.mp4', 'segment-a.mp4', 'segment-a-1.m3u8', 'part-A-1.mp4', 'part-a--1.mp4', 'x/part-a-1.mp4']) {
    it(`${name} is none`, () => assert.equal(parseResourceName(name), undefined))
  }
})
