import { ProtocolError } from '../../bytes/protocol-error.ts'
import { AAC_FRAME_SAMPLES } from '../../codecs/aac.ts'
import { DtsEstimator } from '../../codecs/h264-dts.ts'
import { isRandomAccess } from '../../codecs/h264-nal.ts'
import { parseSps } from '../../codecs/h264-sps.ts'
import { isH265RandomAccess } from '../../codecs/h265-nal.ts'
import { parseH265Sps } from '../../codecs/h265-sps.ts'
import type { Depacketizer } from '../../hub/converters.ts'
import type { Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { AacDepacketizer } from '../../protocols/rtp/aac-payload.ts'
import { H264_FORMAT } from '../../protocols/rtp/h264-payload.ts'
import { H265_FORMAT } from '../../protocols/rtp/h265-payload.ts'
import { NalDepacketizer } from '../../protocols/rtp/nal-depacketizer.ts'

const NONE: Unit[] = []

/** H.264 and H.265: whole pictures, with decoding times that RTP does not tell. */
export class NalUnits implements Depacketizer {
  readonly #track: Track
  readonly #isH265: boolean
  readonly #depacketizer: NalDepacketizer
  readonly #dts = new DtsEstimator(0)
  #sps: Uint8Array | undefined
  #nextSeq = -1

  constructor(track: Track) {
    this.#track = track
    this.#isH265 = track.codec.name === 'h265'
    this.#depacketizer = new NalDepacketizer(this.#isH265 ? H265_FORMAT : H264_FORMAT)
  }

  push(packet: Packet): Unit[] {
    const afterGap = packet.seq !== this.#nextSeq
    this.#nextSeq = packet.seq + 1
    const pictures = this.#depacketizer.push(packet.payload, packet.timestamp, packet.marker, afterGap)
    if (pictures.length === 0) return NONE
    this.#followCodec()
    return pictures.map(({ timestamp, nals }) => {
      const dts = this.#dts.next(timestamp)
      const randomAccess = this.#isH265 ? isH265RandomAccess(nals) : isRandomAccess(nals)
      // A picture that comes too late for its time is shown at once.
      return { pts: Math.max(timestamp, dts), dts, randomAccess, data: nals, arrivalMs: packet.arrivalMs }
    })
  }

  #followCodec(): void {
    const { codec } = this.#track
    if ((codec.name !== 'h264' && codec.name !== 'h265') || !codec.sps || codec.sps === this.#sps) return
    this.#sps = codec.sps
    this.#dts.setReorder(reorderFrames(codec.sps, this.#isH265 ? parseH265Sps : parseSps))
  }
}

/** A publisher may announce parameter sets that nobody can read; its pictures count as not reordered then. */
const reorderFrames = (sps: Uint8Array, parse: (sps: Uint8Array) => { readonly maxNumReorderFrames: number }): number => {
  try {
    return parse(sps).maxNumReorderFrames
  } catch (error) {
    if (error instanceof ProtocolError) return 0
    throw error
  }
}

/** AAC: one unit for each frame, of which a packet may have several or a part. */
export class AacUnits implements Depacketizer {
  readonly #depacketizer = new AacDepacketizer()
  #nextSeq = -1
  #lastPts = 0

  push(packet: Packet): Unit[] {
    const afterGap = packet.seq !== this.#nextSeq
    this.#nextSeq = packet.seq + 1
    const frames = this.#depacketizer.push(packet.payload, afterGap)
    return frames.map((frame, i) => {
      // Where the sender's times overlap, the frames stay in order.
      const pts = Math.max(this.#lastPts, packet.timestamp + i * AAC_FRAME_SAMPLES)
      this.#lastPts = pts
      return { pts, dts: pts, randomAccess: true, data: [frame], arrivalMs: packet.arrivalMs }
    })
  }
}

/** Opus and G.711: each packet is a unit. */
export class PlainUnits implements Depacketizer {
  push({ timestamp, payload, arrivalMs }: Packet): Unit[] {
    return [{ pts: timestamp, dts: timestamp, randomAccess: true, data: [payload], arrivalMs }]
  }
}
