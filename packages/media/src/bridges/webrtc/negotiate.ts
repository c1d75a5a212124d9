import { type Codec, codecLabel } from '../../codecs/codec.ts'
import { formatParameters, type RtpMap } from '../../protocols/sdp/attributes.ts'
import { h264Profile, parseProfileLevelId, profilePreference } from './h264-profile.ts'
import type { OfferedMedia, RtcOffer } from './rtc-offer.ts'

/** A track that a player gets. */
export type AcceptedTrack = {
  /** Position of the track in the stream. */
  readonly trackIndex: number
  /** Position of its media section in the offer. */
  readonly mediaIndex: number
  readonly map: RtpMap
  /** The player's own `a=fmtp` of that payload type, as it has to come back; undefined without one. */
  readonly format: string | undefined
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
      found = { trackIndex, mediaIndex, ...choice }
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
  const maps = media.maps.filter((map) => fits(map, codec))
  const map = codec.name === 'h264' ? chooseH264(media, maps, codec.sps) : maps[0]
  return map && { map, format: formatLine(media, map.payloadType) }
}

const fits = (map: RtpMap, codec: Codec): boolean => {
  if (map.encoding.toLowerCase() !== codec.name || map.clockRate !== codec.clockRate) return false
  // RFC 7587 section 7: Opus is always announced with two channels.
  return codec.kind === 'video' || codec.name === 'opus' || map.channels === codec.channels
}

/** Our packets need packetization-mode 1: fragments and aggregates. */
const chooseH264 = (media: OfferedMedia, maps: readonly RtpMap[], sps: Uint8Array | undefined): RtpMap | undefined => {
  const candidates = maps.flatMap((map) => {
    const parameters = formatParameters(media.section, map.payloadType)
    return parameters.get('packetization-mode') === '1' ? [{ map, profile: parseProfileLevelId(parameters.get('profile-level-id')) }] : []
  })
  const wanted = sps && sps.length > 2 ? h264Profile(sps[1] as number, sps[2] as number) : undefined
  for (const profile of profilePreference(wanted)) {
    const found = candidates.find((candidate) => candidate.profile === profile)
    if (found) return found.map
  }
  return undefined
}

const formatLine = (media: OfferedMedia, payloadType: number): string | undefined => {
  for (const [name, value] of media.section.attributes) {
    if (name === 'fmtp' && value?.startsWith(`${payloadType} `)) return value.slice(value.indexOf(' ') + 1).trim()
  }
  return undefined
}
