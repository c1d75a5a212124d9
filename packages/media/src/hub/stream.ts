import type { Codec } from '../codecs/codec.ts'
import type { ClientIdentity } from './client-identity.ts'
import type { Converters, Depacketizer, Packetizer } from './converters.ts'
import type { EndReason } from './end-reason.ts'
import { KEY_FRAME_REQUEST_INTERVAL_MS } from './key-frame-interval.ts'
import type { Layer } from './layer.ts'
import type { Packet } from './packet.ts'
import { Track } from './track.ts'
import type { Unit } from './unit.ts'
import { type CachedUnit, UnitCache } from './unit-cache.ts'

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
  /** A packet of a layer, for those who choose among `track.layers`. What is in the best layer comes by `onPacket` too. */
  onLayerPacket?(track: Track, layer: Layer, packet: Packet): void
  /** `track.layers` or their bit rates changed. Called about once a second while there are layers. */
  onLayersChange?(track: Track): void
}

/** Someone who reads. */
export type StreamClient = ClientIdentity & {
  /** The stream is over: tell the client and close. */
  end(reason: EndReason): void
}

/** Told of a stream's clients. */
export type ClientWatch = { came(client: StreamClient, stream: Stream): void; left(client: StreamClient, reason: string): void }

/** Output that is made once for many readers. */
export type Shared = { close(): void }

/**
 * A path's live media. A publisher writes units or packets; the other view is derived when its first reader comes
 * and forgotten when the last one leaves.
 */
export class Stream {
  readonly tracks: readonly Track[]
  bytesIn = 0
  readonly #converters: Converters
  readonly #cache = new UnitCache()
  readonly #watch: ClientWatch | undefined
  readonly #clients = new Set<StreamClient>()
  readonly #endListeners = new Set<(reason: EndReason) => void>()
  readonly #shared = new Map<string, { value: Shared; users: number }>()
  #unitReaders: UnitReader[] = []
  #packetReaders: PacketReader[] = []
  /** Which view the present publisher writes. */
  #fedIn: 'units' | 'packets' = 'units'
  #packetizers: (Packetizer | undefined)[] = []
  #depacketizers: (Depacketizer | undefined)[] = []
  #ended: EndReason | undefined
  #askPublisher: ((track: Track) => void) | undefined
  /** When the publisher was asked last, by track. */
  readonly #askedMs: number[] = []

  constructor(codecs: readonly Codec[], converters: Converters, watch?: ClientWatch) {
    this.tracks = codecs.map((codec, index) => new Track(index, codec))
    this.#converters = converters
    this.#watch = watch
  }

  /**
   * A new publisher takes over: what was cached does not continue.
   * @param askForKeyFrame reaches a publisher that can be asked
   */
  begin(fedIn: 'units' | 'packets', askForKeyFrame?: (track: Track) => void): void {
    this.#fedIn = fedIn
    this.#askPublisher = askForKeyFrame
    this.#askedMs.length = 0
    this.#cache.clear()
    this.#packetizers = []
    this.#depacketizers = []
    for (const track of this.tracks) {
      track.ring.clear()
      track.forgetPictures()
      if (track.layers.length > 0) this.setLayers(track, [])
    }
  }

  /** The publisher is gone: nobody can be asked for key frames. */
  forgetPublisher(): void {
    this.#askPublisher = undefined
    for (const { layers } of this.tracks) for (const layer of layers) layer.forgetPublisher()
  }

