import { ProtocolError } from '../../bytes/protocol-error.ts'
import { parseAv1Sequence } from '../../codecs/av1-sequence.ts'
import type { Av1Codec, Codec, H265Codec } from '../../codecs/codec.ts'
import { parseH265Sps } from '../../codecs/h265-sps.ts'
import { formatOpusMultistream, type OpusMultistream, parseOpusMultistream } from '../../codecs/opus-multistream.ts'
import { formatParameters, type RtpMap } from '../../protocols/sdp/attributes.ts'
import type { SdpMedia } from '../../protocols/sdp/sdp.ts'
import { h264Profile, parseProfileLevelId, profilePreference } from './h264-profile.ts'

/** Parameters of a payload type, names in lower case. */
type Parameters = ReadonlyMap<string, string>

/**
 * The payload type of an offered section that a track is sent with; undefined if none fits.
 * @param maps of the section, in the player's order of preference
 */
export const chooseFormat = (section: SdpMedia, maps: readonly RtpMap[], codec: Codec): RtpMap | undefined => {
  const named = maps.filter((map) => isNamed(map, codec)).map((map) => ({ map, parameters: formatParameters(section, map.payloadType) }))
  switch (codec.name) {
    case 'h264':
      return chooseH264(named, codec.sps)
    case 'h265':
      return chooseByProfile(named, 'profile-id', 1, h265Profile(codec), (parameters) => (parameters.get('tx-mode') ?? 'SRST') === 'SRST')
    case 'vp9':
      return chooseByProfile(named, 'profile-id', 0, codec.profile)
    case 'av1':
      return chooseByProfile(named, 'profile', 0, av1Profile(codec))
    case 'opus':
      return named.find(({ map, parameters }) => layoutOf(codec.multistream) === layoutOf(parseOpusMultistream(parameters, map.channels)))?.map
    default:
      return named[0]?.map
  }
}

/**
 * The codec of a track that a publisher sends with that payload type.
 * @returns undefined if the hub has no such codec, or cannot take it in this form
 */
export const codecOfFormat = (section: SdpMedia, map: RtpMap): Codec | undefined => {
  const parameters = formatParameters(section, map.payloadType)
  const codec = codecNamed(map, parameters)
  if (!codec || !isNamed(map, codec)) return undefined
  // Packets in the interleaved mode are not in decoding order.
  if (codec.name === 'h264' && parameters.get('packetization-mode') === '2') return undefined
  if (codec.name === 'h265' && (parameters.get('tx-mode') ?? 'SRST') !== 'SRST') return undefined
  return codec
}

/** What the answer adds to a viewer's own `a=fmtp` for a track: that the sound has two channels, RFC 7587 section 6.1. */
export const senderParameters = (codec: Codec): string | undefined => (codec.name === 'opus' && codec.channels === 2 ? 'sprop-stereo=1' : undefined)

const codecNamed = (map: RtpMap, parameters: Parameters): Codec | undefined => {
  switch (map.encoding.toUpperCase()) {
    case 'H264':
      return { kind: 'video', name: 'h264', clockRate: 90000, sps: undefined, pps: undefined }
    case 'H265':
      return { kind: 'video', name: 'h265', clockRate: 90000, vps: undefined, sps: undefined, pps: undefined }
    case 'VP8':
      return { kind: 'video', name: 'vp8', clockRate: 90000 }
    case 'VP9':
      return { kind: 'video', name: 'vp9', clockRate: 90000, profile: integer(parameters.get('profile-id'), 0) }
    case 'AV1':
      return { kind: 'video', name: 'av1', clockRate: 90000, sequenceHeader: undefined }
    case 'OPUS':
      return { kind: 'audio', name: 'opus', clockRate: 48000, channels: parameters.get('sprop-stereo') === '1' || parameters.get('stereo') === '1' ? 2 : 1 }
    case 'MULTIOPUS': {
      const multistream = parseOpusMultistream(parameters, map.channels)
      return multistream && { kind: 'audio', name: 'opus', clockRate: 48000, channels: map.channels, multistream }
    }
    case 'PCMU':
      return { kind: 'audio', name: 'pcmu', clockRate: map.clockRate, channels: map.channels }
    case 'PCMA':
      return { kind: 'audio', name: 'pcma', clockRate: map.clockRate, channels: map.channels }
    case 'G722':
      return { kind: 'audio', name: 'g722', clockRate: 8000, channels: map.channels }
    default:
      return undefined
  }
}

/** Browsers decode with the mapping that they offered. */
const layoutOf = (multistream: OpusMultistream | undefined): string => (multistream ? formatOpusMultistream(multistream) : '')

const isNamed = (map: RtpMap, codec: Codec): boolean => {
  const isSurround = codec.name === 'opus' && codec.multistream !== undefined
  if (map.encoding.toLowerCase() !== (isSurround ? 'multiopus' : codec.name) || map.clockRate !== codec.clockRate) return false
  // RFC 7587 section 7: Opus is always announced with two channels.
  return codec.kind === 'video' || (codec.name === 'opus' && !isSurround) || map.channels === codec.channels
}

type NamedFormat = { readonly map: RtpMap; readonly parameters: Parameters }

/** Our packets need packetization-mode 1: fragments and aggregates. RFC 6184 section 8.1. */
const chooseH264 = (formats: readonly NamedFormat[], sps: Uint8Array | undefined): RtpMap | undefined => {
  const candidates = formats
    .filter(({ parameters }) => parameters.get('packetization-mode') === '1')
    .map(({ map, parameters }) => ({ map, profile: parseProfileLevelId(parameters.get('profile-level-id')) }))
  const wanted = sps && sps.length > 2 ? h264Profile(sps[1] as number, sps[2] as number) : undefined
  for (const profile of profilePreference(wanted)) {
    const found = candidates.find((candidate) => candidate.profile === profile)
    if (found) return found.map
  }
  return undefined
}

/** Levels may differ: browsers name one and decode what they are sent. Another profile has other tools, which a decoder may lack. */
const chooseByProfile = (
  formats: readonly NamedFormat[],
  name: string,
  inferred: number,
  profile: number,
  fits: (parameters: Parameters) => boolean = () => true,
): RtpMap | undefined => formats.find(({ parameters }) => fits(parameters) && integer(parameters.get(name), inferred) === profile)?.map

/** general_profile_idc, RFC 7798 section 7.1; the main profile until the stream has told. */
const h265Profile = ({ sps }: H265Codec): number => known(() => sps && parseH265Sps(sps).profileIdc) ?? 1

/** seq_profile, AV1 RTP specification section 7.1; the main profile until the stream has told. */
const av1Profile = ({ sequenceHeader }: Av1Codec): number => known(() => sequenceHeader && parseAv1Sequence(sequenceHeader).profile) ?? 0

/** What cannot be read counts as not known. */
const known = (read: () => number | undefined): number | undefined => {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

const integer = (text: string | undefined, otherwise: number): number => (text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : otherwise)
