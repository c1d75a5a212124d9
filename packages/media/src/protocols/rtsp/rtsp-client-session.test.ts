import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeUtf8 } from '../../bytes/utf8.ts'
import type { Credentials } from './authentication.ts'
import { corpusBytes, RTSP_CORPUS } from './rtsp.corpus.ts'
import { type RtspClientEvent, RtspClientSession } from './rtsp-client-session.ts'

const URL = 'rtsp://cam/live?channel=1'
const SDP = 'v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=control:trackID=1\r\nm=audio 0 RTP/AVP 0\r\na=control:rtsp://cam/audio\r\n'

class Harness {
  nowMs = 0
  readonly session: RtspClientSession
  readonly events: RtspClientEvent[] = []
  wakeAtMs = Number.POSITIVE_INFINITY
  /** The last request that was sent. */
  sent = ''

  constructor(credentials?: Credentials, firstPacketMs = 3000) {
    const crypto = { hash: (algorithm: string, text: string) => `${algorithm}(${text})`, nonce: () => 'c' }
    this.session = new RtspClientSession({ url: URL, credentials, crypto, userAgent: 'Test', firstPacketMs }, 0)
    this.drain()
  }

  drain(): void {
    for (let output = this.session.pollOutput(); output; output = this.session.pollOutput()) {
      if (output.type === 'send') this.sent = decodeUtf8(output.bytes)
      else if (output.type === 'wakeAt') this.wakeAtMs = output.atMs
      else this.events.push(output.event)
    }
  }

  get method(): string {
    return this.sent.split(' ', 1)[0] ?? ''
  }

  input(text: string): void {
    this.session.handleInput(this.nowMs, corpusBytes(text))
    this.drain()
  }

  /** Answers the last request. */
  answer(status: string, headers: string[] = [], body = ''): void {
    const cseq = /CSeq: (\d+)/.exec(this.sent)?.[1]
    this.input([`RTSP/1.0 ${status}`, `CSeq: ${cseq}`, ...headers, ...(body ? [`Content-Length: ${body.length}`] : []), '', body].join('\r\n'))
  }

  describe(headers: string[] = []): void {
    this.answer('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER'])
    this.answer('200 OK', headers, SDP)
  }

  setup(ports?: readonly [number, number]): void {
    this.session.setup(this.nowMs, [
      { mediaIndex: 0, clientPort: ports },
      { mediaIndex: 1, clientPort: ports },
    ])
    this.drain()
  }

  play(): void {
    this.describe()
    this.setup()
    this.answer('200 OK', ['Session: 7;timeout=20', 'Transport: RTP/AVP/TCP;unicast;interleaved=4-5'])
    this.answer('200 OK', ['Session: 7;timeout=20', 'Transport: RTP/AVP/TCP;unicast;interleaved=6-7'])
    this.answer('200 OK', ['RTP-Info: url=trackID=1;seq=1;rtptime=90,url=rtsp://other/audio;rtptime=8'])
  }

  passTo(nowMs: number): void {
    while (this.wakeAtMs <= nowMs) {
      this.nowMs = this.wakeAtMs
      this.wakeAtMs = Number.POSITIVE_INFINITY
      this.session.handleTimeout(this.nowMs)
      this.drain()
    }
    this.nowMs = nowMs
  }
}

