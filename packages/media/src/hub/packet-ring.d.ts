import type { Packet } from './packet.ts'
/**
 * The last packets of a track, by sequence number: answers NACKs and starts late readers. One per track, shared by all readers.
 * @param capacity packets, a power of two
 */
export declare class PacketRing {
  #private
  constructor(capacity?: number)
  push(packet: Packet): void
  /** The packet with that sequence number, unless it is lost or too old. */
  get(seq: number): Packet | undefined
  /** Finds a packet by the 16 bits of its sequence number that were on the wire, as a NACK names it. */
  getByWireSeq(seq16: number): Packet | undefined
  /** -1 while the ring is empty. */
  get newestSeq(): number
  /** First packet of the newest unit where decoding can start, if the ring still holds it. */
  get randomAccessSeq(): number | undefined
  /** Forgets the packets but not the count, for a new publisher whose pictures do not continue the old ones. */
  clear(): void
}
