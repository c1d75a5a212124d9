import { ProtocolError } from '../../bytes/protocol-error.ts'
import { DtsEstimator } from '../../codecs/h264-dts.ts'
import { isH265RandomAccess } from '../../codecs/h265-nal.ts'
import { parseH265Sps } from '../../codecs/h265-sps.ts'
import type { Depacketizer } from '../../hub/converters.ts'
import type { Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { H265_FORMAT } from '../../protocols/rtp/h265-payload.ts'
import { NalDepacketizer } from '../../protocols/rtp/nal-depacketizer.ts'

const NONE: Unit[] = []

/** H.265: whole pictures, with decoding times that RTP does not tell. */
export class H265Units implements Depacketizer {
  readonly #track: Track
  readonly #depacketizer = new NalDepacketizer(H265_FORMAT)
  readonly #dts = new DtsEstimator(0)
  #sps: Uint8Array | undefined
  #nextSeq = -1

  constructor(track: Track) {
    this.#track = track
  }

  push(packet: Packet): Unit[] {
    const afterGap = packet.seq !== this.#nextSeq
    this.#nextSeq = packet.seq + 1
    const pictures = this.#depacketizer.push(packet.payload, packet.timestamp, packet.marker, afterGap)
    if (pictures.length === 0) return NONE
    this.#followCodec()
    return pictures.map(({ timestamp, nals }) => {
      const dts = this.#dts.next(timestamp)
      // A picture that comes too late for its time is shown at once.
      return { pts: Math.max(timestamp, dts), dts, randomAccess: isH265RandomAccess(nals), data: nals, arrivalMs: packet.arrivalMs }
    })
  }

  #followCodec(): void {
    const { codec } = this.#track
    if (codec.name !== 'h265' || !codec.sps || codec.sps === this.#sps) return
    this.#sps = codec.sps
    this.#dts.setReorder(reorderFrames(codec.sps))
  }
}

/** A publisher may announce parameter sets that nobody can read; its pictures count as not reordered then. */
const reorderFrames = (sps: Uint8Array): number => {
  try {
    return parseH265Sps(sps).maxNumReorderFrames
  } catch (error) {
    if (error instanceof ProtocolError) return 0
    throw error
  }
}
