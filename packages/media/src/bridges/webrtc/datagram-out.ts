import type { WordMemory } from '../../protocols/srtp/word-memory.ts'
import type { TransportAddress } from '../../protocols/stun/transport-address.ts'

/** Room that `DatagramOut.reserve` leaves for one packet, in bytes: what fits an Ethernet frame over IPv4. */
export const MAX_DATAGRAM_BYTES = 1472

/** A way that keeps order and loses nothing, but for what it cannot take: TCP, RFC 6544. */
export type DatagramConnection = {
  /** It takes less than it is given: pictures wait for a key frame that comes after this is over; sound goes on. */
  readonly isSlow: boolean
  /** Sends a datagram; copies it. */
  send(bytes: Uint8Array): void
}

/** Where datagrams go: by UDP to an address, or into the connection from there. */
export type Destination = TransportAddress & { readonly connection?: DatagramConnection | undefined }

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
  sendReserved(at: number, length: number, to: Destination): void
  /** Sends bytes of their own. */
  send(bytes: Uint8Array, to: Destination): void
}
