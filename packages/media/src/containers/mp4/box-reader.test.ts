import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hex } from '../../../test/hls/fixtures.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { writeBox } from './box.ts'
import { BOX_CORPUS } from './box-reader.corpus.ts'
import { decodeBoxes, findBoxes } from './box-reader.ts'

describe('boxes', () => {
  for (const [name, bytes, code] of BOX_CORPUS) {
    it(name, () => assert.throws(() => decodeBoxes(hex(bytes)), { name: 'ProtocolError', code }))
  }

  it('sizes of 0 and 1', () => {
    const boxes = decodeBoxes(hex('00000001 66726565 0000000000000011 aa  00000000 6d646174 bbcc'))
    assert.deepEqual(boxes, [
      { type: 'free', body: hex('aa') },
      { type: 'mdat', body: hex('bbcc') },
    ])
  })

  it('what is written is read', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (bodies) => {
        const out = new ByteWriter(0)
        writeBox(out, 'moof', () => {
          for (const body of bodies) writeBox(out, 'traf', () => out.bytes(body))
        })
        assert.deepEqual(findBoxes(out.finish(), 'moof/traf'), bodies)
      }),
    )
  })

  it('arbitrary bytes are boxes or a fault', () => {
    const seeds = BOX_CORPUS.map(([, bytes]): [Uint8Array] => [hex(bytes)])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          findBoxes(bytes, 'moof/traf')
          decodeBoxes(bytes)
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error))
        }
      }),
      { examples: seeds },
    )
  })
})
