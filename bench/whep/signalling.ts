import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { attribute } from '@millrace/media/protocols/sdp/attributes.ts'
import type { SdpMedia, SessionDescription } from '@millrace/media/protocols/sdp/sdp.ts'

/** What a viewer brings to the meeting. */
export type LocalEnd = {
  readonly ufrag: string
  readonly password: string
  /** `sha-256 AB:CD…`, as SDP has it. */
  readonly fingerprint: string
  /** Of its socket. */
  readonly port: number
}

/** What it learns there. */
export type RemoteEnd = {
  readonly ufrag: string
  readonly password: string
  readonly address: string
  readonly port: number
  readonly ssrc: number
  readonly payloadType: number
  /** Of its certificate. */
  readonly fingerprints: readonly Fingerprint[]
  /** Tells the server that the viewer goes. */
  leave(): Promise<void>
}

/** How a viewer and a server get to know each other: WHEP, or another server's own way. */
export type Signalling = (local: LocalEnd) => Promise<RemoteEnd>

/** `a=fingerprint` of a section, or of all. */
export const fingerprintsOf = (description: SessionDescription, media: SdpMedia): readonly Fingerprint[] => {
  const [hash = '', digits = ''] = (attribute(media, 'fingerprint') ?? attribute(description, 'fingerprint') ?? '').split(' ')
  return [{ hash: hash.toLowerCase(), value: Buffer.from(digits.replaceAll(':', ''), 'hex') }]
}
