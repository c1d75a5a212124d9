import type { SrtpSender } from '../../protocols/srtp/srtp-sender.ts'
import type { DatagramOut } from './datagram-out.ts'
import type { ViewerLink } from './viewer-link.ts'

/** Where a track's packets go. */
export type OutTrackPath = {
  readonly srtp: SrtpSender
  readonly out: DatagramOut
  readonly link: ViewerLink
  readonly ssrc: number
  /** SSRC of retransmissions. */
  readonly rtxSsrc: number
  /** The viewer waits for a key frame, as pictures were left out, and the path has room for one. Called at each picture until one comes. */
  needsKeyFrame(nowMs: number): void
}
