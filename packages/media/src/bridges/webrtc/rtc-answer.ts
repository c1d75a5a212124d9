import type { IceCredentials } from '../../protocols/ice/ice-lite-agent.ts'
import { DEPENDENCY_DESCRIPTOR_URI } from '../../protocols/rtp/dependency-descriptor.ts'
import type { RtpMap } from '../../protocols/sdp/attributes.ts'
import { encodeSdp, type SdpAttribute, type SdpMedia } from '../../protocols/sdp/sdp.ts'
import type { TransportAddress } from '../../protocols/stun/transport-address.ts'
import { TRANSPORT_CC_URI } from './loss-formats.ts'
import type { AcceptedTrack } from './negotiate.ts'
import type { OfferedMedia, RtcOffer } from './rtc-offer.ts'

/** What every answer says of the server's side. */
export type AnsweringSide = {
  readonly ice: IceCredentials
  /** The server's part in the DTLS handshake. */
  readonly setup: 'active' | 'passive'
  /** `sha-256 AB:CD:…` of the server's certificate. */
  readonly fingerprint: string
  /** Where the server can be reached, best first; at least one. */
  readonly addresses: readonly TransportAddress[]
  /** Values of the `a=candidate` lines that say so. */
  readonly candidates: readonly string[]
  /** Decimal digits, RFC 8866 section 5.2. */
  readonly sessionId: string
  /** CNAME of the RTCP, and name of the media stream: audio and video with the same one are kept in step. */
  readonly cname: string
}

/** The answer to a player. */
export type RtcAnswer = AnsweringSide & {
  readonly offer: RtcOffer
  readonly accepted: readonly AcceptedTrack[]
  /** SSRC of each accepted track, in the same order. */
  readonly ssrcs: readonly number[]
  /** Of their retransmissions, in the same order. */
  readonly rtxSsrcs: readonly number[]
}

/** Writes the answer of an ICE-lite server that only sends: RFC 9429 section 5.3. */
export const encodeRtcAnswer = (answer: RtcAnswer): string => {
  const { accepted, ssrcs, rtxSsrcs } = answer
  return encodeAnswer(answer, answer.offer, (media, mediaIndex) => {
    const position = accepted.findIndex((track) => track.mediaIndex === mediaIndex)
    const track = accepted[position]
    const ssrc = ssrcs[position]
    const rtxSsrc = rtxSsrcs[position]
    return track && ssrc !== undefined && rtxSsrc !== undefined ? sendingSection(answer, media, track, ssrc, rtxSsrc) : undefined
  })
}

/**
 * Writes an answer with a section for each of the offer, in its order.
 * @param section makes the answer's; undefined for one that is refused
 */
export const encodeAnswer = (side: AnsweringSide, offer: RtcOffer, section: (media: OfferedMedia, mediaIndex: number) => SdpMedia | undefined): string => {
  const sections = offer.media.map(section)
  const mids = offer.media.flatMap(({ mid }, index) => (sections[index] && mid !== undefined ? [mid] : []))
  const attributes: SdpAttribute[] = [['ice-lite', undefined]]
  if (mids.length > 0) attributes.push(['group', `BUNDLE ${mids.join(' ')}`])
  attributes.push(['msid-semantic', ` WMS ${side.cname}`])
  return encodeSdp({
    origin: { username: '-', sessionId: side.sessionId, sessionVersion: '1', addressType: 'IP4', address: '127.0.0.1' },
    sessionName: '-',
    connection: undefined,
    attributes,
    media: offer.media.map((media, index) => sections[index] ?? refusedSection(media)),
  })
}

/** A section that is not used: port 0, RFC 9429 section 5.3.1. */
const refusedSection = (media: OfferedMedia): SdpMedia => ({
  kind: media.kind,
  port: 0,
  protocol: media.protocol,
  formats: media.formats,
  connection: NO_ADDRESS,
  attributes: [...midOf(media), ['inactive', undefined]],
})

const sendingSection = (answer: RtcAnswer, media: OfferedMedia, track: AcceptedTrack, ssrc: number, rtxSsrc: number): SdpMedia => {
  const { map, loss } = track
  const { payloadType } = map
  const attributes: SdpAttribute[] = [['sendonly', undefined], rtpMapLine(map)]
  if (track.format !== undefined) attributes.push(['fmtp', `${payloadType} ${track.format}`])
  const msid = `${answer.cname} ${media.kind}`
  const sources: SdpAttribute[] = [
    ['msid', msid],
    ['ssrc', `${ssrc} cname:${answer.cname}`],
  ]
  const formats = [payloadType]
  if (media.kind === 'video') {
    attributes.push(['rtcp-fb', `${payloadType} nack`], ['rtcp-fb', `${payloadType} nack pli`])
    if (loss.takesFir) attributes.push(['rtcp-fb', `${payloadType} ccm fir`])
    if (loss.sendsRemb) attributes.push(['rtcp-fb', `${payloadType} goog-remb`])
    if (loss.transportCcId !== undefined) {
      attributes.push(['rtcp-fb', `${payloadType} transport-cc`], ['extmap', `${loss.transportCcId} ${TRANSPORT_CC_URI}`])
    }
    if (loss.dependencyDescriptorId !== undefined) {
      attributes.push(['extmap-allow-mixed', undefined], ['extmap', `${loss.dependencyDescriptorId} ${DEPENDENCY_DESCRIPTOR_URI}`])
    }
    if (loss.rtxPayloadType !== undefined) {
      formats.push(loss.rtxPayloadType)
      attributes.push(['rtpmap', `${loss.rtxPayloadType} rtx/${map.clockRate}`], ['fmtp', `${loss.rtxPayloadType} apt=${payloadType}`])
      // RFC 5576 section 4.2 and RFC 4588 section 8.3: which stream the retransmissions belong to.
      sources.unshift(['ssrc-group', `FID ${ssrc} ${rtxSsrc}`])
      sources.push(['ssrc', `${rtxSsrc} cname:${answer.cname}`])
    }
  }
  return acceptedSection(answer, media, formats, [...attributes, ...sources])
}

/** `a=rtpmap`, RFC 8866 section 6.6. */
export const rtpMapLine = ({ payloadType, encoding, clockRate, channels }: RtpMap): SdpAttribute => [
  'rtpmap',
  `${payloadType} ${encoding}/${clockRate}${channels > 1 ? `/${channels}` : ''}`,
]

/** A section with the server's transport and what the media's direction adds. */
export const acceptedSection = (side: AnsweringSide, media: OfferedMedia, payloadTypes: readonly number[], attributes: readonly SdpAttribute[]): SdpMedia => {
  const [first] = side.addresses
  return {
    kind: media.kind,
    port: first?.port ?? 9,
    protocol: media.protocol,
    formats: payloadTypes.map(String),
    connection: first ? { addressType: first.address.includes(':') ? 'IP6' : 'IP4', address: first.address } : NO_ADDRESS,
    attributes: [
      ...midOf(media),
      ['rtcp-mux', undefined],
      ['rtcp-rsize', undefined],
      ['ice-ufrag', side.ice.ufrag],
      ['ice-pwd', side.ice.password],
      ['fingerprint', side.fingerprint],
      ['setup', side.setup],
      ...attributes,
      ...side.candidates.map((candidate): SdpAttribute => ['candidate', candidate]),
      ['end-of-candidates', undefined],
    ],
  }
}

const NO_ADDRESS = { addressType: 'IP4', address: '0.0.0.0' } as const

const midOf = (media: OfferedMedia): SdpAttribute[] => (media.mid === undefined ? [] : [['mid', media.mid]])
