import type { Codec } from '../codecs/codec.ts'
import { PacketRing } from './packet-ring.ts'
/** One elementary stream of a `Stream`. */
export declare class Track {
  #private
  /** Position in `Stream.tracks`. */
  readonly index: number
  /** Filled while the stream's packet view is alive. */
  readonly ring: PacketRing
  /** Next free `Packet.seq`; kept over publishers, so that readers see one continuing sequence. */
  nextSeq: number
  /** End of what was written, in ticks: no new publisher starts before it. */
  lastTicks: number
  constructor(index: number, codec: Codec)
  /** The codec with its newest parameters. */
  get codec(): Codec
  /** Rises when the parameters change, so that shared output knows that its headers are old. */
  get codecVersion(): number
  get clockRate(): number
  /** Only `Stream.setCodec` calls this. */
  replaceCodec(codec: Codec): void
}
