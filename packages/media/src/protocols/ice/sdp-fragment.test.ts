import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeSdpFragment, encodeSdpFragment } from './sdp-fragment.ts'

/** RFC 9725 section 4.3.2, its first example, with a line for a second section. */
const RFC9725_TRICKLE = `a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1
a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw network-id 2
a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw network-id 1
a=candidate:2154773085 1 udp 2122129151 nonsense:: 61766 typ host
a=end-of-candidates
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:1
`

test('a fragment of RFC 9725: its credentials and the candidates that can be used', () => {
  const fragment = decodeSdpFragment(RFC9725_TRICKLE.replaceAll('\n', '\r\n'))
  assert.equal(fragment.ufrag, 'EsAw')
  assert.equal(fragment.password, 'P2uYro0UCOQ4zxjKXaWCBui1')
  assert.equal(fragment.mediaLine, 'audio 9 UDP/TLS/RTP/SAVPF 111')
  assert.equal(fragment.mid, '0')
  assert.ok(fragment.endOfCandidates)
  assert.deepEqual(
    fragment.candidates.map(({ address, port, tcpType }) => [address, port, tcpType]),
    [
      ['192.0.2.1', 61764, undefined],
      ['198.51.100.2', 61765, undefined],
      ['192.0.2.1', 9, 'active'],
    ],
  )
})

for (const [what, text] of [
  ['no line of SDP', '{}'],
  ['a short user name', 'a=ice-ufrag:abc'],
  ['a password of other characters', 'a=ice-ufrag:abcd\na=ice-pwd:0123456789 012345678901'],
  ['too many lines', 'a=x\n'.repeat(600)],
  ['too long', `a=${'x'.repeat(20_000)}`],
] as const) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => decodeSdpFragment(text),
      (error) => error instanceof ProtocolError && error.code === 'ice/bad-fragment',
    )
  })
}

const iceText = (least: number) => fc.string({ unit: fc.constantFrom(...'aZ09+/'), minLength: least, maxLength: 256 })

test('what is written is read, and breaks no line', () => {
  const port = fc.integer({ min: 0, max: 65535 })
  fc.assert(
    fc.property(iceText(4), iceText(22), port, fc.option(fc.constantFrom('0', 'video'), { nil: undefined }), (ufrag, password, port, mid) => {
      const mediaLine = mid && 'video 9 UDP/TLS/RTP/SAVPF 96 97'
      const written = encodeSdpFragment({ ice: { ufrag, password }, candidates: [`1 1 udp 1 192.0.2.1 ${port} typ host`], mediaLine, mid })
      const read = decodeSdpFragment(written)
      assert.deepEqual([read.ufrag, read.password, read.mid, read.candidates[0]?.port], [ufrag, password, mid, port])
      assert.equal(read.mediaLine, mediaLine ?? 'audio 9 RTP/AVP 0')
    }),
  )
})

test('any text is read or refused, and what is echoed is one line', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('m=audio 9 RTP/AVP 0', 'a=mid:0', 'a=ice-ufrag:abcd', 'a=candidate:', 'm=\u0000'),
    fc.string().map((s) => `a=mid:${s}`),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom('\r\n', '\n', '\r'), (lines, end) => {
      try {
        const { mediaLine, mid } = decodeSdpFragment(lines.join(end))
        assert.doesNotMatch(`${mediaLine}${mid}`, /[\r\n]/)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }),
  )
})
