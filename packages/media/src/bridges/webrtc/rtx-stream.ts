import type { SrtpStream } from '../../protocols/srtp/srtp-sender.ts'

/** Retransmissions of one track, RFC 4588: a stream of its own, so that they neither count as replays nor hide what was lost. */
export class RtxStream {
  readonly srtp: SrtpStream
  readonly ssrc: number
  readonly payloadType: number
  /** Extended sequence number of the next one. */
  nextIndex = 1

  constructor(srtp: SrtpStream, ssrc: number, payloadType: number) {
    this.srtp = srtp
    this.ssrc = ssrc
    this.payloadType = payloadType
  }
}
