import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hex } from '../../../test/hls/fixtures.ts'
import { SegmentWindow } from './segment-window.ts'

const INIT = { index: 0, bytes: hex('00') }

/** `parts` of one byte, each its number. */
const addSegment = (window: SegmentWindow, parts: number): void => {
  window.openSegment(INIT, false, 0)
  for (let i = 0; i < parts; i++) window.addPart(Uint8Array.of(window.nextPart), 0.2, i === 0)
  window.closeSegment()
}

describe('segment window', () => {
  const blocking: readonly (readonly [segment: number, part: number | undefined, has: boolean])[] = [
    [1, undefined, true],
    [2, undefined, true],
    [3, undefined, false],
    [2, 1, true],
    [2, 2, true],
    [3, 0, true],
    [3, 1, false],
    [4, 0, false],
    [0, 7, true],
  ]
  for (const [segment, part, has] of blocking) {
    it(`segment ${segment}, part ${part} ${has ? 'is there' : 'is to be waited for'}`, () => {
      const window = new SegmentWindow(7, 1000)
      addSegment(window, 2)
      addSegment(window, 2)
      window.openSegment(INIT, false, 0)
      window.addPart(hex('aa'), 0.2, true)
      assert.equal(window.has(segment, part), has)
    })
  }

  it('a part past the end of a segment is the first one of the next', () => {
    const window = new SegmentWindow(7, 1000)
    addSegment(window, 2)
    assert.equal(window.has(1, 2), false)
  })

  it('segments and parts go some time after they are no longer listed', () => {
    const window = new SegmentWindow(2, 1000)
    for (let i = 0; i < 7; i++) addSegment(window, 2)
    assert.deepEqual(
      window.segments.map((segment) => segment.index),
      [6, 7],
    )
    assert.deepEqual([window.segment(2), window.segment(3)], [undefined, Uint8Array.of(4, 5)])
    assert.deepEqual([window.part(3), window.part(4), window.part(14)], [undefined, Uint8Array.of(4), undefined])
  })

  it('a segment without parts leaves no trace', () => {
    const window = new SegmentWindow(2, 1000)
    window.openSegment(INIT, false, 0)
    window.closeSegment()
    addSegment(window, 1)
    assert.equal(window.segments[0]?.index, 1)
  })

  it('bytes are bounded', () => {
    const window = new SegmentWindow(10, 1000)
    for (let i = 0; i < 6; i++) {
      window.openSegment(INIT, i === 0, 0)
      window.addPart(new Uint8Array(30 * 1024 * 1024), 1, true)
      window.closeSegment()
    }
    assert.equal(window.segments.length, 4)
    assert.equal(window.discontinuitySequence, 1)
  })
})