  /**
   * A reader needs a picture where decoding can start and the ring cannot help. Asks the publisher, at most once a second for each track.
   * @returns whether it was asked
   */
  requestKeyFrame(track: Track, nowMs: number): boolean {
    const askedMs = this.#askedMs[track.index] ?? Number.NEGATIVE_INFINITY
    if (!this.#askPublisher || track.codec.kind !== 'video' || nowMs - askedMs < KEY_FRAME_REQUEST_INTERVAL_MS) return false
    this.#askedMs[track.index] = nowMs
    this.#askPublisher(track)
    return true
  }

  /** @param track one of `tracks`; the stream must have begun with 'units' */
  writeUnit(track: Track, unit: Unit): void {
    if (track.codec.kind === 'video') track.seePicture(unit.pts)
    this.#emitUnit(track, unit)
    if (this.#packetReaders.length > 0) this.#packetize(track, unit)
  }

  /** @param track one of `tracks`; the stream must have begun with 'packets'. `packet.seq` starts at `track.nextSeq`. */
  writePacket(track: Track, packet: Packet): void {
    if (packet.seq >= track.nextSeq) track.nextSeq = packet.seq + 1
    if (packet.timestamp > track.lastTicks) track.lastTicks = packet.timestamp
    this.bytesIn += packet.payload.length
    if (track.codec.kind === 'video') track.seePicture(packet.timestamp)
    this.#emitPacket(track, packet)
    if (this.#unitReaders.length > 0) this.#depacketize(track, packet)
  }

  /** The layers that the publisher sends of a track, or new bit rates of them. */
  setLayers(track: Track, layers: readonly Layer[]): void {
    track.replaceLayers(layers)
    for (const reader of this.#packetReaders) reader.onLayersChange?.(track)
  }

  /** @param packet as for `writePacket`, in the layer's own count */
  writeLayerPacket(track: Track, layer: Layer, packet: Packet): void {
    if (packet.seq >= layer.track.nextSeq) layer.track.nextSeq = packet.seq + 1
    layer.track.ring.push(packet)
    const readers = this.#packetReaders
    for (let i = 0; i < readers.length; i++) (readers[i] as PacketReader).onLayerPacket?.(track, layer, packet)
  }

  /** New parameters of the same codec. Nothing happens if they are the same object. */
  setCodec(track: Track, codec: Codec): void {
    if (track.codec === codec) return
    track.replaceCodec(codec)
    for (const reader of this.#unitReaders) reader.onCodecChange?.(track)
    for (const reader of this.#packetReaders) reader.onCodecChange?.(track)
  }

  /** Starts with the cached units, at once and in order. */
  readUnits(reader: UnitReader): void {
    if (this.#fedIn === 'packets' && this.#unitReaders.length === 0) {
      this.#cache.clear()
      for (const { track, packet } of this.cachedPackets()) this.#depacketize(track, packet)
    }
    for (const { track, unit } of this.#cache.units) reader.onUnit(track, unit)
    this.#unitReaders = [...this.#unitReaders, reader]
  }

  /** Starts with the next packet. What came before is in `cachedPackets` and in each track's `ring`. */
  readPackets(reader: PacketReader): void {
    if (this.#fedIn === 'units' && this.#packetReaders.length === 0) {
      for (const track of this.tracks) track.ring.clear()
      for (const { track, unit } of this.#cache.units) this.#packetize(track, unit)
    }
    this.#packetReaders = [...this.#packetReaders, reader]
  }

  stopReadingUnits(reader: UnitReader): void {
    this.#unitReaders = this.#unitReaders.filter((other) => other !== reader)
    if (this.#unitReaders.length === 0) this.#depacketizers = []
  }

  stopReadingPackets(reader: PacketReader): void {
    this.#packetReaders = this.#packetReaders.filter((other) => other !== reader)
    if (this.#packetReaders.length === 0) this.#packetizers = []
  }

  /** Whether somebody reads units: formats that can begin anew only where decoding can. */
  get readsUnits(): boolean {
    return this.#unitReaders.length > 0
  }

  /** Units since the newest random-access picture; empty where the view is not alive. */
  get cachedUnits(): readonly CachedUnit[] {
    return this.#cache.units
  }

  /**
   * The packets of all tracks since the newest random-access picture, in the order they came. Empty if the stream has no video
   * or the rings no longer hold its start. Valid while the packet view is alive: call it after `readPackets`.
   */
  cachedPackets(): { track: Track; packet: Packet }[] {
    const video = this.tracks.find((track) => track.codec.kind === 'video')
    const start = video?.ring.randomAccessSeq
    const first = start === undefined ? undefined : video?.ring.get(start)
    if (!video || !first) return []
    const found: { track: Track; packet: Packet }[] = []
    for (let seq = first.seq; seq <= video.ring.newestSeq; seq++) {
      const packet = video.ring.get(seq)
      if (packet) found.push({ track: video, packet })
    }
    for (const track of this.tracks) {
      if (track === video) continue
      for (let seq = track.ring.newestSeq; seq >= 0; seq--) {
        const packet = track.ring.get(seq)
        if (!packet || packet.arrivalMs < first.arrivalMs) break
        found.push({ track, packet })
      }
    }
    return found.sort((a, b) => a.packet.arrivalMs - b.packet.arrivalMs || (a.track === b.track ? a.packet.seq - b.packet.seq : 0))
  }

  /**
   * Output that many readers share, made by the first and closed when the last one releases it.
   * @param key names the format, `flv`
   */
  share<T extends Shared>(key: string, make: () => T): T {
    const entry = this.#shared.get(key)
    if (entry) {
      entry.users++
      return entry.value as T
    }
    const value = make()
    this.#shared.set(key, { value, users: 1 })
    return value
  }

  release(key: string): void {
    const entry = this.#shared.get(key)
    if (!entry) throw new Error(`${key} is not shared here`)
    if (--entry.users > 0) return
    this.#shared.delete(key)
    entry.value.close()
  }

  get clients(): ReadonlySet<StreamClient> {
    return this.#clients
  }

  /** A client that comes after the end is told at once. */
  addClient(client: StreamClient): void {
    if (this.#ended) {
      client.end(this.#ended)
      return
    }
    this.#clients.add(client)
    this.#watch?.came(client, this)
  }

  /** @param reason why it leaves, for people */
  removeClient(client: StreamClient, reason = ''): void {
    if (this.#clients.delete(client)) this.#watch?.left(client, reason)
  }

  /** Ends one client, as the end of the stream would. */
  dismissClient(client: StreamClient, reason: EndReason): void {
    if (!this.#clients.has(client)) return
    this.removeClient(client, reason.message)
    client.end(reason)
  }

  /**
   * Tells what is made of the stream, and is no client itself, when it is over.
   * @returns a function that stops it
   */
  onEnd(listener: (reason: EndReason) => void): () => void {
    this.#endListeners.add(listener)
    return () => this.#endListeners.delete(listener)
  }

  /** Set once the stream is over. */
  get ended(): EndReason | undefined {
    return this.#ended
  }

  end(reason: EndReason): void {
    if (this.#ended) return
    this.#ended = reason
    const clients = [...this.#clients]
    for (const client of clients) this.dismissClient(client, reason)
    for (const listener of this.#endListeners) listener(reason)
    this.#endListeners.clear()
  }

  #emitUnit(track: Track, unit: Unit): void {
    if (this.#fedIn === 'units') {
      for (const part of unit.data) this.bytesIn += part.length
      if (unit.dts > track.lastTicks) track.lastTicks = unit.dts
    }
    this.#cache.push(track, unit)
    const readers = this.#unitReaders
    for (let i = 0; i < readers.length; i++) (readers[i] as UnitReader).onUnit(track, unit)
  }

  #emitPacket(track: Track, packet: Packet): void {
    track.ring.push(packet)
    const readers = this.#packetReaders
    for (let i = 0; i < readers.length; i++) (readers[i] as PacketReader).onPacket(track, packet)
  }

  #packetize(track: Track, unit: Unit): void {
    const packetizer = (this.#packetizers[track.index] ??= this.#converters.makePacketizer(track))
    for (const packet of packetizer.push(unit, track.nextSeq)) {
      track.nextSeq = packet.seq + 1
      this.#emitPacket(track, packet)
    }
  }

  #depacketize(track: Track, packet: Packet): void {
    const depacketizer = (this.#depacketizers[track.index] ??= this.#converters.makeDepacketizer(track))
    for (const unit of depacketizer.push(packet)) this.#emitUnit(track, unit)
  }
}
