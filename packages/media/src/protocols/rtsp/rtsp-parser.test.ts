import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { encodeUtf8 } from '../../bytes/utf8.ts'
import { headerOf, type RtspHeader } from './headers.ts'
import { encodeInterleaved, type InterleavedFrame } from './interleaved.ts'
import { encodeMessage, MAX_BODY_BYTES, MAX_HEAD_BYTES, MAX_HEADERS, type RtspMessage } from './message.ts'
import { corpusBytes, RTSP_CORPUS } from './rtsp.corpus.ts'
import { RtspParser } from './rtsp-parser.ts'

type Element = RtspMessage | InterleavedFrame

const parse = (pieces: Iterable<Uint8Array>): { elements: Element[]; parser: RtspParser } => {
  const parser = new RtspParser()
  const elements: Element[] = []
  for (const piece of pieces) {
    parser.push(piece)
    for (let element = parser.next(); element; element = parser.next()) elements.push(element)
  }
  return { elements, parser }
}

const cut = (bytes: Uint8Array, size: number): Uint8Array[] => {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return pieces
}

const plain = (elements: readonly Element[]): unknown =>
  elements.map((element) => (element.type === 'interleaved' ? { ...element, payload: [...element.payload] } : { ...element, body: [...element.body] }))

const everything = corpusBytes(Object.values(RTSP_CORPUS).join(''))

describe('RtspParser', () => {
  test('reads messages, bodies and frames of one piece', () => {
    const { elements, parser } = parse([everything])
    assert.deepEqual(
      elements.map((element) => (element.type === 'request' ? element.method : element.type === 'response' ? element.status : `$${element.channel}`)),
      ['OPTIONS', 'ANNOUNCE', 'SETUP', 200, 401, '$0', '$1'],
    )
    assert.equal(parser.isUnfinished, false)
    const [, announce, , , folded, frame] = elements
    assert.ok(announce?.type === 'request' && folded?.type === 'response' && frame?.type === 'interleaved')
    assert.equal(announce.body.length, 51)
    assert.equal(headerOf(folded, 'www-authenticate'), 'Digest realm="cam", nonce="a"')
    assert.equal(frame.payload.buffer, everything.buffer, 'what lies in one piece is not copied')
  })

  for (const size of [1, 2, 3, 7, 64]) {
    test(`reads the same from pieces of ${size} bytes`, () => {
      assert.deepEqual(plain(parse(cut(everything, size)).elements), plain(parse([everything]).elements))
    })
  }

  test('knows when an element is unfinished', () => {
    assert.equal(parse([corpusBytes(RTSP_CORPUS.setup.slice(0, -2))]).parser.isUnfinished, true)
    assert.equal(parse([corpusBytes('$\x00\x00\x05abcd')]).parser.isUnfinished, true)
    assert.equal(parse([corpusBytes('\r\n\r\n')]).parser.isUnfinished, false)
  })

  const faults: [name: string, text: string, code: string][] = [
    ['binary garbage', '\x16\x03\x01\x02\x00', 'rtsp/garbage'],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'rtsp/not-rtsp'],
    ['a start line of another kind', 'HELLO\r\n\r\n', 'rtsp/bad-start-line'],
    ['a head without end', `OPTIONS * RTSP/1.0\r\nX: ${'x'.repeat(MAX_HEAD_BYTES)}`, 'rtsp/header-too-long'],
    ['too many headers', `OPTIONS * RTSP/1.0\r\n${'X: y\r\n'.repeat(MAX_HEADERS + 1)}\r\n`, 'rtsp/too-many-headers'],
    ['a header without colon', 'OPTIONS * RTSP/1.0\r\nhello\r\n\r\n', 'rtsp/bad-header'],
    ['a length that is no number', 'OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n', 'rtsp/bad-header'],
    ['a body too long', `OPTIONS * RTSP/1.0\r\nContent-Length: ${MAX_BODY_BYTES + 1}\r\n\r\n`, 'rtsp/body-too-long'],
  ]
  for (const [name, text, code] of faults) {
    test(`refuses ${name}, in one piece and byte by byte`, () => {
      for (const size of [text.length, 1]) assert.throws(() => parse(cut(corpusBytes(text), size)), { code })
    })
  }

  test('any bytes are read or refused', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.nat(everything.length), fc.uint8Array({ maxLength: 3 }))
        .map(([at, noise]) => Uint8Array.of(...everything.subarray(0, at), ...noise, ...everything.subarray(at))),
    )
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 80 }), (input, size) => {
        try {
          parse(cut(input, size))
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
        }
      }),
    )
  })

  test('what is written is read back', () => {
    const token = fc.stringMatching(/^[A-Za-z][\w-]{0,12}$/).filter((name) => name.toLowerCase() !== 'content-length')
    const text = fc.stringMatching(/^[ -~]{0,20}$/).map((value) => value.trim())
    const headers = fc.array(fc.tuple(token, text), { maxLength: 5 })
    const body = fc.uint8Array({ maxLength: 20 })
    const message = fc.oneof(
      fc.record({ type: fc.constant('request' as const), method: fc.constantFrom('SETUP', 'GET_PARAMETER'), url: fc.webUrl(), headers, body }),
      fc.record({ type: fc.constant('response' as const), status: fc.integer({ min: 100, max: 599 }), reason: text, headers, body }),
    )
    fc.assert(
      fc.property(message, fc.integer({ min: 1, max: 99 }), (written, size) => {
        const [read] = parse(cut(encodeMessage(written), size)).elements
        assert.ok(read && read.type !== 'interleaved')
        const expected: RtspHeader[] = [...written.headers]
        if (written.body.length > 0) expected.push(['Content-Length', String(written.body.length)])
        assert.deepEqual(plain([read]), plain([{ ...written, headers: expected }]))
      }),
    )
    const frame = encodeInterleaved(7, encodeUtf8('payload'))
    assert.deepEqual(plain(parse([frame]).elements), [{ type: 'interleaved', channel: 7, payload: [...encodeUtf8('payload')] }])
  })
})
