import { type Codec, codecLabel } from '../../codecs/codec.ts'
import type { RtpMap } from '../../protocols/sdp/attributes.ts'
import { type LossFormats, lossFormats } from './loss-formats.ts'
import { chooseFormat, senderParameters } from './rtc-formats.ts'
import type { OfferedMedia, RtcOffer } from './rtc-offer.ts'

/** A track that a player gets. */
export type AcceptedTrack = {
  /** Position of the track in the stream. */
  readonly trackIndex: number
  /** Position of its media section in the offer. */
  readonly mediaIndex: number
  readonly map: RtpMap
  /** The player's own `a=fmtp` of that payload type, as it has to come back, and what we say of our stream; undefined without any. */
  readonly format: string | undefined
  /** What it offers against loss and congestion. */
  readonly loss: LossFormats
}

/** A track that a player does not get, and why. */
export type MissingTrack = { readonly trackIndex: number; readonly codec: Codec; readonly reason: string }

export type Negotiation = { readonly accepted: readonly AcceptedTrack[]; readonly missing: readonly MissingTrack[] }

/** Chooses a media section and a payload type for each track; a section carries one track. */
export const negotiate = (offer: RtcOffer, codecs: readonly Codec[]): Negotiation => {
  const accepted: AcceptedTrack[] = []
  const missing: MissingTrack[] = []
  const taken = new Set<number>()
  for (const [trackIndex, codec] of codecs.entries()) {
    const sections = offer.media.map((media, mediaIndex) => ({ media, mediaIndex })).filter(({ media }) => media.kind === codec.kind && media.receives)
    let found: AcceptedTrack | undefined
    for (const { media, mediaIndex } of sections) {
      if (taken.has(mediaIndex)) continue
      const choice = choosePayloadType(media, codec)
      if (!choice) continue
      found = { trackIndex, mediaIndex, ...choice, loss: lossFormats(media, choice.map.payloadType) }
      break
    }
    if (found) {
      taken.add(found.mediaIndex)
      accepted.push(found)
    } else missing.push({ trackIndex, codec, reason: missingReason(codec, sections) })
  }
  return { accepted, missing }
}

/** What a player offers to receive, for people: `VP8, H264, opus`. */
export const offeredCodecs = (offer: RtcOffer): string => {
  const names = offer.media.filter((media) => media.receives).flatMap((media) => media.maps.map((map) => map.encoding))
  return [...new Set(names)].slice(0, 20).join(', ') || 'nothing to receive'
}

const missingReason = (codec: Codec, sections: readonly { readonly media: OfferedMedia }[]): string => {
  if (codec.name === 'aac') return 'WebRTC browsers have no AAC'
  if (sections.length === 0) return `the player did not ask for ${codec.kind}`
  const offered = sections.flatMap(({ media }) => media.maps.map((map) => map.encoding))
  if (offered.some((name) => name.toLowerCase() === codec.name)) return `the player offers no further ${codec.kind}, or none of a fitting form`
  return `the player takes ${[...new Set(offered)].slice(0, 20).join(', ') || 'no codec'} and not ${codecLabel(codec)}`
}

type PayloadChoice = Pick<AcceptedTrack, 'map' | 'format'>

const choosePayloadType = (media: OfferedMedia, codec: Codec): PayloadChoice | undefined => {
  const map = chooseFormat(media.section, media.maps, codec)
  if (!map) return undefined
  const parameters = [formatLine(media, map.payloadType), senderParameters(codec)].filter((part) => part !== undefined)
  return { map, format: parameters.length > 0 ? parameters.join(';') : undefined }
}

const formatLine = (media: OfferedMedia, payloadType: number): string | undefined => {
  for (const [name, value] of media.section.attributes) {
    if (name === 'fmtp' && value?.startsWith(`${payloadType} `)) return value.slice(value.indexOf(' ') + 1).trim()
  }
  return undefined
}
