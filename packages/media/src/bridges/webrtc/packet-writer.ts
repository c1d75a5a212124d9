import type { Packet } from '../../hub/packet.ts'
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocols/rtp/rtp-packet.ts'
import type { SrtpStream } from '../../protocols/srtp/srtp-sender.ts'
import type { DatagramOut, Destination } from './datagram-out.ts'
import { writeExtensions } from './described-header.ts'
import type { LatePackets } from './late-packets.ts'
import type { AcceptedTrack } from './negotiate.ts'
import type { OutPacket } from './out-packet.ts'
import type { OutTrackPath } from './out-track-path.ts'
import { TRANSPORT_SEQ_BYTES } from './transport-seq.ts'
import type { ViewerLink } from './viewer-link.ts'

/** What the packets of one SSRC have in common. */
type OutStream = { readonly srtp: SrtpStream; readonly ssrc: number; readonly payloadType: number }

/** Makes SRTP packets of one track for one viewer and sends them, and counts what goes out: number and time of each are given. */
export class PacketWriter {
  /** Packets and octets of payload sent, without those of the stream of retransmissions. */
  packets = 0
  octets = 0
  readonly #media: OutStream
  /** RFC 4588: a stream of its own, so that retransmissions neither count as replays nor hide what was lost. */
  readonly #rtx: OutStream | undefined
  /** Extended sequence number of the next retransmission. */
  #nextRtxIndex = 1
  readonly #transportCcId: number | undefined
  readonly #descriptorId: number | undefined
  readonly #out: DatagramOut
  readonly #link: ViewerLink
  readonly #late: LatePackets | undefined
  readonly #isVideo: boolean

  /** @param late learns the transport-wide counts; undefined where packets carry none */
  constructor(accepted: AcceptedTrack, path: OutTrackPath, isVideo: boolean, late: LatePackets | undefined) {
    const { rtxPayloadType, transportCcId, dependencyDescriptorId } = accepted.loss
    const { srtp, ssrc, rtxSsrc } = path
    this.#media = { srtp: srtp.openStream(ssrc), ssrc, payloadType: accepted.map.payloadType }
    if (rtxPayloadType !== undefined) this.#rtx = { srtp: srtp.openStream(rtxSsrc), ssrc: rtxSsrc, payloadType: rtxPayloadType }
    this.#transportCcId = isVideo ? transportCcId : undefined
    this.#descriptorId = dependencyDescriptorId
    this.#out = path.out
    this.#link = path.link
    this.#late = late
    this.#isVideo = isVideo
  }

  get hasRtx(): boolean {
    return this.#rtx !== undefined
  }

  get takesDescriptor(): boolean {
    return this.#descriptorId !== undefined
  }

  /**
   * @param ready the packet's payload
   * @param index extended sequence number
   * @param timestamp as the viewer gets it
   */
  send(nowMs: number, ready: OutPacket, packet: Packet, index: number, timestamp: number, to: Destination): void {
    this.#write(nowMs, ready, packet, this.#media, index, timestamp, to)
    this.packets++
    this.octets += ready.payloadBytes
  }

  /**
   * Sends a packet that was sent with that index and time: as a retransmission where the viewer takes those.
   * @returns false for a packet that is longer than the hub promises
   */
  sendAgain(nowMs: number, ready: OutPacket, packet: Packet, index: number, timestamp: number, to: Destination): boolean {
    if (this.#rtx) {
      if (!ready.loadRtx(packet, index)) return false
      this.#write(nowMs, ready, packet, this.#rtx, this.#nextRtxIndex++, timestamp, to)
    } else {
      if (!ready.load(packet)) return false
      this.send(nowMs, ready, packet, index, timestamp, to)
    }
    return true
  }

  #write(nowMs: number, ready: OutPacket, packet: Packet, stream: OutStream, index: number, timestamp: number, to: Destination): void {
    const out = this.#out
    const link = this.#link
    const isMedia = stream === this.#media
    const at = out.reserve()
    const { bytes } = out.memory
    writeRtpHeader(bytes, at, stream.payloadType, packet.marker, index, timestamp, stream.ssrc)
    const count =
      link.isWatched && this.#transportCcId !== undefined && link.history
        ? { id: this.#transportCcId, seq: link.history.add(nowMs, ready.payloadBytes + RTP_HEADER_BYTES + TRANSPORT_SEQ_BYTES, !isMedia) }
        : undefined
    const extensionBytes = writeExtensions(bytes, at, count, this.#descriptorId, packet.dependencyDescriptor, ready.payloadBytes)
    if (count && isMedia) this.#late?.sent(index, count.seq)
    const length = stream.srtp.protect(out.memory, at, RTP_HEADER_BYTES + extensionBytes, ready.payload, ready.payloadBytes, index)
    out.sendReserved(at, length, to)
    // The estimate is of the pictures, which have the count that it is made from.
    if (!this.#isVideo) return
    link.octets += length
    link.paceBytes -= length
  }
}
