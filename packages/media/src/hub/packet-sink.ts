import type { Codec } from '../codecs/codec.ts'
import type { Packet } from './packet.ts'
import type { Track } from './track.ts'

/** Where a publisher's packets are written: a stream, or a layer of one of its tracks. */
export type PacketSink = {
  /** @param packet `seq` is at least `track.nextSeq` */
  writePacket(track: Track, packet: Packet): void
  /** New parameters of the same codec. Nothing happens if they are the same object. */
  setCodec(track: Track, codec: Codec): void
}
