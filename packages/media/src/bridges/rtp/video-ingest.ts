import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'
import { FrameIngest } from './frame-ingest.ts'
import { H264Ingest } from './h264-ingest.ts'
import { H265Ingest } from './h265-ingest.ts'

/** Writes the packets of a publisher's video track to the hub, marks where decoding can start, and keeps the track's codec up to date. */
export type VideoIngest = {
  /**
   * @param seq at least `track.nextSeq`
   * @returns false if the payload is broken: it was not written and counts as lost
   */
  push(arrivalMs: number, seq: number, timestamp: number, marker: boolean, payload: Uint8Array): boolean
}

/** @returns undefined for audio */
export const makeVideoIngest = (track: Track, stream: PacketSink): VideoIngest | undefined => {
  switch (track.codec.name) {
    case 'h264':
      return new H264Ingest(track, stream)
    case 'h265':
      return new H265Ingest(track, stream)
    case 'vp8':
    case 'vp9':
    case 'av1':
      return new FrameIngest(track, stream)
    default:
      return undefined
  }
}