describe('RtspClientSession', () => {
  test('plays over TCP, on the channels that the server names', () => {
    const peer = new Harness()
    assert.match(peer.sent, /^OPTIONS rtsp:\/\/cam\/live\?channel=1 RTSP\/1.0\r\nCSeq: 1\r\nUser-Agent: Test\r\n\r\n$/)
    peer.describe()
    peer.setup()
    assert.match(peer.sent, /^SETUP rtsp:\/\/cam\/live\?channel=1\/trackID=1 RTSP\/1.0\r\n[\s\S]*Transport: RTP\/AVP\/TCP;unicast;interleaved=0-1\r\n/)
    peer.answer('200 OK', ['Session: 7;timeout=20', 'Transport: RTP/AVP/TCP;unicast;interleaved=4-5'])
    assert.match(peer.sent, /^SETUP rtsp:\/\/cam\/audio RTSP\/1.0\r\n[\s\S]*Session: 7\r\n[\s\S]*interleaved=2-3\r\n/)
    peer.answer('200 OK', ['Session: 7;timeout=20', 'Transport: RTP/AVP/TCP;unicast'])
    assert.match(peer.sent, /^PLAY rtsp:\/\/cam\/live\?channel=1 RTSP\/1.0\r\n/)
    peer.answer('200 OK', ['RTP-Info: url=trackID=1;seq=1;rtptime=90,url=rtsp://other/audio;rtptime=8'])
    peer.input('$\x04\x00\x01a$\x03\x00\x01b$\x09\x00\x01c')
    assert.deepEqual(
      peer.events.map((event) => (event.type === 'media' ? [event.mediaIndex, event.isRtcp, decodeUtf8(event.payload)] : event.type)),
      ['described', 'set-up', 'set-up', 'playing', [0, false, 'a'], [1, true, 'b']],
    )
    const playing = peer.events.find((event) => event.type === 'playing')
    assert.deepEqual(playing?.starts, [
      { mediaIndex: 0, rtpTime: 90 },
      { mediaIndex: 1, rtpTime: 8 },
    ])
    peer.session.teardown(peer.nowMs)
    peer.drain()
    assert.equal(peer.method, 'TEARDOWN')
  })

  test('asks for UDP ports, and tells those of the server', () => {
    const peer = new Harness()
    peer.describe(['Content-Base: rtsp://10.0.0.1/base/'])
    peer.setup([5000, 5001])
    assert.match(peer.sent, /^SETUP rtsp:\/\/10.0.0.1\/base\/trackID=1 [\s\S]*Transport: RTP\/AVP;unicast;client_port=5000-5001\r\n/)
    peer.answer('200 OK', ['Session: 7', 'Transport: RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001'])
    const setUp = peer.events.find((event) => event.type === 'set-up')
    assert.deepEqual(setUp?.transport.serverPort, [6000, 6001])
  })

  test('answers challenges, and one with a stale nonce in the middle', () => {
    const peer = new Harness({ username: 'u', password: 'p' })
    peer.answer('401 Unauthorized', ['WWW-Authenticate: Basic realm="r"', 'WWW-Authenticate: Digest realm="r", nonce="1"'])
    assert.match(peer.sent, /^OPTIONS [\s\S]*CSeq: 2\r\n[\s\S]*response="MD5\(MD5\(u:r:p\):1:MD5\(OPTIONS:rtsp:\/\/cam\/live\?channel=1\)\)"/)
    peer.answer('200 OK')
    peer.answer('401 Unauthorized', ['WWW-Authenticate: Digest realm="r", nonce="2", stale=true'])
    assert.match(peer.sent, /^DESCRIBE [\s\S]*nonce="2"[\s\S]*Accept: application\/sdp\r\n/)
    peer.answer('200 OK', [], SDP)
    assert.equal(peer.events[0]?.type, 'described')
  })

  const refusals: [name: string, code: string, run: (peer: Harness) => void, credentials?: Credentials][] = [
    ['a challenge without credentials', 'rtsp/unauthorized', (peer) => peer.answer('401 Unauthorized', ['WWW-Authenticate: Basic realm="r"'])],
    [
      'wrong credentials',
      'rtsp/unauthorized',
      (peer) => {
        for (const nonce of ['1', '2']) peer.answer('401 Unauthorized', [`WWW-Authenticate: Digest realm="r", nonce="${nonce}"`])
      },
      { username: 'u', password: 'p' },
    ],
    ['an unknown kind of challenge', 'rtsp/unauthorized', (peer) => peer.answer('401 No', ['WWW-Authenticate: NTLM']), { username: 'u', password: 'p' }],
    [
      'a path that does not exist',
      'rtsp/refused',
      (peer) => {
        peer.answer('200 OK')
        peer.answer('404 Not Found')
      },
    ],
    [
      'no UDP',
      'rtsp/unsupported-transport',
      (peer) => {
        peer.describe()
        peer.setup([5000, 5001])
        peer.answer('461 Unsupported Transport')
      },
    ],
    [
      'TCP where UDP was asked for',
      'rtsp/unsupported-transport',
      (peer) => {
        peer.describe()
        peer.setup([5000, 5001])
        peer.answer('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1'])
      },
    ],
    ['no answer', 'rtsp/timeout', (peer) => peer.passTo(10_000)],
    [
      'no packets',
      'rtsp/no-packets',
      (peer) => {
        peer.play()
        peer.passTo(3000)
      },
    ],
    [
      'packets that end',
      'rtsp/no-packets',
      (peer) => {
        peer.play()
        peer.input('$\x04\x00\x01a')
        peer.passTo(9999)
        peer.passTo(10_000)
      },
    ],
    [
      'a session that the server forgot',
      'rtsp/session-lost',
      (peer) => {
        peer.play()
        peer.input('$\x04\x00\x01a')
        peer.passTo(9000)
        peer.input('$\x04\x00\x01a')
        peer.passTo(10_000)
        peer.answer('454 Session Not Found')
      },
    ],
    ['garbage', 'rtsp/garbage', (peer) => peer.input('\x00')],
  ]
  for (const [name, code, run, credentials] of refusals) {
    test(`${code} at ${name}`, () => {
      const peer = new Harness(credentials)
      assert.throws(() => run(peer), { code })
    })
  }

  test('keeps the session alive at half of its timeout, with OPTIONS where the server has no GET_PARAMETER', () => {
    const peer = new Harness()
    peer.play()
    const sent: string[] = []
    for (let nowMs = 1000; nowMs <= 60_000; nowMs += 1000) {
      peer.sent = ''
      peer.passTo(nowMs)
      peer.input('$\x04\x00\x01a')
      if (peer.method === '') continue
      sent.push(`${peer.method} ${nowMs}`)
      peer.answer(peer.method === 'OPTIONS' ? '200 OK' : '501 Not Implemented')
    }
    assert.deepEqual(sent, ['GET_PARAMETER 10000', 'OPTIONS 20000', 'OPTIONS 30000', 'OPTIONS 40000', 'OPTIONS 50000', 'OPTIONS 60000'])
  })

  test('answers a server that asks whether it lives, and overhears what is no answer', () => {
    const peer = new Harness()
    peer.input('RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n')
    peer.input('RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n')
    peer.input('OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n')
    assert.equal(peer.sent, 'RTSP/1.0 200 OK\r\nCSeq: 5\r\n\r\n')
    peer.input('ANNOUNCE * RTSP/1.0\r\nCSeq: 6\r\n\r\n')
    assert.match(peer.sent, /^RTSP\/1.0 501 /)
  })

  test('any input is taken or refused', () => {
    const reply = fc.record({
      status: fc.constantFrom('200 OK', '401 No', '404 No', '461 No', '100 Go on'),
      headers: fc.subarray([
        'Session: 7;timeout=1',
        'Transport: RTP/AVP/TCP;interleaved=0-1',
        'WWW-Authenticate: Digest realm="r", nonce="1"',
        'Public: x',
        'RTP-Info: url=a',
      ]),
      body: fc.constantFrom('', SDP, 'x'),
    })
    const step = fc.oneof(reply, fc.constantFrom(...Object.values(RTSP_CORPUS)), fc.string({ maxLength: 10 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const peer = new Harness({ username: 'u', password: 'p' })
        try {
          for (const next of steps) {
            const described = peer.events.length
            if (typeof next === 'string') peer.input(next)
            else peer.answer(next.status, next.headers, next.body)
            if (peer.events.length > described && peer.events.at(-1)?.type === 'described') peer.setup()
          }
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
        }
      }),
    )
  })
})
