import type { Packet } from './packet.ts'
import type { Track } from './track.ts'
import type { Unit } from './unit.ts'
/** Makes packets of a track's units. Stateful: one per track and publisher. */
export type Packetizer = {
  /** Packets in order, numbered from `Track.nextSeq` on; the caller counts that on. */
  push(unit: Unit, firstSeq: number): Packet[]
}
/** Makes units of a track's packets. Stateful: one per track and publisher. */
export type Depacketizer = {
  /** The units that this packet completes; usually none or one. A unit with a packet missing is dropped. */
  push(packet: Packet): Unit[]
}
/** How the hub gets from one view of a track to the other without knowing RTP. */
export type Converters = {
  makePacketizer(track: Track): Packetizer
  makeDepacketizer(track: Track): Depacketizer
}
