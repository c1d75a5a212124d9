import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { restartedAnswer, restartFragment } from './ice-restart.ts'
import { parseIceServers } from './ice-servers.ts'
import { publishFaultOfStatus } from './publish-fault.ts'
import { publishStatisticsOf } from './publish-statistics.ts'
import { withStartBitrate } from './start-bitrate.ts'

describe('parseIceServers', () => {
  for (const [header, expected] of [
    [null, []],
    ['<stun:stun.example.net>; rel="ice-server"', [{ urls: 'stun:stun.example.net' }]],
    [
      '<stun:stun.example.net>; rel="ice-server", <turn:turn.example.net?transport=udp>; rel="ice-server"; username="us,er"; credential="se;\\"cret"; credential-type="password"',
      [{ urls: 'stun:stun.example.net' }, { urls: 'turn:turn.example.net?transport=udp', username: 'us,er', credential: 'se;"cret' }],
    ],
    [
      '<turns:[2001:db8::1]:5349?transport=tcp>; rel=ice-server; username=u; credential=p',
      [{ urls: 'turns:[2001:db8::1]:5349?transport=tcp', username: 'u', credential: 'p' }],
    ],
    // A browser would throw over it.
    ['<turn:turn.example.net>; rel="ice-server"', []],
    ['<https://example.net/next>; rel="next", <stun:a>; rel="alternate"', []],
  ] as const) {
    it(String(header), () => assert.deepEqual(parseIceServers(header), expected))
  }
})

const OFFER =
  'v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:newpassword\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=ice-ufrag:new\r\n'
const ANSWER = [
  'v=0',
  'a=ice-lite',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=ice-ufrag:old',
  'a=ice-pwd:oldpassword',
  'a=candidate:1 1 udp 1 192.0.2.1 8189 typ host',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=ice-ufrag:old',
  'a=ice-pwd:oldpassword',
  '',
].join('\r\n')

describe('ICE restart', () => {
  it('asks with the new credentials and the section that all are bundled to', () => {
    assert.equal(restartFragment(OFFER), 'a=ice-ufrag:new\r\na=ice-pwd:newpassword\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n')
  })

  it('puts the server’s new credentials and candidates into the answer', () => {
    const answer = restartedAnswer(
      ANSWER,
      'a=ice-ufrag:srv\na=ice-pwd:srvpassword\nm=audio 9 X 0\na=mid:0\na=candidate:2 1 udp 1 192.0.2.2 8189 typ host\na=end-of-candidates\n',
    )
    assert.deepEqual(answer?.split('\r\n'), [
      'v=0',
      'a=ice-lite',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'a=ice-ufrag:srv',
      'a=ice-pwd:srvpassword',
      'a=candidate:2 1 udp 1 192.0.2.2 8189 typ host',
      'a=end-of-candidates',
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'a=ice-ufrag:srv',
      'a=ice-pwd:srvpassword',
      '',
    ])
  })

  it('keeps the candidates if the server names none', () => {
    assert.match(restartedAnswer(ANSWER, 'a=ice-ufrag:srv\r\na=ice-pwd:srvpassword\r\n') ?? '', /192\.0\.2\.1 8189/)
  })

  it('has no answer without credentials', () => assert.equal(restartedAnswer(ANSWER, 'a=ice-ufrag:srv\r\n'), undefined))
})

describe('withStartBitrate', () => {
  const audio = 'v=0\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n'
  const h264 = 'm=video 9 X 96 97\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n'
  const vp8 = 'm=video 9 X 98\r\na=rtpmap:98 VP8/90000\r\na=mid:1\r\n'

  it('is half of the bound, at most 1 Mbit/s, for the video alone', () => {
    assert.equal(withStartBitrate(audio + h264, 600_000), audio + h264.replace('mode=1', 'mode=1;x-google-start-bitrate=300'))
    assert.equal(withStartBitrate(audio + vp8, 6_000_000), audio + vp8.replace('a=mid', 'a=fmtp:98 x-google-start-bitrate=1000\r\na=mid'))
    assert.equal(withStartBitrate(audio + vp8, undefined), audio + vp8)
  })
})

describe('publishFaultOfStatus', () => {
  for (const [status, kind] of [
    [401, 'refused'],
    [403, 'refused'],
    [405, 'cannot-carry'],
    [406, 'cannot-carry'],
    [409, 'busy'],
    [503, 'lost'],
  ] as const) {
    it(`${status} is ${kind}`, () => assert.equal(publishFaultOfStatus(status).kind, kind))
  }

  it('says what the server says', () => assert.equal(publishFaultOfStatus(409, 'OBS is publishing here.').message, 'OBS is publishing here.'))
})

describe('publishStatisticsOf', () => {
  const report = (...stats: object[]): [string, RTCStats][] => stats.map((each, index) => [String(index), each as RTCStats])

  it('takes the largest layer that is sent, and what the server reports', () => {
    assert.deepEqual(
      publishStatisticsOf(
        report(
          { type: 'outbound-rtp', kind: 'video', active: true, frameHeight: 180, frameWidth: 320, bytesSent: 10, codecId: 'c' },
          {
            type: 'outbound-rtp',
            kind: 'video',
            active: true,
            frameHeight: 720,
            frameWidth: 1280,
            bytesSent: 90,
            codecId: 'c',
            qualityLimitationReason: 'cpu',
          },
          { type: 'outbound-rtp', kind: 'video', active: false, frameHeight: 1080, frameWidth: 1920, bytesSent: 0, codecId: 'c' },
          { type: 'outbound-rtp', kind: 'audio', bytesSent: 7 },
          { type: 'remote-inbound-rtp', kind: 'video', fractionLost: 0.02, roundTripTime: 9 },
          { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.05 },
          { type: 'codec', id: 'c', mimeType: 'video/VP8' },
        ),
      ),
      { videoCodec: 'video/VP8', frameWidth: 1280, frameHeight: 720, videoBytes: 100, audioBytes: 7, roundTripMs: 50, fractionLost: 0.02, limitedBy: 'cpu' },
    )
  })

  it('says nothing of a limit that is none', () => {
    assert.equal(publishStatisticsOf(report({ type: 'outbound-rtp', kind: 'video', bytesSent: 1, qualityLimitationReason: 'none' })).limitedBy, undefined)
  })
})
