import type { Codec } from '../../codecs/codec.ts'
import type { Publication } from '../../hub/hub.ts'
import type { Layer } from '../../hub/layer.ts'
import type { Packet } from '../../hub/packet.ts'
import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { stripVp8PictureId } from '../../protocols/rtp/vp8-payload.ts'
import { RtpIngest } from '../rtp/rtp-ingest.ts'
import type { RtpTimeline } from '../rtp/rtp-timeline.ts'
import type { InSource } from './in-source.ts'

/** The newest bit rate counts so much beside those before: key frames make single seconds large. */
const NEWEST_SHARE = 0.4

/**
 * One SSRC on its way into a layer of the hub: numbered and timed there by itself, whether it is the track's best layer at present or not.
 */
export class InLayer implements PacketSink {
  readonly source: InSource
  readonly layer: Layer
  /** What its timestamps need to be of the clock of the track: layers have clocks of their own. Modulo 2^32; undefined before its first packet. */
  timestampOffset: number | undefined
  /** That is by arrival: sender reports tell better. */
  isGuessed = false
  readonly #publication: Publication
  readonly #track: Track
  readonly #ingest: RtpIngest
  readonly #written: (layer: InLayer, packet: Packet) => void
  readonly #codecChanged: (layer: InLayer) => void

  /**
   * @param track that it is a layer of
   * @param written called with each packet after it was written to the layer
   * @param codecChanged the layer has new parameters
   */
  constructor(
    source: InSource,
    layer: Layer,
    track: Track,
    publication: Publication,
    timeline: RtpTimeline,
    written: (layer: InLayer, packet: Packet) => void,
    codecChanged: (layer: InLayer) => void,
  ) {
    this.source = source
    this.layer = layer
    this.#track = track
    this.#publication = publication
    this.#written = written
    this.#codecChanged = codecChanged
    this.#ingest = new RtpIngest(layer.track, { originMs: publication.originMs, stream: this }, timeline)
  }

  push(nowMs: number, packet: RtpPacket): void {
    const { timestampOffset = 0 } = this
    // Each layer counts its pictures by itself: decoders go by sequence numbers where there is no count.
    const payload = this.#track.codec.name === 'vp8' && packet.payload.length > 0 ? stripVp8PictureId(packet.payload) : packet.payload
    this.#ingest.push(nowMs, { ...packet, timestamp: (packet.timestamp + timestampOffset) >>> 0, payload })
  }

  writePacket(_track: Track, packet: Packet): void {
    this.#publication.stream.writeLayerPacket(this.#track, this.layer, packet)
    this.#written(this, packet)
  }

  setCodec(track: Track, codec: Codec): void {
    if (track.codec === codec) return
    track.replaceCodec(codec)
    this.#codecChanged(this)
  }

  /** Takes over what the source measured in the last second. */
  measured(isAlive: boolean): void {
    const { layer, source } = this
    layer.bitrateBps = !isAlive ? 0 : layer.bitrateBps === 0 ? source.bitrateBps : layer.bitrateBps * (1 - NEWEST_SHARE) + source.bitrateBps * NEWEST_SHARE
  }
}
