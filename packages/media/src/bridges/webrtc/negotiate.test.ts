import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { Codec } from '../../codecs/codec.ts'
import { hostCandidates } from '../../protocols/ice/candidate.ts'
import { DEPENDENCY_DESCRIPTOR_URI } from '../../protocols/rtp/dependency-descriptor.ts'
import { attribute, attributesNamed } from '../../protocols/sdp/attributes.ts'
import { decodeSdp } from '../../protocols/sdp/sdp.ts'
import { TRANSPORT_CC_URI } from './loss-formats.ts'
import { negotiate } from './negotiate.ts'
import { BAD_OFFERS, CHROMIUM_OFFER, PLAIN_OFFER, VP8_OFFER } from './offers.corpus.ts'
import { encodeRtcAnswer } from './rtc-answer.ts'
import { decodeRtcOffer } from './rtc-offer.ts'

const h264 = (...profile: number[]): Codec => ({
  kind: 'video',
  name: 'h264',
  clockRate: 90000,
  sps: profile.length > 0 ? Uint8Array.of(0x67, ...profile, 0x1f) : undefined,
  pps: undefined,
})
const opus: Codec = { kind: 'audio', name: 'opus', clockRate: 48000, channels: 1 }
const aac: Codec = { kind: 'audio', name: 'aac', clockRate: 48000, channels: 2, config: Uint8Array.of(0x11, 0x90) }
const pcma: Codec = { kind: 'audio', name: 'pcma', clockRate: 8000, channels: 1 }
const pcmu16k: Codec = { kind: 'audio', name: 'pcmu', clockRate: 16000, channels: 1 }

describe('what a player gets', () => {
  const cases: [what: string, offer: string, codecs: Codec[], accepted: (readonly [mediaIndex: number, payloadType: number])[], missing: RegExp[]][] = [
    [
      'constrained baseline and Opus',
      CHROMIUM_OFFER,
      [h264(66, 0xe0), opus],
      [
        [0, 106],
        [1, 111],
      ],
      [],
    ],
    ['main', CHROMIUM_OFFER, [h264(77, 0)], [[0, 112]], []],
    ['plain baseline', CHROMIUM_OFFER, [h264(66, 0)], [[0, 102]], []],
    ['high, which is not offered', CHROMIUM_OFFER, [h264(100, 0)], [[0, 106]], []],
    ['a profile that is not known yet', CHROMIUM_OFFER, [h264()], [[0, 106]], []],
    ['AAC is missing, the picture comes', CHROMIUM_OFFER, [h264(66, 0xe0), aac], [[0, 106]], [/no AAC/]],
    ['a second picture is missing', CHROMIUM_OFFER, [h264(77, 0), h264(77, 0)], [[0, 112]], [/no further video/]],
    ['G.711 at an odd rate', CHROMIUM_OFFER, [pcmu16k], [], [/fitting form/]],
    ['a small program', PLAIN_OFFER, [h264(77, 0), pcma], [[0, 8]], [/did not ask for video/]],
    ['no H.264', VP8_OFFER, [h264(77, 0)], [], [/takes VP8 and not H\.264/]],
    ['a player that sends', CHROMIUM_OFFER.replaceAll('recvonly', 'sendonly'), [opus], [], [/did not ask for audio/]],
    ['a section that was given up', CHROMIUM_OFFER.replace('m=audio 9', 'm=audio 0'), [opus], [], [/did not ask for audio/]],
  ]
  for (const [what, text, codecs, accepted, missing] of cases) {
    test(what, () => {
      const result = negotiate(decodeRtcOffer(text), codecs)
      assert.deepEqual(
        result.accepted.map(({ mediaIndex, map }) => [mediaIndex, map.payloadType]),
        accepted,
      )
      assert.equal(result.missing.length, missing.length)
      for (const [i, pattern] of missing.entries()) assert.match(result.missing[i]?.reason ?? '', pattern)
    })
  }
})

const ADDRESSES = [
  { address: '192.0.2.1', port: 8189 },
  { address: '2001:db8::1', port: 8189 },
]

test('the answer has a section for each of the offer, in order, and names the server', () => {
  const offer = decodeRtcOffer(CHROMIUM_OFFER)
  const { accepted } = negotiate(offer, [aac, h264(66, 0xe0)])
  const answer = decodeSdp(
    encodeRtcAnswer({
      offer,
      accepted,
      ssrcs: [7],
      rtxSsrcs: [8],
      ice: { ufrag: 'here', password: 'a password of twenty-two' },
      setup: 'passive',
      fingerprint: 'sha-256 00',
      addresses: ADDRESSES,
      candidates: hostCandidates(ADDRESSES, false),
      sessionId: '1',
      cname: 'c',
    }),
  )
  const [video, audio] = answer.media
  assert.ok(video && audio)
  assert.equal(attribute(answer, 'group'), 'BUNDLE 0')
  assert.equal(attribute(answer, 'ice-lite'), '')
  assert.deepEqual([video.port, video.formats, attribute(video, 'mid')], [8189, ['106'], '0'])
  assert.equal(attribute(video, 'fmtp'), '106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f')
  assert.equal(attribute(video, 'setup'), 'passive')
  assert.equal(attribute(video, 'sendonly'), '')
  assert.equal(attribute(video, 'ssrc'), '7 cname:c')
  assert.deepEqual(
    attributesNamed(video, 'candidate').map((line) => line.split(' ').slice(4, 8).join(' ')),
    ['192.0.2.1 8189 typ host', '2001:db8:0:0:0:0:0:1 8189 typ host'],
  )
  assert.deepEqual([audio.port, attribute(audio, 'mid'), attribute(audio, 'inactive')], [0, '1', ''])
})

