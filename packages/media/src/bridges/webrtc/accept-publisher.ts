import type { Codec } from '../../codecs/codec.ts'
import { DEPENDENCY_DESCRIPTOR_URI } from '../../protocols/rtp/dependency-descriptor.ts'
import { MID_URI, REPAIRED_RID_URI, RID_URI, TRANSPORT_CC_URI } from '../../protocols/rtp/header-extensions.ts'
import { attribute, attributesNamed, formatParameters, type RtpMap } from '../../protocols/sdp/attributes.ts'
import { codecOfFormat } from './rtc-formats.ts'
import type { OfferedMedia, RtcOffer } from './rtc-offer.ts'

/** Identifiers of the header extensions that we read, where the publisher offers them. */
export type HeaderExtensionIds = {
  readonly mid?: number
  readonly rid?: number
  readonly repairedRid?: number
  readonly transportCc?: number
  /** Of AV1 alone, whose layers cannot be told apart without. */
  readonly dependencyDescriptor?: number
}

/** What is asked of a publisher by RTCP, as `a=rtcp-fb` names it. */
export type FeedbackName = 'nack' | 'nack pli' | 'ccm fir' | 'transport-cc' | 'goog-remb'

/** A section of a publisher's offer whose media the hub takes. */
export type AcceptedMedia = {
  /** Position of its section in the offer. */
  readonly mediaIndex: number
  readonly mid: string | undefined
  readonly codec: Codec
  readonly map: RtpMap
  /** The publisher's own `a=fmtp` of that payload type, as it goes back; undefined without one. */
  readonly format: string | undefined
  /** Payload type of its retransmissions, RFC 4588. */
  readonly rtxPayloadType: number | undefined
  /** Payload type of packets with redundancy around the codec's own, RFC 2198; undefined without. */
  readonly redPayloadType: number | undefined
  /** Payload type of forward error correction within those, RFC 5109. */
  readonly ulpfecPayloadType: number | undefined
  readonly feedback: ReadonlySet<FeedbackName>
  readonly extensions: HeaderExtensionIds
  /** SSRCs that the offer announces, RFC 5576. */
  readonly ssrcs: readonly number[]
  /** The SSRC whose packets another one sends again: `a=ssrc-group:FID`. */
  readonly repairs: ReadonlyMap<number, number>
  /** Simulcast layers by their `rid`, RFC 8853, as the publisher lists them; empty for one that sends one picture. */
  readonly layers: readonly string[]
  readonly reducedSizeRtcp: boolean
}

/** A section that is left out, and why. */
export type RefusedMedia = { readonly kind: string; readonly reason: string }

export type PublisherAcceptance = { readonly accepted: readonly AcceptedMedia[]; readonly refused: readonly RefusedMedia[] }

/** Layers of a simulcast that are kept apart. */
const MAX_LAYERS = 4

/** Chooses what of a publisher's offer the hub takes: of each section the first codec that it knows. */
export const acceptPublisher = (offer: RtcOffer): PublisherAcceptance => {
  const accepted: AcceptedMedia[] = []
  const refused: RefusedMedia[] = []
  for (const [mediaIndex, media] of offer.media.entries()) {
    if (!media.sends) {
      if (media.maps.length > 0) refused.push({ kind: media.kind, reason: 'the publisher does not send here' })
      continue
    }
    const found = acceptMedia(media, mediaIndex)
    if (found) accepted.push(found)
    else refused.push({ kind: media.kind, reason: `none of ${codecNames(media)} can be taken` })
  }
  return { accepted, refused }
}

const codecNames = (media: OfferedMedia): string => [...new Set(media.maps.map((map) => map.encoding))].slice(0, 20).join(', ') || 'no codec'

const acceptMedia = (media: OfferedMedia, mediaIndex: number): AcceptedMedia | undefined => {
  for (const map of media.maps) {
    const codec = codecOfFormat(media.section, map)
    if (!codec) continue
    const feedback = feedbackOf(media, map.payloadType)
    return {
      mediaIndex,
      mid: media.mid,
      // What it sends may change between one channel and two; decoders of two take both.
      codec: codec.name === 'opus' && !codec.multistream ? { ...codec, channels: 2 } : codec,
      map,
      format: formatLine(media, map.payloadType),
      rtxPayloadType: feedback.has('nack') ? rtxOf(media, map.payloadType) : undefined,
      ...redundancyOf(media, map, feedback),
      feedback,
      extensions: extensionsFor(codec, media),
      ssrcs: ssrcsOf(media),
      repairs: repairsOf(media),
      layers: codec.kind === 'video' ? layersOf(media) : [],
      reducedSizeRtcp: attribute(media.section, 'rtcp-rsize') !== undefined,
    }
  }
  return undefined
}

const formatLine = (media: OfferedMedia, payloadType: number): string | undefined =>
  attributesNamed(media.section, 'fmtp')
    .find((line) => line.startsWith(`${payloadType} `))
    ?.slice(String(payloadType).length)
    .trim()

const rtxOf = (media: OfferedMedia, payloadType: number): number | undefined =>
  media.maps.find((map) => map.encoding.toLowerCase() === 'rtx' && formatParameters(media.section, map.payloadType).get('apt') === String(payloadType))
    ?.payloadType

/**
 * Redundancy helps where nothing is sent again: sound, whose packets would come too late, and pictures of senders without NACK. Others spare
 * the bits.
 */
