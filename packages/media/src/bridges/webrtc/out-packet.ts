import { MAX_PACKET_PAYLOAD, type Packet } from '../../hub/packet.ts'
import { makeWordMemory, type WordMemory } from '../../protocols/srtp/word-memory.ts'

/** Original sequence number in front of a payload that is sent again, RFC 4588 section 4. */
const OSN_BYTES = 2

/** A packet made ready for being sent to many viewers: its payload lies at a word, so that each viewer's encryption is a loop over words. */
export class OutPacket {
  readonly payload: WordMemory = makeWordMemory(MAX_PACKET_PAYLOAD + OSN_BYTES)
  payloadBytes = 0

  /** @returns false for a packet that is longer than the hub promises */
  load(packet: Packet): boolean {
    if (packet.payload.length > MAX_PACKET_PAYLOAD) return false
    this.payload.bytes.set(packet.payload)
    this.payloadBytes = packet.payload.length
    return true
  }

  /**
   * As the payload of a retransmission.
   * @param seq that it was sent with first; its low 16 bits count
   * @returns false for a packet that is longer than the hub promises
   */
  loadRtx(packet: Packet, seq: number): boolean {
    if (packet.payload.length > MAX_PACKET_PAYLOAD) return false
    const { bytes } = this.payload
    bytes[0] = seq >>> 8
    bytes[1] = seq
    bytes.set(packet.payload, OSN_BYTES)
    this.payloadBytes = packet.payload.length + OSN_BYTES
    return true
  }
}
