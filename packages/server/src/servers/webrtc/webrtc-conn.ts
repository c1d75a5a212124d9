import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { PeerLink } from './peer-link.ts'
import type { SessionTap } from './session-tap.ts'

/** Who made the offer, for lists. */
export type OfferMaker = { readonly user: string; readonly userAgent: string }

/** A session of WebRTC, whoever sends in it, as the UDP port and HTTP know it. */
export type WebRtcConn = {
  /** Random: who knows it may end the session. */
  readonly id: string
  readonly pathName: string
  readonly link: PeerLink
  readonly tap: SessionTap
  /** Takes a datagram of SRTP or SRTCP. */
  handleMedia(nowMs: number, datagram: Uint8Array): void
  /** Several times a second. */
  tick(nowMs: number): void
  /** The stream or the server is over: tells the peer, and closes. */
  end(reason: EndReason): void
  /** @param reason for the log */
  close(reason: string): void
}
