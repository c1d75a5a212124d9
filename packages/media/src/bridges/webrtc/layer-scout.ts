import type { Codec } from '../../codecs/codec.ts'
import type { Converters } from '../../hub/converters.ts'
import { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { makeVideoIngest, type VideoIngest } from '../rtp/video-ingest.ts'

const NO_CONVERTERS: Converters = { makePacketizer: () => ({ push: () => [] }), makeDepacketizer: () => ({ push: () => [] }) }

/** Looks at the packets of a layer that is not sent yet for one where decoding can start: with the eyes of the ingest, into a stream that nobody reads. */
export class LayerScout {
  readonly #track: Track
  readonly #video: VideoIngest | undefined
  #found = false

  constructor(codec: Codec) {
    const stream = new Stream([codec], NO_CONVERTERS)
    stream.begin('packets')
    stream.readPackets({
      onPacket: (_track, packet) => {
        if (packet.randomAccess) this.#found = true
      },
    })
    this.#track = stream.tracks[0] as Track
    this.#video = makeVideoIngest(this.#track, stream)
  }

  /** Whether decoding can start with this packet. */
  isStart(nowMs: number, { timestamp, marker, payload }: RtpPacket): boolean {
    this.#found = false
    if (payload.length > 0) this.#video?.push(nowMs, this.#track.nextSeq, timestamp, marker, payload)
    return this.#found
  }
}
