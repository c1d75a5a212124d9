import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { attribute, attributesNamed, formatParameters, rtpMaps } from './attributes.ts'
import { SDP_CORPUS } from './sdp.corpus.ts'
import { decodeSdp, encodeSdp, MAX_SDP_LENGTH, MAX_SDP_MEDIA, type SessionDescription } from './sdp.ts'

describe('decodeSdp', () => {
  test('reads an encoder’s description', () => {
    const sdp = decodeSdp(SDP_CORPUS.ffmpeg)
    assert.equal(sdp.sessionName, 'No Name')
    assert.deepEqual(sdp.connection, { addressType: 'IP4', address: '127.0.0.1' })
    assert.deepEqual(
      sdp.media.map((media) => [media.kind, media.port, media.protocol, attribute(media, 'control'), rtpMaps(media)]),
      [
        ['video', 0, 'RTP/AVP', 'streamid=0', [{ payloadType: 96, encoding: 'H264', clockRate: 90000, channels: 1 }]],
        ['audio', 0, 'RTP/AVP', 'streamid=1', [{ payloadType: 97, encoding: 'MPEG4-GENERIC', clockRate: 44100, channels: 1 }]],
      ],
    )
    const video = sdp.media[0]
    assert.ok(video)
    assert.equal(formatParameters(video, 96).get('sprop-parameter-sets'), 'Z2QAHqzZQKAv+XARAAADAAEAAAMAPA8WLZY=,aOvssiw=')
    assert.equal(formatParameters(video, 97).size, 0)
  })

  test('reads a camera’s description: blanks in the user name, LF, port ranges, static payload types, padding', () => {
    const sdp = decodeSdp(SDP_CORPUS.camera)
    assert.equal(sdp.origin.username, 'My-Camera')
    assert.equal(sdp.origin.sessionId, '1109162014219182')
    assert.equal(sdp.sessionName, '-')
    const [video, audio] = sdp.media
    assert.ok(video && audio)
    assert.equal(video.port, 49170)
    assert.deepEqual(video.connection, { addressType: 'IP6', address: '::1' })
    assert.deepEqual(rtpMaps(video), [{ payloadType: 35, encoding: 'H264', clockRate: 90000, channels: 1 }])
    assert.deepEqual(rtpMaps(audio), [{ payloadType: 0, encoding: 'PCMU', clockRate: 8000, channels: 1 }])
    assert.equal(attribute(audio, 'sendonly'), '')
  })

  test('keeps a browser’s attributes in order', () => {
    const media = decodeSdp(SDP_CORPUS.browser).media[0]
    assert.ok(media)
    assert.deepEqual(media.formats, ['96', '97'])
    assert.deepEqual(attributesNamed(media, 'fmtp'), ['96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f', '97 apt=96'])
    assert.equal(attribute(media, 'fingerprint'), 'sha-256 AB:CD')
    assert.equal(attribute(media, 'nothing'), undefined)
  })

  const faults: [name: string, text: string, code: string][] = [
    ['nothing', '', 'sdp/bad-line'],
    ['another version', 'v=1\r\n', 'sdp/bad-line'],
    ['a line without type', 'v=0\r\nhello\r\n', 'sdp/bad-line'],
    ['a short origin', 'v=0\r\no=- 0 0\r\n', 'sdp/bad-origin'],
    ['an unknown network', 'v=0\r\nc=ATM NSAP 1\r\n', 'sdp/bad-connection'],
    ['a port above 65535', 'v=0\r\nm=video 65536 RTP/AVP 96\r\n', 'sdp/bad-media'],
    ['no formats', 'v=0\r\nm=video 0 RTP/AVP\r\n', 'sdp/bad-media'],
    ['too many media', `v=0\r\n${'m=video 0 RTP/AVP 96\r\n'.repeat(MAX_SDP_MEDIA + 1)}`, 'sdp/too-long'],
    ['too long', `v=0\r\ns=${'x'.repeat(MAX_SDP_LENGTH)}`, 'sdp/too-long'],
  ]
  for (const [name, text, code] of faults) {
    test(`refuses ${name}`, () => {
      assert.throws(() => decodeSdp(text), { code })
    })
  }

  test('any text is decoded or refused, and what was decoded survives encoding', () => {
    const lines = fc.array(fc.constantFrom(...Object.values(SDP_CORPUS).flatMap((text) => text.split(/\r?\n/))), { maxLength: 40 })
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      lines.map((chosen) => ['v=0', ...chosen].join('\n')),
      fc
        .tuple(fc.constantFrom(...Object.values(SDP_CORPUS)), fc.nat(900), fc.string({ maxLength: 4 }))
        .map(([sdp, at, s]) => sdp.slice(0, at) + s + sdp.slice(at)),
    )
    fc.assert(
      fc.property(text, (input) => {
        let decoded: SessionDescription
        try {
          decoded = decodeSdp(input)
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
          return
        }
        for (const media of decoded.media) for (const map of rtpMaps(media)) formatParameters(media, map.payloadType)
        assert.deepEqual(decodeSdp(encodeSdp(decoded)), decoded)
      }),
    )
  })
})
