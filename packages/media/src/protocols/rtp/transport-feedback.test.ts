import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeRtcp } from './rtcp.ts'
import { encodeTransportFeedback, MAX_FEEDBACK_PACKETS } from './transport-feedback.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text.replaceAll(' ', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
const HEAD = '00000001 00000002 fffe'

const CASES: readonly (readonly [what: string, packet: string, arrivalsMs: readonly (number | undefined)[]])[] = [
  // 4 packets, reference 1 (64 ms); a run of four small deltas: 0, 4, 8, 1 steps
  ['a run', `8fcd0006 ${HEAD}0004 00000105 2004 00040801 0000`, [64, 65, 67, 67.25]],
  // 5 packets in a vector of single bits: 1 0 1 1 0
  ['bits', `8fcd0006 ${HEAD}0005 00000100 ac00 040404 000000`, [65, undefined, 66, 67, undefined]],
  // 3 packets in a vector of pairs: small, large (-2 steps), none
  ['pairs, one that came before the other', `8fcd0006 ${HEAD}0003 00000100 d800 04 fffe 000000`, [65, 64.5, undefined]],
]

const BROKEN: readonly (readonly [what: string, packet: string, code: string])[] = [
  ['no deltas', `8fcd0005 ${HEAD}0004 00000105 2004 0004`, 'rtcp/truncated'],
  ['no chunks', `8fcd0004 ${HEAD}0004 00000105`, 'rtcp/truncated'],
  ['a run of nothing', `8fcd0005 ${HEAD}0004 00000105 2000 0000`, 'rtcp/transport-feedback'],
  ['a status that is reserved', `8fcd0005 ${HEAD}0004 00000105 6004 0000`, 'rtcp/transport-feedback'],
  ['too many packets', `8fcd0005 ${HEAD}ffff 00000105 1fff 1fff`, 'rtcp/transport-feedback'],
]

test('transport-wide feedback', async (t) => {
  for (const [what, packet, arrivalsMs] of CASES) {
    await t.test(what, () => {
      const [message] = decodeRtcp(bytes(packet))
      assert.ok(message?.type === 'transport-feedback')
      assert.deepEqual([message.senderSsrc, message.mediaSsrc, message.baseSeq, message.arrivalsMs], [1, 2, 0xfffe, arrivalsMs])
    })
  }
  for (const [what, packet, code] of BROKEN) await t.test(what, () => assert.throws(() => decodeRtcp(bytes(packet)), { code }))
})

test('what is encoded is decoded to the same', () => {
  const arrivals = fc
    .array(fc.option(fc.integer({ min: -30_000, max: 30_000 }), { nil: undefined, freq: 4 }), { minLength: 1, maxLength: 100 })
    .map((deltas) => {
      let steps = 4_000_000
      return deltas.map((delta) => (delta === undefined ? undefined : (steps += delta) / 4))
    })
  fc.assert(
    fc.property(arrivals, fc.nat(0xffff), (arrivalsMs, baseSeq) => {
      const feedback = { senderSsrc: 1, mediaSsrc: 2, feedbackCount: 255, baseSeq, arrivalsMs }
      assert.deepEqual(decodeRtcp(encodeTransportFeedback(feedback)), [{ type: 'transport-feedback', ...feedback }])
    }),
  )
})

test('any bytes are bounded feedback or a ProtocolError', () => {
  const mangled = fc
    .tuple(fc.constantFrom(...[...CASES, ...BROKEN].map(([, packet]) => bytes(packet))), fc.array(fc.tuple(fc.nat(30), fc.nat(255)), { maxLength: 4 }))
    .map(([seed, changes]) => {
      const copy = new Uint8Array(seed)
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value
      return copy
    })
  const noise = fc.uint8Array({ maxLength: 120 }).map((body) => {
    const words = body.length >> 2
    return Uint8Array.of(0x8f, 205, 0, words, ...body.subarray(0, words * 4))
  })
  fc.assert(
    fc.property(fc.oneof(mangled, noise), (input) => {
      try {
        for (const message of decodeRtcp(input)) if (message.type === 'transport-feedback') assert.ok(message.arrivalsMs.length <= MAX_FEEDBACK_PACKETS)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
    { numRuns: 500 },
  )
})
