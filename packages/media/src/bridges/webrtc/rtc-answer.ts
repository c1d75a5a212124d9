import type { IceCredentials } from '../../protocols/ice/ice-lite-agent.ts'
import { encodeSdp, type SdpAttribute, type SdpMedia } from '../../protocols/sdp/sdp.ts'
import { formatIpAddress, parseIpAddress, type TransportAddress } from '../../protocols/stun/transport-address.ts'
import type { AcceptedTrack } from './negotiate.ts'
import type { OfferedMedia, RtcOffer } from './rtc-offer.ts'

/** What the answer says of the server's side. */
export type RtcAnswer = {
  readonly offer: RtcOffer
  readonly accepted: readonly AcceptedTrack[]
  /** SSRC of each accepted track, in the same order. */
  readonly ssrcs: readonly number[]
  readonly ice: IceCredentials
  /** `sha-256 AB:CD:…` of the server's certificate. */
  readonly fingerprint: string
  /** Where the server can be reached, best first; at least one. */
  readonly addresses: readonly TransportAddress[]
  /** Decimal digits, RFC 8866 section 5.2. */
  readonly sessionId: string
  /** CNAME of the RTCP, and name of the media stream: audio and video with the same one are kept in step. */
  readonly cname: string
}

/** Writes the answer of an ICE-lite server that only sends: RFC 9429 section 5.3. */
export const encodeRtcAnswer = (answer: RtcAnswer): string => {
  const { offer, accepted } = answer
  const mids = accepted.flatMap(({ mediaIndex }) => offer.media[mediaIndex]?.mid ?? [])
  const attributes: SdpAttribute[] = [['ice-lite', undefined]]
  if (mids.length > 0) attributes.push(['group', `BUNDLE ${[...mids].sort(byOfferOrder(offer)).join(' ')}`])
  attributes.push(['msid-semantic', ` WMS ${answer.cname}`])
  return encodeSdp({
    origin: { username: '-', sessionId: answer.sessionId, sessionVersion: '1', addressType: 'IP4', address: '127.0.0.1' },
    sessionName: '-',
    connection: undefined,
    attributes,
    media: offer.media.map((media, mediaIndex) => {
      const position = accepted.findIndex((track) => track.mediaIndex === mediaIndex)
      const track = accepted[position]
      const ssrc = answer.ssrcs[position]
      return track && ssrc !== undefined ? acceptedSection(answer, media, track, ssrc) : refusedSection(media)
    }),
  })
}

const byOfferOrder =
  (offer: RtcOffer) =>
  (a: string, b: string): number =>
    offer.media.findIndex(({ mid }) => mid === a) - offer.media.findIndex(({ mid }) => mid === b)

/** A section that is not used: port 0, RFC 9429 section 5.3.1. */
const refusedSection = (media: OfferedMedia): SdpMedia => ({
  kind: media.kind,
  port: 0,
  protocol: media.protocol,
  formats: media.formats,
  connection: NO_ADDRESS,
  attributes: [...midOf(media), ['inactive', undefined]],
})

const acceptedSection = (answer: RtcAnswer, media: OfferedMedia, track: AcceptedTrack, ssrc: number): SdpMedia => {
  const { map } = track
  const channels = map.channels > 1 ? `/${map.channels}` : ''
  const attributes: SdpAttribute[] = [
    ...midOf(media),
    ['sendonly', undefined],
    ['rtcp-mux', undefined],
    ['rtcp-rsize', undefined],
    ['ice-ufrag', answer.ice.ufrag],
    ['ice-pwd', answer.ice.password],
    ['fingerprint', answer.fingerprint],
    ['setup', 'passive'],
    ['rtpmap', `${map.payloadType} ${map.encoding}/${map.clockRate}${channels}`],
  ]
  if (track.format !== undefined) attributes.push(['fmtp', `${map.payloadType} ${track.format}`])
  if (media.kind === 'video') attributes.push(['rtcp-fb', `${map.payloadType} nack`], ['rtcp-fb', `${map.payloadType} nack pli`])
  attributes.push(['msid', `${answer.cname} ${media.kind}`], ['ssrc', `${ssrc} cname:${answer.cname}`])
  for (const [i, address] of answer.addresses.entries()) attributes.push(['candidate', hostCandidate(address, i)])
  attributes.push(['end-of-candidates', undefined])
  const [first] = answer.addresses
  return {
    kind: media.kind,
    port: first?.port ?? 9,
    protocol: media.protocol,
    formats: [String(map.payloadType)],
    connection: first ? { addressType: first.address.includes(':') ? 'IP6' : 'IP4', address: first.address } : NO_ADDRESS,
    attributes,
  }
}

const NO_ADDRESS = { addressType: 'IP4', address: '0.0.0.0' } as const

const midOf = (media: OfferedMedia): SdpAttribute[] => (media.mid === undefined ? [] : [['mid', media.mid]])

/** RFC 8839 section 5.1; the priority is that of RFC 8445 section 5.1.2.1 for host candidates of component 1. */
const hostCandidate = ({ address, port }: TransportAddress, position: number): string => {
  const priority = 126 * 2 ** 24 + (65535 - position) * 256 + 255
  const bytes = parseIpAddress(address)
  return `${position + 1} 1 udp ${priority} ${bytes?.length === 16 ? formatIpAddress(bytes) : address} ${port} typ host`
}