const redundancyOf = (media: OfferedMedia, map: RtpMap, feedback: ReadonlySet<FeedbackName>): Pick<AcceptedMedia, 'redPayloadType' | 'ulpfecPayloadType'> => {
  const named = (encoding: string): RtpMap[] => media.maps.filter((other) => other.encoding.toLowerCase() === encoding && other.clockRate === map.clockRate)
  if (feedback.has('nack')) return NO_REDUNDANCY
  if (media.kind === 'audio') {
    const red = named('red').find(({ payloadType }) =>
      formatLine(media, payloadType)
        ?.split('/')
        .every((each) => each === String(map.payloadType)),
    )
    return { redPayloadType: red?.payloadType, ulpfecPayloadType: undefined }
  }
  const [red] = named('red')
  const [ulpfec] = named('ulpfec')
  return red && ulpfec ? { redPayloadType: red.payloadType, ulpfecPayloadType: ulpfec.payloadType } : NO_REDUNDANCY
}

const NO_REDUNDANCY = { redPayloadType: undefined, ulpfecPayloadType: undefined } as const

const FEEDBACK: readonly FeedbackName[] = ['nack', 'nack pli', 'ccm fir', 'transport-cc', 'goog-remb']

/** RFC 4585 section 4.2: `*` stands for all payload types. */
const feedbackOf = (media: OfferedMedia, payloadType: number): Set<FeedbackName> => {
  const offered = attributesNamed(media.section, 'rtcp-fb').flatMap((line) => {
    const [type, ...name] = line.split(/\s+/)
    return type === '*' || type === String(payloadType) ? [name.join(' ')] : []
  })
  const found = new Set(FEEDBACK.filter((name) => offered.includes(name)))
  // One of both tells the sender how fast it may be; a REMB beside the other would only be a second bound.
  if (found.has('transport-cc') && extensionsOf(media).transportCc !== undefined) found.delete('goog-remb')
  else found.delete('transport-cc')
  return found
}

/** The names that we know of `a=extmap`, RFC 8285 section 5. */
const EXTENSIONS: Readonly<Record<string, keyof HeaderExtensionIds>> = {
  [MID_URI]: 'mid',
  [RID_URI]: 'rid',
  [REPAIRED_RID_URI]: 'repairedRid',
  [TRANSPORT_CC_URI]: 'transportCc',
  [DEPENDENCY_DESCRIPTOR_URI]: 'dependencyDescriptor',
}

/** VP8 and VP9 say it in their payloads. */
const extensionsFor = (codec: Codec, media: OfferedMedia): HeaderExtensionIds => {
  const { dependencyDescriptor, ...others } = extensionsOf(media)
  return codec.name === 'av1' && dependencyDescriptor !== undefined ? { ...others, dependencyDescriptor } : others
}

const extensionsOf = (media: OfferedMedia): HeaderExtensionIds => {
  const ids: { -readonly [name in keyof HeaderExtensionIds]: number } = {}
  for (const line of attributesNamed(media.section, 'extmap')) {
    const [, id, uri = ''] = /^(\d{1,3})(?:\/sendonly|\/sendrecv)?\s+(\S+)/.exec(line) ?? []
    const name = EXTENSIONS[uri]
    if (name && Number(id) >= 1 && Number(id) <= 255) ids[name] ??= Number(id)
  }
  return ids
}

/** The URIs of the extensions that were accepted, for the answer. */
export const extensionUris = (ids: HeaderExtensionIds): [id: number, uri: string][] =>
  Object.entries(EXTENSIONS).flatMap(([uri, name]) => {
    const id = ids[name]
    return id === undefined ? [] : [[id, uri]]
  })

const ssrcsOf = (media: OfferedMedia): number[] => {
  const ssrcs = attributesNamed(media.section, 'ssrc').map((line) => Number(/^(\d{1,10})\s/.exec(`${line} `)?.[1] ?? Number.NaN))
  return [...new Set(ssrcs.filter((ssrc) => ssrc <= 0xffff_ffff))]
}

/** RFC 5576 section 4.2 and RFC 4588 section 8.3. */
const repairsOf = (media: OfferedMedia): Map<number, number> => {
  const repairs = new Map<number, number>()
  for (const line of attributesNamed(media.section, 'ssrc-group')) {
    const [, ssrc, repair] = /^FID (\d{1,10}) (\d{1,10})\s*$/.exec(line) ?? []
    if (ssrc && repair) repairs.set(Number(repair), Number(ssrc))
  }
  return repairs
}

/** RFC 8853 section 5.1: alternatives are separated by semicolons; a tilde is a layer that is paused at first. */
const layersOf = (media: OfferedMedia): string[] => {
  const sent = /^send\s+(\S+)/.exec(attribute(media.section, 'simulcast') ?? '')?.[1]
  if (sent === undefined) return []
  const known = new Set(
    attributesNamed(media.section, 'rid').flatMap((line) => {
      const [id, direction] = line.split(/\s+/)
      return direction === 'send' && id ? [id] : []
    }),
  )
  const layers = sent.split(';').flatMap((alternatives) => alternatives.split(',')[0]?.replace(/^~/, '') ?? [])
  return layers.filter((rid) => known.has(rid)).slice(0, MAX_LAYERS)
}
