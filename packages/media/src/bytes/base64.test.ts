import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBase64, encodeBase64 } from './base64.ts'

test('base64 agrees with the runtime’s own, with and without padding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = encodeBase64(bytes)
      assert.equal(text, Buffer.from(bytes).toString('base64'))
      assert.deepEqual(decodeBase64(text), bytes)
      assert.deepEqual(decodeBase64(text.replaceAll('=', '')), bytes)
    }),
  )
})

test('other letters and impossible lengths are not base64', () => {
  for (const text of ['Z2Q*', 'A', 'AAAA-', 'Z2QA=A==']) assert.equal(decodeBase64(text), undefined, text)
})
