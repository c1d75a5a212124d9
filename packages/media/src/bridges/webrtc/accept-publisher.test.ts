import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { DEPENDENCY_DESCRIPTOR_URI } from '../../protocols/rtp/dependency-descriptor.ts'
import { attribute, attributesNamed } from '../../protocols/sdp/attributes.ts'
import { decodeSdp } from '../../protocols/sdp/sdp.ts'
import { acceptPublisher } from './accept-publisher.ts'
import { CHROMIUM_OFFER } from './offers.corpus.ts'
import { encodePublisherAnswer } from './publisher-answer.ts'
import { CHROMIUM_PUBLISHER, OBS_OFFER, SIMULCAST_PUBLISHER } from './publisher-offers.corpus.ts'
import type { AnsweringSide } from './rtc-answer.ts'
import { decodeRtcOffer } from './rtc-offer.ts'

const SIDE: AnsweringSide = {
  ice: { ufrag: 'here', password: 'a password of twenty-two' },
  setup: 'passive',
  fingerprint: 'sha-256 00',
  addresses: [{ address: '192.0.2.1', port: 8189 }],
  candidates: ['1 1 udp 1 192.0.2.1 8189 typ host'],
  sessionId: '1',
  cname: 'c',
}

const answerTo = (text: string) => {
  const offer = decodeRtcOffer(text)
  return decodeSdp(encodePublisherAnswer(SIDE, offer, acceptPublisher(offer).accepted))
}

describe('what is taken of a publisher', () => {
  test('OBS: both tracks, plain retransmission, no feedback about each packet', () => {
    const { accepted, refused } = acceptPublisher(decodeRtcOffer(OBS_OFFER))
    assert.deepEqual(refused, [])
    const [audio, video] = accepted
    assert.ok(audio && video)
    assert.deepEqual([audio.codec.name, audio.map.payloadType, [...audio.ssrcs], [...audio.feedback]], ['opus', 111, [1804289383], []])
    assert.deepEqual([video.codec.name, video.map.payloadType, video.rtxPayloadType], ['h264', 96, undefined])
    assert.deepEqual([...video.feedback], ['nack', 'nack pli', 'goog-remb'])
    assert.equal(video.reducedSizeRtcp, false)
  })

  test('Chromium: the codec behind the redundancy, with RTX and transport-wide feedback', () => {
    const [video, audio] = acceptPublisher(decodeRtcOffer(CHROMIUM_PUBLISHER)).accepted
    assert.ok(video && audio)
    assert.deepEqual([video.codec.name, video.map.payloadType, video.rtxPayloadType, [...video.repairs]], ['vp8', 96, 97, [[2000, 1000]]])
    assert.deepEqual([...video.feedback], ['nack', 'nack pli', 'ccm fir', 'transport-cc'])
    assert.deepEqual(video.extensions, { transportCc: 4, mid: 9, rid: 10, repairedRid: 11 })
    assert.deepEqual([audio.codec.name, audio.map.payloadType, [...audio.feedback]], ['opus', 111, ['transport-cc']])
    assert.deepEqual(video.layers, [])
  })

  test('simulcast: the layers, as they are listed', () => {
    assert.deepEqual(acceptPublisher(decodeRtcOffer(SIMULCAST_PUBLISHER)).accepted[0]?.layers, ['h', 'm', 'l'])
  })

  test('a player is no publisher, and unknown codecs are named', () => {
    const watching = acceptPublisher(decodeRtcOffer(CHROMIUM_OFFER))
    assert.deepEqual(
      [watching.accepted.length, watching.refused.map(({ reason }) => reason)],
      [0, ['the publisher does not send here', 'the publisher does not send here']],
    )
    const { accepted, refused } = acceptPublisher(decodeRtcOffer(OBS_OFFER.replaceAll('H264', 'THEORA')))
    assert.deepEqual([accepted.length, refused], [1, [{ kind: 'video', reason: 'none of THEORA can be taken' }]])
  })
})

describe('the answer to a publisher', () => {
  test('says what of the offer is used', () => {
    const [video, audio] = answerTo(SIMULCAST_PUBLISHER).media
    assert.ok(video && audio)
    assert.deepEqual([video.formats, attribute(video, 'recvonly'), attribute(video, 'mid')], [['96', '97'], '', '0'])
    assert.deepEqual(attributesNamed(video, 'rtcp-fb'), ['96 nack', '96 nack pli', '96 ccm fir', '96 transport-cc'])
    assert.deepEqual(attributesNamed(video, 'rid'), ['h recv', 'm recv', 'l recv'])
    assert.equal(attribute(video, 'simulcast'), 'recv h;m;l')
    assert.equal(attributesNamed(video, 'extmap').length, 4)
    assert.ok(attributesNamed(video, 'rtpmap').includes('97 rtx/90000'))
    assert.deepEqual([attribute(audio, 'fmtp'), attribute(audio, 'candidate')], ['111 minptime=10;useinbandfec=1;stereo=1', SIDE.candidates[0]])
  })

  test('of AV1 alone the dependency descriptor is taken', () => {
    for (const [encoding, expected] of [
      ['AV1', true],
      ['VP9', false],
    ] as const) {
      const [video] = answerTo(CHROMIUM_PUBLISHER.replace('VP8/90000', `${encoding}/90000\na=extmap:13 ${DEPENDENCY_DESCRIPTOR_URI}`)).media
      assert.ok(video)
      assert.equal(attributesNamed(video, 'extmap').includes(`13 ${DEPENDENCY_DESCRIPTOR_URI}`), expected, encoding)
      assert.equal(attribute(video, 'extmap-allow-mixed') !== undefined, expected)
    }
  })

  test('keeps to the order of OBS and to its own parameters', () => {
    const answer = answerTo(OBS_OFFER)
    assert.equal(attribute(answer, 'group'), 'BUNDLE 0 1')
    assert.deepEqual(
      answer.media.map(({ kind, port, formats }) => [kind, port, formats]),
      [
        ['audio', 8189, ['111']],
        ['video', 8189, ['96']],
      ],
    )
    assert.equal(attributesNamed(answer.media[0] ?? answer.media[1] ?? { attributes: [] }, 'fmtp')[0]?.match(/stereo=1/g)?.length, 2)
  })

  test('any text is read and answered, or refused', () => {
    const offers = fc.constantFrom(OBS_OFFER, CHROMIUM_PUBLISHER, SIMULCAST_PUBLISHER)
    const lines = offers.chain((offer) => fc.shuffledSubarray(offer.split('\n').slice(1))).map((chosen) => ['v=0', ...chosen].join('\n'))
    const edited = fc
      .tuple(offers, fc.nat(2500), fc.nat(30), fc.string({ maxLength: 8 }))
      .map(([offer, at, cut, text]) => offer.slice(0, at) + text + offer.slice(at + cut))
    fc.assert(
      fc.property(fc.oneof(lines, edited), (text) => {
        try {
          const offer = decodeRtcOffer(text)
          const { accepted } = acceptPublisher(offer)
          assert.equal(decodeSdp(encodePublisherAnswer(SIDE, offer, accepted)).media.length, offer.media.length)
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error))
        }
      }),
    )
  })
})
