import type { Codec } from '../codecs/codec.ts'
import type { Converters } from './converters.ts'
import type { EndReason } from './end-reason.ts'
import type { Packet } from './packet.ts'
import { Track } from './track.ts'
import type { Unit } from './unit.ts'
import { type CachedUnit } from './unit-cache.ts'
/** Takes units of all tracks. Must not throw and must not block. */
export type UnitReader = {
  onUnit(track: Track, unit: Unit): void
  /** The track's parameters changed; called before the first unit that needs them. */
  onCodecChange?(track: Track): void
}
/** Takes packets of all tracks. Must not throw and must not block. */
export type PacketReader = {
  onPacket(track: Track, packet: Packet): void
  onCodecChange?(track: Track): void
}
/** Someone who reads, as lists and logs show it. */
export type StreamClient = {
  readonly protocol: string
  /** `address:port`. */
  readonly remote: string
  /** The stream is over: tell the client and close. */
  end(reason: EndReason): void
}
/** Output that is made once for many readers. */
export type Shared = {
  close(): void
}
/**
 * A path's live media. A publisher writes units or packets; the other view is derived when its first reader comes
 * and forgotten when the last one leaves.
 */
export declare class Stream {
  #private
  readonly tracks: readonly Track[]
  bytesIn: number
  constructor(codecs: readonly Codec[], converters: Converters)
  /** A new publisher takes over: what was cached does not continue. */
  begin(fedIn: 'units' | 'packets'): void
  /** @param track one of `tracks`; the stream must have begun with 'units' */
  writeUnit(track: Track, unit: Unit): void
  /** @param track one of `tracks`; the stream must have begun with 'packets'. `packet.seq` starts at `track.nextSeq`. */
  writePacket(track: Track, packet: Packet): void
  /** New parameters of the same codec. Nothing happens if they are the same object. */
  setCodec(track: Track, codec: Codec): void
  /** Starts with the cached units, at once and in order. */
  readUnits(reader: UnitReader): void
  /** Starts with the next packet. What came before is in `cachedPackets` and in each track's `ring`. */
  readPackets(reader: PacketReader): void
  stopReadingUnits(reader: UnitReader): void
  stopReadingPackets(reader: PacketReader): void
  /** Units since the newest random-access picture; empty where the view is not alive. */
  get cachedUnits(): readonly CachedUnit[]
  /**
   * The packets of all tracks since the newest random-access picture, in the order they came. Empty if the stream has no video
   * or the rings no longer hold its start. Valid while the packet view is alive: call it after `readPackets`.
   */
  cachedPackets(): {
    track: Track
    packet: Packet
  }[]
  /**
   * Output that many readers share, made by the first and closed when the last one releases it.
   * @param key names the format, `flv`
   */
  share<T extends Shared>(key: string, make: () => T): T
  release(key: string): void
  get clients(): ReadonlySet<StreamClient>
  /** A client that comes after the end is told at once. */
  addClient(client: StreamClient): void
  removeClient(client: StreamClient): void
  /** Set once the stream is over. */
  get ended(): EndReason | undefined
  end(reason: EndReason): void
}
