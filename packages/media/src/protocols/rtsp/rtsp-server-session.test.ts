import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts'
import { corpusBytes, RTSP_CORPUS } from './rtsp.corpus.ts'
import { type RtspServerEvent, RtspServerSession } from './rtsp-server-session.ts'

const SDP = 'v=0\r\nm=video 0 RTP/AVP 96\r\na=control:streamid=0\r\nm=audio 0 RTP/AVP 0\r\na=control:streamid=1\r\n'
const TCP = 'RTP/AVP/TCP;unicast;interleaved=0-1'

/** Drives a session, and answers what it asks as a server would that has every path. */
class Harness {
  nowMs = 0
  readonly session = new RtspServerSession({ sessionId: 'S', server: 'Test' }, 0)
  readonly events: RtspServerEvent[] = []
  wakeAtMs = Number.POSITIVE_INFINITY
  #cseq = 0
  readonly refuses: boolean

  constructor(refuses = false) {
    this.refuses = refuses
    this.drain()
  }

  /** @returns what was sent, as text */
  drain(): string {
    let sent = ''
    for (let output = this.session.pollOutput(); output; output = this.session.pollOutput()) {
      if (output.type === 'send') sent += decodeUtf8(output.bytes)
      else if (output.type === 'wakeAt') this.wakeAtMs = output.atMs
      else this.#answer(output.event)
    }
    return sent
  }

