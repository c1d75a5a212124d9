import { decodeRed } from '../../protocols/rtp/red-payload.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import type { AcceptedMedia } from './accept-publisher.ts'
import { FecMender } from './fec-mender.ts'

/** What was in a packet with redundancy. */
export type Unwrapped = {
  /** The packet itself; without payload where it is only there to correct others, as it takes a place in the count. */
  readonly packet: RtpPacket
  /** Earlier ones, oldest first: most came already. */
  readonly earlier: readonly RtpPacket[]
}

/** Takes redundancy off the packets of one SSRC: RFC 2198 for sound, and RFC 5109 within it for pictures. */
export class Redundancy {
  readonly #media: AcceptedMedia
  #mender: FecMender | undefined

  constructor(media: AcceptedMedia) {
    this.#media = media
  }

  /**
   * @param bytes the packet as it came, decrypted
   * @param packet the same, of the payload type of redundancy
   * @throws ProtocolError `rtp/red`, `rtp/ulpfec`
   */
  unwrap(bytes: Uint8Array, packet: RtpPacket): Unwrapped {
    const { map, ulpfecPayloadType } = this.#media
    // A probe of the path.
    if (packet.payload.length === 0) return { packet: empty(packet, map.payloadType), earlier: [] }
    const blocks = decodeRed(packet.payload)
    const last = blocks.at(-1)
    if (last === undefined || (last.payloadType !== map.payloadType && last.payloadType !== ulpfecPayloadType))
      return { packet: empty(packet, map.payloadType), earlier: [] }
    if (last.payloadType === ulpfecPayloadType) {
      this.#mender ??= new FecMender()
      return { packet: empty(packet, map.payloadType), earlier: this.#mender.onCorrection(last.data, packet.ssrc) }
    }
    const own = { ...packet, payloadType: map.payloadType, payload: last.data }
    if (ulpfecPayloadType !== undefined) {
      this.#mender ??= new FecMender()
      return { packet: own, earlier: this.#mender.onPacket(packet.seq, withoutRed(bytes, packet, own), packet.ssrc) }
    }
    const earlier = blocks.slice(0, -1).flatMap(({ payloadType, timestampOffset, data }, i): RtpPacket[] => {
      // Senders repeat what was in the packets right before.
      const behind = blocks.length - 1 - i
      if (payloadType !== map.payloadType || data.length === 0) return []
      return [{ ...own, marker: false, seq: (packet.seq - behind) & 0xffff, timestamp: (packet.timestamp - timestampOffset) >>> 0, payload: data }]
    })
    return { packet: own, earlier }
  }
}

const empty = (packet: RtpPacket, payloadType: number): RtpPacket => ({ ...packet, payloadType, payload: new Uint8Array(0) })

/** As it was before redundancy was put around it, which is what error correction is made of: RFC 5109 section 14.1. */
const withoutRed = (bytes: Uint8Array, { payload }: RtpPacket, { marker, payloadType, payload: own }: RtpPacket): Uint8Array => {
  const headerBytes = payload.byteOffset - bytes.byteOffset
  const packet = new Uint8Array(headerBytes + own.length)
  packet.set(bytes.subarray(0, headerBytes))
  packet[1] = (marker ? 0x80 : 0) | payloadType
  packet.set(own, headerBytes)
  return packet
}
