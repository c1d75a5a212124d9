import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { decodeRtpInfo, encodeRtpInfo } from './rtp-info.ts'
import { parseRtspUrl, pathNameOf, resolveControl, splitTrackControl } from './rtsp-url.ts'
import { decodeSessionHeader } from './session-header.ts'
import { decodeTransport, encodeTransport, type RtspTransport } from './transport.ts'

const unicast = { profile: 'RTP/AVP', delivery: 'unicast' } as const

describe('Transport', () => {
  const cases: [text: string, expected: RtspTransport[]][] = [
    ['RTP/AVP/TCP;unicast;interleaved=0-1;mode=record', [{ ...unicast, lower: 'tcp', interleaved: [0, 1], mode: 'record' }]],
    ['RTP/AVP/UDP;unicast;client_port=5000-5001;mode="PLAY"', [{ ...unicast, lower: 'udp', clientPort: [5000, 5001], mode: 'play' }]],
    ['RTP/AVP;unicast;client_port=5000', [{ ...unicast, lower: 'udp', clientPort: [5000, 5001] }]],
    [
      'RTP/AVP;multicast;ttl=9, RTP/SAVP/TCP; ssrc=ab',
      [
        { profile: 'RTP/AVP', lower: 'udp', delivery: 'multicast' },
        { profile: 'RTP/SAVP', lower: 'tcp', delivery: 'unicast', ssrc: 0xab },
      ],
    ],
    [
      'RTP/AVP;unicast;source=10.0.0.1;client_port=1-2;server_port=3-4;ssrc=DEADBEEF',
      [{ ...unicast, lower: 'udp', source: '10.0.0.1', clientPort: [1, 2], serverPort: [3, 4], ssrc: 0xdeadbeef }],
    ],
  ]
  for (const [text, expected] of cases) {
    test(text, () => {
      assert.deepEqual(decodeTransport(text), expected)
      assert.deepEqual(decodeTransport(expected.map(encodeTransport).join(',')), expected)
    })
  }
  for (const text of ['', 'RAW/RAW/UDP', 'RTP', 'RTP/AVP/SCTP', 'RTP/AVP/TCP;interleaved=0-256', 'RTP/AVP;client_port=x', 'RTP/AVP;client_port=70000']) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => decodeTransport(text), { code: 'rtsp/bad-transport' })
    })
  }
  test('any text is read or refused', () => {
    const part = fc.constantFrom('RTP/AVP', '/TCP', ';', ',', 'unicast', 'client_port=', 'interleaved=', '-', '1', '70000', 'mode=', '"')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            const transports = decodeTransport(text)
            assert.deepEqual(decodeTransport(transports.map(encodeTransport).join(',')), transports)
          } catch (error) {
            assert.ok(error instanceof ProtocolError)
          }
          decodeRtpInfo(text)
          decodeSessionHeader(text)
        },
      ),
    )
  })
})

test('Session', () => {
  const cases: [text: string, expected: ReturnType<typeof decodeSessionHeader>][] = [
    ['1234', { id: '1234', timeoutMs: 60_000 }],
    ['1234; timeout=30', { id: '1234', timeoutMs: 30_000 }],
    ['1234;timeout=0', { id: '1234', timeoutMs: 1000 }],
    [';timeout=30', undefined],
  ]
  for (const [text, expected] of cases) assert.deepEqual(decodeSessionHeader(text), expected, text)
})

test('RTP-Info', () => {
  const entries = decodeRtpInfo('url=rtsp://a/b,c/trackID=0;seq=65535;rtptime=4294967295, url="trackID=1";rtptime=7;seq=70000')
  assert.deepEqual(entries, [
    { url: 'rtsp://a/b,c/trackID=0', seq: 65535, rtpTime: 4294967295 },
    { url: 'trackID=1', seq: undefined, rtpTime: 7 },
  ])
  assert.deepEqual(decodeRtpInfo(encodeRtpInfo(entries)), entries)
})

test('names of paths and tracks in URLs', () => {
  const names: [url: string, path: string, base: string, track: number | undefined][] = [
    ['rtsp://host:8554/live', 'live', 'rtsp://host:8554/live', undefined],
    ['rtsp://host/lecture/hall%201/?token=a/b', 'lecture/hall 1', 'rtsp://host/lecture/hall%201/?token=a/b', undefined],
    ['rtsp://host/a/b/trackID=12', 'a/b/trackID=12', 'rtsp://host/a/b', 12],
    ['rtsp://host/a?x=1/trackID=0/', 'a', 'rtsp://host/a?x=1', 0],
    ['/a/trackID=1', 'a/trackID=1', '/a', 1],
    ['rtsp://host', '', 'rtsp://host', undefined],
    ['rtsp://host/%zz', '%zz', 'rtsp://host/%zz', undefined],
  ]
  for (const [url, path, base, track] of names) {
    assert.equal(pathNameOf(url), path, url)
    assert.deepEqual(splitTrackControl(url), { base, track }, url)
  }
  const controls: [base: string, control: string | undefined, expected: string][] = [
    ['rtsp://cam/live/', 'trackID=1', 'rtsp://cam/live/trackID=1'],
    ['rtsp://cam/live?channel=1', 'trackID=1', 'rtsp://cam/live?channel=1/trackID=1'],
    ['rtsp://cam/live', '*', 'rtsp://cam/live'],
    ['rtsp://cam/live', undefined, 'rtsp://cam/live'],
    ['rtsp://cam/live', 'rtsp://other/x', 'rtsp://other/x'],
    ['rtsp://cam/live', '?track=1', 'rtsp://cam/live?track=1'],
  ]
  for (const [base, control, expected] of controls) assert.equal(resolveControl(base, control), expected)
})

test('addresses to connect to', () => {
  assert.deepEqual(parseRtspUrl('rtsp://me:p%40ss:w@cam:8554/a?b=c'), {
    host: 'cam',
    port: 8554,
    username: 'me',
    password: 'p@ss:w',
    url: 'rtsp://cam:8554/a?b=c',
  })
  assert.deepEqual(parseRtspUrl('RTSP://[::1]'), { host: '::1', port: 554, username: undefined, password: undefined, url: 'rtsp://[::1]/' })
  for (const url of ['', 'http://cam/', 'rtsp://', 'rtsp://cam:0/', 'rtsp://cam:70000/', 'rtsp://user:secret@cam:x/', 'rtsp://a b/']) {
    assert.throws(
      () => parseRtspUrl(url),
      (error) => error instanceof ProtocolError && error.code === 'rtsp/bad-url' && !error.message.includes('secret'),
      url,
    )
  }
})
