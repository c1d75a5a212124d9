import type { Publication } from '../../hub/hub.ts'
import { MAX_PACKET_PAYLOAD, PACKETIZER_PAYLOAD } from '../../hub/packet.ts'
import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'
import { splitSamples } from '../../protocols/rtp/plain-payload.ts'
import type { RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import type { RtpTimeline } from './rtp-timeline.ts'
import { makeVideoIngest, type VideoIngest } from './video-ingest.ts'

/** A packet this far behind the newest is one that was given up; further behind, the sender started anew. */
const MAX_LATE = 512
/** A longer gap is a new start of the sender's count: readers cannot ask for what was in it anyway. */
const MAX_GAP = 4096

/**
 * Writes the packets of a publisher's track to the hub: on the stream's timeline, numbered from `track.nextSeq` on with gaps kept,
 * of a size that every reader can take.
 */
export class RtpIngest {
  /** Packets that were broken, late or there twice. */
  dropped = 0
  readonly #track: Track
  readonly #stream: PacketSink
  readonly #timeline: RtpTimeline
  readonly #originTicks: number
  readonly #video: VideoIngest | undefined
  #lastSeq16 = -1
  /** Broken packets since the last one that was written. */
  #missing = 0
  /** Of audio, whose time never goes back. */
  #lastTimestamp = 0

  /**
   * @param track of the publication's stream, begun with 'packets', or of one of its layers
   * @param publication where to write, and where the publisher's zero lies
   * @param timeline the publisher's, which knows the track by `track.index`
   */
  constructor(track: Track, publication: Pick<Publication, 'originMs'> & { readonly stream: PacketSink }, timeline: RtpTimeline) {
    this.#track = track
    this.#stream = publication.stream
    this.#timeline = timeline
    this.#originTicks = Math.round((publication.originMs * track.clockRate) / 1000)
    this.#video = makeVideoIngest(track, publication.stream)
  }

  /**
   * Takes the track's packets in order.
   * @param packet its payload becomes part of the stream and must not be written to afterwards
   */
  push(nowMs: number, packet: RtpPacket): void {
    const track = this.#track
    // An empty payload is a probe or a keep-alive: it is counted in, but not forwarded.
    const step = this.#countOn(packet.seq)
    if (step === 0 || packet.payload.length === 0) return
    const missing = this.#missing + step - 1
    const seq = track.nextSeq + missing
    const timestamp = this.#originTicks + this.#timeline.align(track.index, nowMs, packet.timestamp)
    this.#missing = 0
    if (!this.#video) this.#pushAudio(nowMs, seq, timestamp, packet)
    else if (!this.#video.push(nowMs, seq, timestamp, packet.marker, packet.payload)) {
      this.dropped++
      this.#missing = missing + 1
    }
  }

  /** How far the packet is after the last one: 1 but for a gap; 0 if it is to be dropped. */
  #countOn(seq16: number): number {
    if (this.#lastSeq16 < 0) {
      this.#lastSeq16 = seq16
      return 1
    }
    // The low 16 bits of the difference as a signed number.
    const step = ((seq16 - this.#lastSeq16) << 16) >> 16
    if (step <= 0 && step > -MAX_LATE) {
      this.dropped++
      return 0
    }
    this.#lastSeq16 = seq16
    return step > 0 && step <= MAX_GAP ? step : 2
  }

  #pushAudio(arrivalMs: number, firstSeq: number, time: number, { marker, payload }: RtpPacket): void {
    const track = this.#track
    let timestamp = Math.max(time, this.#lastTimestamp)
    const { codec } = track
    if (payload.length <= MAX_PACKET_PAYLOAD || (codec.name !== 'pcmu' && codec.name !== 'pcma' && codec.name !== 'g722')) {
      this.#lastTimestamp = timestamp
      this.#stream.writePacket(track, { seq: firstSeq, timestamp, marker, randomAccess: true, payload, arrivalMs })
      return
    }
    let seq = firstSeq
    for (const piece of splitSamples(payload, codec.channels, PACKETIZER_PAYLOAD)) {
      this.#lastTimestamp = timestamp
      this.#stream.writePacket(track, { seq, timestamp, marker: marker && seq === firstSeq, randomAccess: true, payload: piece, arrivalMs })
      timestamp += Math.floor(piece.length / codec.channels)
      seq++
    }
  }
}
