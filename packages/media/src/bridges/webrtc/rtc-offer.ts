import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { IceCredentials } from '../../protocols/ice/ice-lite-agent.ts'
import { attribute, attributesNamed, type RtpMap, rtpMaps } from '../../protocols/sdp/attributes.ts'
import { decodeSdp, type SdpMedia, type SessionDescription } from '../../protocols/sdp/sdp.ts'

/** `a=fingerprint`, RFC 8122 section 5. */
export type Fingerprint = {
  /** Lower case: `sha-256`. */
  readonly hash: string
  readonly value: Uint8Array
}

/** A media section that can carry RTP by WebRTC. */
export type OfferedMedia = {
  readonly kind: string
  readonly mid: string | undefined
  readonly protocol: string
  readonly formats: readonly string[]
  /** Codecs in the peer's order of preference; empty if the section cannot be used. */
  readonly maps: readonly RtpMap[]
  readonly section: SdpMedia
  /** The peer wants to receive here. */
  readonly receives: boolean
  /** It wants to send here. */
  readonly sends: boolean
}

/** `a=setup`, RFC 8842 section 5. */
export type DtlsSetup = 'actpass' | 'active' | 'passive'

/** What a player or a publisher offers, RFC 9429 section 5.8. */
export type RtcOffer = {
  readonly ice: IceCredentials
  readonly fingerprints: readonly Fingerprint[]
  readonly setup: DtlsSetup
  readonly media: readonly OfferedMedia[]
}

const RTP_PROTOCOLS = new Set(['UDP/TLS/RTP/SAVPF', 'UDP/TLS/RTP/SAVP', 'TCP/DTLS/RTP/SAVPF', 'TCP/DTLS/RTP/SAVP', 'RTP/SAVPF', 'RTP/SAVP'])
const MAX_FINGERPRINTS = 16

/**
 * Reads an offer for all of whose media there is one transport.
 * @throws ProtocolError `sdp/…`, `webrtc/bad-offer` with what would be right
 */
export const decodeRtcOffer = (text: string): RtcOffer => {
  const description = decodeSdp(text)
  const first = description.media.find((media) => media.kind === 'audio' || media.kind === 'video')
  if (!first) throw bad('no m=audio and no m=video section: offer at least one, with a=recvonly to watch or a=sendonly to publish')
  const bundle = attributesNamed(description, 'group').find((group) => group.startsWith('BUNDLE'))
  const bundled = bundle?.split(/\s+/).slice(1)
  const rtpSections = description.media.filter((media) => media.kind === 'audio' || media.kind === 'video')
  if (rtpSections.length > 1 && !bundled) throw bad('several media sections without a=group:BUNDLE: all media share one transport here')
  // The section that the others share the transport of is the first of the group.
  const transport = description.media.find((media) => attribute(media, 'mid') === bundled?.[0]) ?? first
  return {
    ice: iceCredentials(description, transport),
    fingerprints: fingerprints(description, transport),
    setup: dtlsSetup(description, transport),
    media: description.media.map((section) => offeredMedia(description, section, bundled)),
  }
}

const bad = (what: string): ProtocolError => new ProtocolError('webrtc/bad-offer', what)

const inherited = (description: SessionDescription, media: SdpMedia, name: string): string | undefined => attribute(media, name) ?? attribute(description, name)

/** RFC 8839 section 5.4. */
const iceCredentials = (description: SessionDescription, media: SdpMedia): IceCredentials => {
  const ufrag = inherited(description, media, 'ice-ufrag')
  const password = inherited(description, media, 'ice-pwd')
  if (!ufrag || !/^[\w+/]{4,256}$/.test(ufrag)) throw bad('a=ice-ufrag is missing or has not 4 to 256 ice characters')
  if (!password || !/^[\w+/]{22,256}$/.test(password)) throw bad('a=ice-pwd is missing or has not 22 to 256 ice characters')
  return { ufrag, password }
}

const dtlsSetup = (description: SessionDescription, media: SdpMedia): DtlsSetup => {
  const setup = inherited(description, media, 'setup') ?? 'actpass'
  if (setup !== 'actpass' && setup !== 'active' && setup !== 'passive') throw bad(`a=setup:${setup.slice(0, 40)} instead of actpass, active or passive`)
  return setup
}

const fingerprints = (description: SessionDescription, media: SdpMedia): Fingerprint[] => {
  const own = attributesNamed(media, 'fingerprint')
  const lines = own.length > 0 ? own : attributesNamed(description, 'fingerprint')
  if (lines.length === 0) throw bad('no a=fingerprint: the certificate of the DTLS handshake could not be checked')
  if (lines.length > MAX_FINGERPRINTS) throw bad(`${lines.length} a=fingerprint lines, ${MAX_FINGERPRINTS} are the most`)
  return lines.map((line) => {
    const [, hash, digits] = /^(\S{1,32}) ((?:[0-9a-f]{2}:){15,63}[0-9a-f]{2})$/i.exec(line) ?? []
    if (!hash || !digits) throw bad(`a=fingerprint:${line.slice(0, 40)} instead of a hash's name and its bytes as AB:CD:…`)
    return { hash: hash.toLowerCase(), value: Uint8Array.from(digits.split(':'), (pair) => Number.parseInt(pair, 16)) }
  })
}

const offeredMedia = (description: SessionDescription, section: SdpMedia, bundled: readonly string[] | undefined): OfferedMedia => {
  const mid = attribute(section, 'mid')
  const usable =
    (section.kind === 'audio' || section.kind === 'video') &&
    RTP_PROTOCOLS.has(section.protocol) &&
    // Port 0 is a section that was given up, but for those that say that their transport is the bundle's: RFC 9143 section 6.
    (section.port !== 0 || attribute(section, 'bundle-only') !== undefined) &&
    (!bundled || (mid !== undefined && bundled.includes(mid)))
  const direction = directionOf(section) ?? directionOf(description) ?? 'sendrecv'
  return {
    kind: section.kind,
    mid,
    protocol: section.protocol,
    formats: section.formats,
    maps: usable ? rtpMaps(section) : [],
    section,
    receives: usable && (direction === 'recvonly' || direction === 'sendrecv'),
    sends: usable && (direction === 'sendonly' || direction === 'sendrecv'),
  }
}

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const

/** RFC 8866 section 6.7; the first one counts. */
const directionOf = (section: SdpMedia | SessionDescription): (typeof DIRECTIONS)[number] | undefined => {
  for (const [name] of section.attributes) {
    const found = DIRECTIONS.find((direction) => direction === name)
    if (found) return found
  }
  return undefined
}
