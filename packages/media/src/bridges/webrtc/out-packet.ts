import { MAX_PACKET_PAYLOAD, type Packet } from '../../hub/packet.ts'
import { makeWordMemory, type WordMemory } from '../../protocols/srtp/word-memory.ts'

/** A packet made ready for being sent to many viewers: its payload lies at a word, so that each viewer's encryption is a loop over words. */
export class OutPacket {
  readonly payload: WordMemory = makeWordMemory(MAX_PACKET_PAYLOAD)
  payloadBytes = 0
  /** What it was loaded with. */
  packet: Packet | undefined

  /** @returns false for a packet that is longer than the hub promises */
  load(packet: Packet): boolean {
    if (packet.payload.length > MAX_PACKET_PAYLOAD) return false
    this.payload.bytes.set(packet.payload)
    this.payloadBytes = packet.payload.length
    this.packet = packet
    return true
  }
}
