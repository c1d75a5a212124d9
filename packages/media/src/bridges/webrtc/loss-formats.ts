import { DEPENDENCY_DESCRIPTOR_URI } from '../../protocols/rtp/dependency-descriptor.ts'
import { attributesNamed, formatParameters } from '../../protocols/sdp/attributes.ts'
import type { OfferedMedia } from './rtc-offer.ts'

/** RTP header extension with a count over all packets of a transport: draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2. */
export const TRANSPORT_CC_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'

/** What a player offers against loss and congestion, for one of its codecs. */
export type LossFormats = {
  /** Payload type of retransmissions, RFC 4588; undefined: a packet is sent again as it was. */
  readonly rtxPayloadType: number | undefined
  /** Identifier of the transport-wide count, 1 to 14; undefined: no feedback about it comes. */
  readonly transportCcId: number | undefined
  /** It may ask for key frames by FIR, RFC 5104, besides PLI. */
  readonly takesFir: boolean
  /** It tells by REMB how much it takes, as it has no transport-wide feedback. */
  readonly sendsRemb?: true
  /** Identifier of AV1's dependency descriptor, 1 to 14. */
  readonly dependencyDescriptorId?: number
}

/** @param payloadType of the codec that was chosen */
export const lossFormats = (media: OfferedMedia, payloadType: number): LossFormats => {
  const transportCcId = hasFeedback(media, payloadType, 'transport-cc') ? extensionId(media, TRANSPORT_CC_URI) : undefined
  const sendsRemb = transportCcId === undefined && hasFeedback(media, payloadType, 'goog-remb')
  return { ...basicFormats(media, payloadType), transportCcId, ...(sendsRemb ? { sendsRemb } : {}), ...descriptorFormats(media, payloadType) }
}

const descriptorFormats = (media: OfferedMedia, payloadType: number): Pick<LossFormats, 'dependencyDescriptorId'> => {
  const isAv1 = media.maps.some((map) => map.payloadType === payloadType && map.encoding.toLowerCase() === 'av1')
  const dependencyDescriptorId = isAv1 ? extensionId(media, DEPENDENCY_DESCRIPTOR_URI) : undefined
  return dependencyDescriptorId === undefined ? {} : { dependencyDescriptorId }
}

const basicFormats = (media: OfferedMedia, payloadType: number): Pick<LossFormats, 'rtxPayloadType' | 'takesFir'> => ({
  rtxPayloadType: media.maps.find(
    (map) => map.encoding.toLowerCase() === 'rtx' && formatParameters(media.section, map.payloadType).get('apt') === String(payloadType),
  )?.payloadType,
  takesFir: hasFeedback(media, payloadType, 'ccm fir'),
})

/** RFC 4585 section 4.2: `*` stands for all payload types. */
const hasFeedback = (media: OfferedMedia, payloadType: number, feedback: string): boolean =>
  attributesNamed(media.section, 'rtcp-fb').some((line) => {
    const [type, ...name] = line.split(' ')
    return (type === '*' || type === String(payloadType)) && name.join(' ').trim() === feedback
  })

/** RFC 8285 section 5; identifiers of the one-byte form only. */
const extensionId = (media: OfferedMedia, uri: string): number | undefined => {
  for (const line of attributesNamed(media.section, 'extmap')) {
    const [id = '', name] = line.split(' ')
    const [number, direction] = id.split('/')
    // We would write it: the player must read it.
    if (name !== uri || direction === 'sendonly' || direction === 'inactive') continue
    if (/^([1-9]|1[0-4])$/.test(number ?? '')) return Number(number)
  }
  return undefined
}
