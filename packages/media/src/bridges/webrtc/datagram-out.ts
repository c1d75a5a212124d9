import type { WordMemory } from '../../protocols/srtp/word-memory.ts'
import type { TransportAddress } from '../../protocols/stun/transport-address.ts'

/** Room that `DatagramOut.reserve` leaves for one packet, in bytes: what fits an Ethernet frame over IPv4. */
export const MAX_DATAGRAM_BYTES = 1472

/** Where packets are made and sent from. The memory is the sender's: a packet is written in place and handed over at once. */
export type DatagramOut = {
  /** Valid until the next `reserve`. */
  readonly memory: WordMemory
  /**
   * Finds room for a packet in `memory`.
   * @returns its place, a multiple of 4, with `SRTP_HEADROOM` bytes before it and `MAX_DATAGRAM_BYTES` from it on free
   */
  reserve(): number
  /** Sends what was written to the place that `reserve` gave. */
  sendReserved(at: number, length: number, to: TransportAddress): void
  /** Sends bytes of their own. */
  send(bytes: Uint8Array, to: TransportAddress): void
}