  #answer(event: RtspServerEvent): void {
    this.events.push(event)
    const { session, nowMs } = this
    const asks = ['describe', 'announce', 'setup', 'play', 'record'].includes(event.type)
    if (asks && this.refuses) session.refuse(nowMs, 403, 'the path is taken', { thenClose: true })
    else if (event.type === 'describe') session.answerDescribe(nowMs, SDP)
    else if (event.type === 'announce') session.acceptAnnounce(nowMs)
    else if (event.type === 'setup') session.answerSetup(nowMs, event.track.transport.lower === 'udp' ? { serverPort: [8000, 8001], ssrc: 0xabcd } : {})
    else if (event.type === 'play') session.answerPlay(nowMs, [{ track: 0, seq: 7, rtpTime: 90 }])
    else if (event.type === 'record') session.acceptRecord(nowMs)
  }

  input(text: string): string {
    this.session.handleInput(this.nowMs, corpusBytes(text))
    return this.drain()
  }

  request(method: string, url = 'rtsp://h/live', headers: string[] = [], body = ''): string {
    return this.input(requestText(method, ++this.#cseq, url, headers, body))
  }

  status(method: string, url?: string, headers?: string[], body?: string): number {
    return Number(this.request(method, url, headers, body).split(' ', 2)[1])
  }

  /** Lets the time pass, with calls where they were asked for. */
  passTo(nowMs: number): void {
    while (this.wakeAtMs <= nowMs) {
      this.nowMs = this.wakeAtMs
      this.wakeAtMs = Number.POSITIVE_INFINITY
      this.session.handleTimeout(this.nowMs)
      this.drain()
    }
    this.nowMs = nowMs
  }

  announce(): void {
    assert.equal(this.status('ANNOUNCE', 'rtsp://h/live', ['Content-Type: application/sdp'], SDP), 200)
  }

  record(transport = `${TCP};mode=record`): void {
    this.announce()
    assert.equal(this.status('SETUP', 'rtsp://h/live/streamid=0', [`Transport: ${transport}`]), 200)
    assert.equal(this.status('RECORD'), 200)
  }

  play(transport = TCP): void {
    assert.equal(this.status('SETUP', 'rtsp://h/live/trackID=0', [`Transport: ${transport}`]), 200)
    assert.equal(this.status('PLAY'), 200)
  }
}

const requestText = (method: string, cseq: number | string, url = 'rtsp://h/live', headers: string[] = [], body = ''): string =>
  [`${method} ${url} RTSP/1.0`, `CSeq: ${cseq}`, ...headers, ...(body ? [`Content-Length: ${body.length}`] : []), '', body].join('\r\n')

describe('RtspServerSession', () => {
  test('publishing', () => {
    const peer = new Harness()
    assert.match(peer.request('OPTIONS'), /^RTSP\/1.0 200 OK\r\nCSeq: 1\r\n[\s\S]*Public: OPTIONS, DESCRIBE, ANNOUNCE/)
    peer.announce()
    assert.match(
      peer.request('SETUP', 'rtsp://h/live/streamid=1', [`Transport: ${TCP};mode=record`]),
      /Session: S;timeout=60\r\nTransport: RTP\/AVP\/TCP;unicast;interleaved=0-1;mode=record\r\n/,
    )
    // The channels are taken: others are told.
    assert.match(peer.request('SETUP', 'rtsp://h/live/streamid=0', [`Transport: ${TCP};mode=record`]), /interleaved=2-3;mode=record/)
    assert.equal(peer.status('RECORD', 'rtsp://h/live', ['Session: S']), 200)
    peer.input('$\x00\x00\x01a$\x03\x00\x01b$\x09\x00\x01c')
    for (const method of ['PAUSE', 'RECORD', 'TEARDOWN']) assert.equal(peer.status(method), 200, method)
    assert.deepEqual(
      peer.events.map((event) => (event.type === 'media' ? [event.track, event.isRtcp, decodeUtf8(event.payload)] : event.type)),
      ['announce', 'setup', 'setup', 'record', [1, false, 'a'], [0, true, 'b'], 'pause', 'record', 'teardown'],
    )
    peer.announce()
  })

  test('playing', () => {
    const peer = new Harness()
    assert.match(
      peer.request('DESCRIBE', 'rtsp://h/a/b?token=x'),
      /Content-Base: rtsp:\/\/h\/a\/b\/\r\nContent-Type: application\/sdp\r\nContent-Length: \d+\r\n\r\nv=0/,
    )
    assert.match(
      peer.request('SETUP', 'rtsp://h/a/b?token=x/trackID=1', ['Transport: RTP/AVP;multicast,RTP/AVP/UDP;unicast;client_port=5000-5001']),
      /Transport: RTP\/AVP;unicast;client_port=5000-5001;server_port=8000-8001;ssrc=0000ABCD/,
    )
    assert.equal(peer.status('SETUP', 'rtsp://h/other/trackID=0', [`Transport: ${TCP}`]), 459)
    assert.match(peer.request('PLAY', 'rtsp://h/a/b/'), /RTP-Info: url=rtsp:\/\/h\/a\/b\/trackID=0;seq=7;rtptime=90\r\n/)
    assert.equal(peer.status('PLAY'), 200)
    assert.equal(peer.status('PAUSE'), 200)
    assert.equal(peer.status('PLAY'), 200)
    assert.deepEqual(peer.events.slice(0, 2), [
      { type: 'describe', path: 'a/b', claim: { method: 'DESCRIBE', url: 'rtsp://h/a/b?token=x', authorization: '', userAgent: '' } },
      {
        type: 'setup',
        path: 'a/b',
        isPublishing: false,
        track: { index: 1, transport: { profile: 'RTP/AVP', lower: 'udp', delivery: 'unicast', clientPort: [5000, 5001] } },
        claim: { method: 'SETUP', url: 'rtsp://h/a/b?token=x/trackID=1', authorization: '', userAgent: '' },
      },
    ])
    assert.deepEqual(
      peer.events.slice(2).map((event) => event.type),
      ['play', 'pause', 'play'],
    )
  })

  test('requests that come together are answered in order, each after the one before', () => {
    const peer = new Harness()
    const answers = peer.input(
      requestText('DESCRIBE', 1) +
        requestText('SETUP', 2, 'rtsp://h/live/trackID=0', [`Transport: ${TCP}`]) +
        requestText('PLAY', 3) +
        requestText('TEARDOWN', 4),
    )
    assert.deepEqual(
      [...answers.matchAll(/^RTSP\/1.0 (\d+) [\s\S]*?CSeq: (\d+)/gm)].map((match) => `${match[2]}:${match[1]}`),
      ['1:200', '2:200', '3:200', '4:200'],
    )
  })

  test('requests that come byte by byte are answered once', () => {
    const peer = new Harness()
    let answers = ''
    for (const letter of requestText('OPTIONS', 1) + requestText('DESCRIBE', 2)) answers += peer.input(letter)
    assert.equal(answers.match(/^RTSP\/1.0 200 OK/gm)?.length, 2)
  })

  const setup = [`Transport: ${TCP}`]
  const announced = (peer: Harness): void => peer.announce()
  const refusals: [name: string, status: number, run: (peer: Harness) => number, prepare?: (peer: Harness) => void][] = [
    ['PLAY without SETUP', 455, (peer) => peer.status('PLAY')],
    ['RECORD without ANNOUNCE', 455, (peer) => peer.status('RECORD')],
    ['PAUSE without SETUP', 455, (peer) => peer.status('PAUSE')],
    ['TEARDOWN without session', 454, (peer) => peer.status('TEARDOWN')],
    ['SETUP to record without ANNOUNCE', 455, (peer) => peer.status('SETUP', 'rtsp://h/live/trackID=0', [`Transport: ${TCP};mode=record`])],
    ['ANNOUNCE twice', 455, (peer) => peer.status('ANNOUNCE', 'rtsp://h/live', [], SDP), announced],
    ['DESCRIBE of a publisher', 455, (peer) => peer.status('DESCRIBE'), announced],
    ['PLAY of a publisher', 455, (peer) => peer.status('PLAY'), announced],
    ['SETUP while playing', 455, (peer) => peer.status('SETUP', 'rtsp://h/live/trackID=1', setup), (peer) => peer.play()],
    ['SETUP of the same track', 455, (peer) => peer.status('SETUP', 'rtsp://h/live/trackID=0', setup), (peer) => peer.play()],
    ['SETUP of an unknown track', 404, (peer) => peer.status('SETUP', 'rtsp://h/live/streamid=9', setup), announced],
    ['SETUP over multicast', 461, (peer) => peer.status('SETUP', 'rtsp://h/live/trackID=0', ['Transport: RTP/AVP;multicast'])],
    [
      'SETUP over UDP after one over TCP',
      461,
      (peer) => peer.status('SETUP', 'rtsp://h/live/trackID=1', ['Transport: RTP/AVP;unicast;client_port=1000-1001']),
      (peer) => peer.status('SETUP', 'rtsp://h/live/trackID=0', setup),
    ],
    ['SETUP with SRTP', 461, (peer) => peer.status('SETUP', 'rtsp://h/live/trackID=0', ['Transport: RTP/SAVP/TCP;interleaved=0-1'])],
    ['a description of another type', 415, (peer) => peer.status('ANNOUNCE', 'rtsp://h/live', ['Content-Type: text/plain'], SDP)],
    ['another session', 454, (peer) => peer.status('GET_PARAMETER', 'rtsp://h/live', ['Session: X'])],
    ['an unknown method', 501, (peer) => peer.status('DANCE')],
    ['an option that we lack', 551, (peer) => peer.status('OPTIONS', '*', ['Require: www.onvif.org/ver20/backchannel'])],
  ]
  for (const [name, status, run, prepare] of refusals) {
    test(`${status} to ${name}`, () => {
      const peer = new Harness()
      prepare?.(peer)
      assert.equal(run(peer), status)
      assert.equal(peer.status('OPTIONS'), 200, 'the connection lives on')
    })
  }

  test('a refusal that closes names its reason, and what follows is not read', () => {
    const peer = new Harness(true)
    const answers = peer.input(requestText('ANNOUNCE', 1, 'rtsp://h/live', [], SDP) + requestText('OPTIONS', 2))
    assert.match(answers, /^RTSP\/1.0 403 the path is taken\r\nCSeq: 1\r\n[\s\S]*\r\n\r\n$/)
    assert.deepEqual(peer.events.at(-1), { type: 'close', message: 'the path is taken' })
  })

  const faults: [name: string, text: string, code: string, answer: RegExp][] = [
    ['SETUP without Transport', requestText('SETUP', 1, 'rtsp://h/live/trackID=0'), 'rtsp/bad-transport', /^RTSP\/1.0 400 /],
    ['a description that is none', requestText('ANNOUNCE', 1, 'rtsp://h/live', [], 'hello'), 'sdp/bad-line', /^RTSP\/1.0 400 .*v=0/],
    ['a CSeq that is no number', requestText('OPTIONS', 'x'), 'rtsp/bad-cseq', /^RTSP\/1.0 400 the request has no CSeq/],
    ['no CSeq', 'OPTIONS * RTSP/1.0\r\n\r\n', 'rtsp/bad-cseq', /^RTSP\/1.0 400 /],
    [
      'a header too long',
      requestText('OPTIONS', 1, '*', [`X: ${'x'.repeat(20_000)}`]),
      'rtsp/header-too-long',
      /^RTSP\/1.0 400 start line and headers of more than/,
    ],
    ['garbage', '\x00\x01\x02', 'rtsp/garbage', /^$/],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'rtsp/not-rtsp', /^RTSP\/1.0 400 /],
    ['a response', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n', 'rtsp/unexpected-response', /^$/],
  ]
  for (const [name, text, code, answer] of faults) {
    test(`${name} closes the connection`, () => {
      const peer = new Harness()
      assert.throws(() => peer.input(text), { code })
      assert.match(peer.drain(), answer)
    })
  }

  const waits: [name: string, prepare: (peer: Harness) => void, lifeSign: ((peer: Harness) => void) | undefined, timeoutMs: number, code: string][] = [
    ['no request', () => undefined, undefined, 10_000, 'rtsp/timeout'],
    ['half a request', (peer) => peer.input('OPTIONS * RT'), undefined, 10_000, 'rtsp/timeout'],
    ['half a request, drop by drop', (peer) => peer.input('OPTIONS * RT'), (peer) => peer.input('S'), 10_000, 'rtsp/timeout'],
    ['nothing after OPTIONS', (peer) => peer.status('OPTIONS'), undefined, 60_000, 'rtsp/timeout'],
    ['a publisher without packets', (peer) => peer.record(), undefined, 10_000, 'rtsp/no-packets'],
    ['a publisher that only asks', (peer) => peer.record(), (peer) => peer.status('GET_PARAMETER'), 10_000, 'rtsp/no-packets'],
    ['a silent UDP reader', (peer) => peer.play('RTP/AVP;unicast;client_port=1000-1001'), undefined, 60_000, 'rtsp/timeout'],
  ]
  for (const [name, prepare, lifeSign, timeoutMs, code] of waits) {
    test(`${name}: closed after ${timeoutMs / 1000} s`, () => {
      const peer = new Harness()
      prepare(peer)
      for (let nowMs = 0; nowMs < timeoutMs; nowMs += 3000) {
        peer.passTo(nowMs)
        lifeSign?.(peer)
      }
      peer.passTo(timeoutMs - 1)
      assert.throws(() => peer.passTo(timeoutMs), { code })
    })
  }

  const lives: [name: string, prepare: (peer: Harness) => void, lifeSign: (peer: Harness) => void][] = [
    ['a publisher over TCP with packets', (peer) => peer.record(), (peer) => peer.input('$\x00\x00\x01a')],
    ['a publisher over UDP with packets', (peer) => peer.record('RTP/AVP;unicast;client_port=1000-1001'), (peer) => peer.session.packetReceived(peer.nowMs)],
    ['a UDP reader with reports', (peer) => peer.play('RTP/AVP;unicast;client_port=1000-1001'), (peer) => peer.session.reportReceived(peer.nowMs)],
    ['a UDP reader that asks', (peer) => peer.play('RTP/AVP;unicast;client_port=1000-1001'), (peer) => peer.status('GET_PARAMETER')],
    ['a TCP reader that says nothing', (peer) => peer.play(), () => undefined],
  ]
  for (const [name, prepare, lifeSign] of lives) {
    test(`${name} lives on`, () => {
      const peer = new Harness()
      prepare(peer)
      for (let nowMs = 0; nowMs < 200_000; nowMs += 9000) {
        peer.passTo(nowMs)
        lifeSign(peer)
      }
      assert.equal(peer.status('OPTIONS'), 200)
    })
  }

  test('any input is answered or refused', () => {
    const piece = fc.oneof(
      fc.constantFrom(...Object.values(RTSP_CORPUS)),
      fc.constantFrom(
        requestText('ANNOUNCE', 1, 'rtsp://h/live', [], SDP),
        requestText('SETUP', 2, 'rtsp://h/live/streamid=0', setup),
        requestText('SETUP', 2, 'rtsp://h/live/trackID=0', setup),
        requestText('RECORD', 3),
        requestText('PLAY', 3),
        requestText('PAUSE', 4),
        requestText('TEARDOWN', 5),
        requestText('DESCRIBE', 6),
      ),
      fc.string({ maxLength: 20 }).map((text) => decodeUtf8(encodeUtf8(text))),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const peer = new Harness()
        try {
          for (const text of pieces) peer.input(text)
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
        }
      }),
    )
  })
})
