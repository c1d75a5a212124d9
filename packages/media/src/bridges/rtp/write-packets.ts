import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'

/** Writes payloads of one picture in a row: the first one is where decoding starts, if it does, and the last one has the marker. */
export const writePackets = (
  stream: PacketSink,
  track: Track,
  { arrivalMs, firstSeq, timestamp, marker, randomAccess }: PacketFields,
  payloads: readonly Uint8Array[],
): void => {
  const last = payloads.length - 1
  for (let i = 0; i <= last; i++) {
    stream.writePacket(track, {
      seq: firstSeq + i,
      timestamp,
      marker: marker && i === last,
      randomAccess: randomAccess && i === 0,
      payload: payloads[i] as Uint8Array,
      arrivalMs,
    })
  }
}

export type PacketFields = {
  readonly arrivalMs: number
  readonly firstSeq: number
  readonly timestamp: number
  readonly marker: boolean
  readonly randomAccess: boolean
}
