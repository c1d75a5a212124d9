import type { Packet } from '../../hub/packet.ts'
import type { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import { INTERLEAVED_HEADER_BYTES } from '../../protocols/rtsp/interleaved.ts'
import type { RtspOutput, RtspOutputReader } from './from-hub.ts'

/** How one reader is reached. Must not throw and must not block. */
export type RtspSink = {
  /**
   * @param frame an interleaved frame with channel twice the track's index, shared by all readers
   * @param rtp the RTP packet in it, shared by all readers
   * @param isStart whether playing can start here: where packets had to be dropped, it goes on with such a one
   */
  sendRtp(track: Track, frame: Uint8Array, rtp: Uint8Array, isStart: boolean): void
  sendRtcp(track: Track, rtcp: Uint8Array): void
}

/** Where a track begins for a reader, for the RTP-Info header. */
export type TrackStart = { readonly track: number; readonly seq: number; readonly rtpTime: number }

/** What one reader gets of a stream: the tracks that it set up, from a picture on where decoding can start. */
export class RtspReader implements RtspOutputReader {
  readonly #stream: Stream
  readonly #output: RtspOutput
  readonly #sink: RtspSink
  readonly #wanted: readonly boolean[]
  readonly #reported: boolean[]
  readonly #hasVideo: boolean
  #waitsForPicture = false

  /** @param trackIndexes that it set up */
  constructor(stream: Stream, output: RtspOutput, trackIndexes: readonly number[], sink: RtspSink) {
    this.#stream = stream
    this.#output = output
    this.#sink = sink
    this.#wanted = stream.tracks.map((track) => trackIndexes.includes(track.index))
    this.#reported = stream.tracks.map(() => false)
    this.#hasVideo = this.#tracks.some((track) => track.codec.kind === 'video')
  }

  /**
   * Begins with the newest picture that the stream has in its cache.
   * @returns where the tracks begin, and a function to call, without anything between, when the client has been told
   */
  prepare(): { readonly starts: TrackStart[]; run(): void } {
    const cached = this.#stream.cachedPackets().filter(({ track }) => this.#wanted[track.index])
    return {
      starts: this.#starts(cached),
      run: () => {
        this.#waitsForPicture = true
        for (const { track, packet } of cached) {
          const frame = this.#output.frame(track, packet)
          this.onFrame(track, packet, frame, frame.subarray(INTERLEAVED_HEADER_BYTES))
        }
        this.#output.add(this)
      },
    }
  }

  pause(): void {
    this.#output.remove(this)
  }

  /** Leaves, and tells the client that nothing follows. */
  end(reason: string): void {
    this.pause()
    for (const track of this.#tracks) if (this.#reported[track.index]) this.#sink.sendRtcp(track, this.#output.bye(track, reason))
  }

  onFrame(track: Track, packet: Packet, frame: Uint8Array, rtp: Uint8Array): void {
    if (!this.#wanted[track.index]) return
    const isVideo = track.codec.kind === 'video'
    if (isVideo && this.#waitsForPicture) {
      if (!packet.randomAccess) return
      this.#waitsForPicture = false
    }
    this.#sink.sendRtp(track, frame, rtp, packet.randomAccess && (isVideo || !this.#hasVideo))
    // Right after the first packet, so that players bring picture and sound together at once.
    if (!this.#reported[track.index]) this.#report(track, packet.arrivalMs)
  }

  onSenderReport(track: Track, report: Uint8Array): void {
    if (this.#wanted[track.index] && this.#reported[track.index]) this.#sink.sendRtcp(track, report)
  }

  get #tracks(): Track[] {
    return this.#stream.tracks.filter((track) => this.#wanted[track.index])
  }

  #report(track: Track, nowMs: number): void {
    const report = this.#output.senderReport(track, nowMs)
    if (!report) return
    this.#reported[track.index] = true
    this.#sink.sendRtcp(track, report)
  }

  /** All tracks' `rtpTime` is of the same moment: the earliest that is sent. */
  #starts(cached: readonly { track: Track; packet: Packet }[]): TrackStart[] {
    const ends = this.#tracks.map((track) => track.lastTicks / track.clockRate)
    const startSeconds = cached.length > 0 ? Math.min(...cached.map(({ track, packet }) => packet.timestamp / track.clockRate)) : Math.max(...ends)
    return this.#tracks.map((track) => {
      const first = cached.find((entry) => entry.track === track)?.packet.seq ?? track.nextSeq
      return { track: track.index, seq: first & 0xffff, rtpTime: Math.round(startSeconds * track.clockRate) >>> 0 }
    })
  }
}
