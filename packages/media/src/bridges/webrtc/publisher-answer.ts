import type { SdpAttribute, SdpMedia } from '../../protocols/sdp/sdp.ts'
import { type AcceptedMedia, extensionUris } from './accept-publisher.ts'
import { type AnsweringSide, acceptedSection, encodeAnswer, rtpMapLine } from './rtc-answer.ts'
import type { OfferedMedia, RtcOffer } from './rtc-offer.ts'

/** Writes the answer of an ICE-lite server that only receives: RFC 9429 section 5.3, RFC 9725 section 4.2. */
export const encodePublisherAnswer = (side: AnsweringSide, offer: RtcOffer, accepted: readonly AcceptedMedia[]): string =>
  encodeAnswer(side, offer, (media, mediaIndex) => {
    const found = accepted.find((candidate) => candidate.mediaIndex === mediaIndex)
    return found && receivingSection(side, media, found)
  })

const receivingSection = (side: AnsweringSide, media: OfferedMedia, accepted: AcceptedMedia): SdpMedia => {
  const { map, rtxPayloadType } = accepted
  const attributes: SdpAttribute[] = [['recvonly', undefined]]
  for (const [id, uri] of extensionUris(accepted.extensions)) attributes.push(['extmap', `${id} ${uri}`])
  // A template structure is longer than the one-byte form of header extensions can say: RFC 8285 section 6.
  if (accepted.extensions.dependencyDescriptor !== undefined) attributes.push(['extmap-allow-mixed', undefined])
  attributes.push(rtpMapLine(map))
  const format = formatToReceive(accepted)
  if (format !== undefined) attributes.push(['fmtp', `${map.payloadType} ${format}`])
  for (const name of accepted.feedback) attributes.push(['rtcp-fb', `${map.payloadType} ${name}`])
  if (rtxPayloadType !== undefined) {
    attributes.push(rtpMapLine({ payloadType: rtxPayloadType, encoding: 'rtx', clockRate: map.clockRate, channels: 1 }))
    attributes.push(['fmtp', `${rtxPayloadType} apt=${map.payloadType}`])
  }
  const { redPayloadType, ulpfecPayloadType } = accepted
  if (redPayloadType !== undefined) {
    attributes.push(rtpMapLine({ payloadType: redPayloadType, encoding: 'red', clockRate: map.clockRate, channels: map.channels }))
    if (media.kind === 'audio') attributes.push(['fmtp', `${redPayloadType} ${map.payloadType}/${map.payloadType}`])
  }
  if (ulpfecPayloadType !== undefined) {
    attributes.push(rtpMapLine({ payloadType: ulpfecPayloadType, encoding: 'ulpfec', clockRate: map.clockRate, channels: 1 }))
  }
  for (const rid of accepted.layers) attributes.push(['rid', `${rid} recv`])
  if (accepted.layers.length > 0) attributes.push(['simulcast', `recv ${accepted.layers.join(';')}`])
  // Browsers send the first one: redundancy, if it is there.
  const payloadTypes = [redPayloadType, map.payloadType, rtxPayloadType, ulpfecPayloadType].filter((payloadType) => payloadType !== undefined)
  return acceptedSection(side, media, payloadTypes, attributes)
}

/** A publisher of Opus sends two channels only to who says that it wants them: RFC 7587 section 6.1. */
const formatToReceive = ({ codec, format }: AcceptedMedia): string | undefined => {
  if (codec.name !== 'opus' || /(^|;)\s*stereo=/.test(format ?? '')) return format
  return format === undefined ? 'stereo=1' : `${format};stereo=1`
}