test('retransmissions, feedback and FIR are agreed on where they are offered', () => {
  const offer = decodeRtcOffer(
    CHROMIUM_OFFER.replace(
      'a=rtpmap:103 rtx/90000',
      `a=rtcp-fb:102 transport-cc\na=rtcp-fb:102 ccm fir\na=extmap:4 ${TRANSPORT_CC_URI}\na=extmap:5/sendonly urn:x\na=rtpmap:103 rtx/90000`,
    ),
  )
  const { accepted } = negotiate(offer, [h264(66, 0), opus])
  assert.deepEqual(
    accepted.map(({ loss }) => loss),
    [
      { rtxPayloadType: 103, transportCcId: 4, takesFir: true },
      { rtxPayloadType: undefined, transportCcId: undefined, takesFir: false },
    ],
  )
  const side = { ice: { ufrag: 'here', password: 'a password of twenty-two' }, setup: 'passive', fingerprint: 'sha-256 00', addresses: [] } as const
  const [video] = decodeSdp(encodeRtcAnswer({ ...side, offer, accepted, ssrcs: [7, 9], rtxSsrcs: [8, 10], candidates: [], sessionId: '1', cname: 'c' })).media
  assert.ok(video)
  assert.deepEqual(video.formats, ['102', '103'])
  assert.equal(attributesNamed(video, 'rtpmap')[1], '103 rtx/90000')
  assert.equal(attributesNamed(video, 'fmtp')[1], '103 apt=102')
  assert.equal(attribute(video, 'ssrc-group'), 'FID 7 8')
  assert.equal(attribute(video, 'extmap'), `4 ${TRANSPORT_CC_URI}`)
  assert.deepEqual(attributesNamed(video, 'rtcp-fb'), ['102 nack', '102 nack pli', '102 ccm fir', '102 transport-cc'])
})

test('a player of AV1 gets the dependency descriptor if it takes it', () => {
  const lines = `a=rtpmap:45 AV1/90000\na=extmap:13 ${DEPENDENCY_DESCRIPTOR_URI}\n`
  const offer = decodeRtcOffer(
    CHROMIUM_OFFER.replace('UDP/TLS/RTP/SAVPF 96', 'UDP/TLS/RTP/SAVPF 45 96').replace('a=rtpmap:103 rtx/90000', `${lines}a=rtpmap:103 rtx/90000`),
  )
  const described = ({ accepted }: ReturnType<typeof negotiate>): unknown => accepted[0]?.loss.dependencyDescriptorId
  assert.equal(described(negotiate(offer, [{ kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: undefined }])), 13)
  assert.equal(described(negotiate(offer, [h264(66, 0)])), undefined)
})

test('REMB is agreed on where it is offered and transport-wide feedback is not', () => {
  const side = { ice: { ufrag: 'here', password: 'a password of twenty-two' }, setup: 'passive', fingerprint: 'sha-256 00', addresses: [] } as const
  for (const [lines, feedback] of [
    ['a=rtcp-fb:102 goog-remb\n', ['102 nack', '102 nack pli', '102 goog-remb']],
    [`a=rtcp-fb:102 goog-remb\na=rtcp-fb:102 transport-cc\na=extmap:4 ${TRANSPORT_CC_URI}\n`, ['102 nack', '102 nack pli', '102 transport-cc']],
  ] as const) {
    const offer = decodeRtcOffer(CHROMIUM_OFFER.replace('a=rtpmap:103 rtx/90000', `${lines}a=rtpmap:103 rtx/90000`))
    const { accepted } = negotiate(offer, [h264(66, 0)])
    const [video] = decodeSdp(encodeRtcAnswer({ ...side, offer, accepted, ssrcs: [7], rtxSsrcs: [8], candidates: [], sessionId: '1', cname: 'c' })).media
    assert.deepEqual(video && attributesNamed(video, 'rtcp-fb'), feedback)
  }
})

describe('refused offers', () => {
  for (const [what, offer, names] of BAD_OFFERS) {
    test(what, () => assert.throws(() => decodeRtcOffer(offer), { code: 'webrtc/bad-offer', message: names }))
  }
})

test('any text is read and answered, or refused', () => {
  const lines = fc.shuffledSubarray(CHROMIUM_OFFER.split('\n').slice(1)).map((chosen) => ['v=0', ...chosen].join('\n'))
  const edited = fc
    .tuple(fc.constantFrom(CHROMIUM_OFFER, PLAIN_OFFER, VP8_OFFER), fc.nat(1500), fc.nat(20), fc.string({ maxLength: 6 }))
    .map(([offer, at, cut, text]) => offer.slice(0, at) + text + offer.slice(at + cut))
  fc.assert(
    fc.property(fc.oneof(fc.string(), lines, edited), (text) => {
      try {
        const offer = decodeRtcOffer(text)
        const { accepted } = negotiate(offer, [h264(77, 0), opus])
        const ssrcs = accepted.map((_, i) => i + 1)
        const ice = { ufrag: 'here', password: 'a password of twenty-two' }
        const answer = {
          offer,
          accepted,
          ssrcs,
          rtxSsrcs: ssrcs.map((ssrc) => ssrc + 100),
          ice,
          setup: 'passive' as const,
          fingerprint: 'sha-256 00',
          addresses: [],
          candidates: [],
          sessionId: '1',
          cname: 'c',
        }
        assert.equal(decodeSdp(encodeRtcAnswer(answer)).media.length, offer.media.length)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }),
  )
})
