import { ProtocolError } from '../../bytes/protocol-error.ts'
import { isVcl, NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'
import { MAX_PACKET_PAYLOAD, PACKETIZER_PAYLOAD } from '../../hub/packet.ts'
import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'
import { FuResizer } from '../../protocols/rtp/h264-fu-resizer.ts'
import { H264_FORMAT, packetizeH264 } from '../../protocols/rtp/h264-payload.ts'
import { fuType, isFuStart, splitAggregate } from '../../protocols/rtp/nal-payload.ts'
import { H264ParameterSets } from './h264-parameter-sets.ts'

/** Writes a publisher's H.264 packets so that every picture where decoding can start is marked and has its parameter sets in front. */
export class H264Ingest {
  readonly #track: Track
  readonly #stream: PacketSink
  readonly #parameterSets: H264ParameterSets
  readonly #resizer = new FuResizer(PACKETIZER_PAYLOAD)
  /** Of the access unit that is being written. */
  #timestamp = Number.NaN
  #marked = false
  #hasSps = false
  #hasPps = false

  constructor(track: Track, stream: PacketSink) {
    this.#track = track
    this.#stream = stream
    this.#parameterSets = new H264ParameterSets(track, stream)
  }

  /**
   * @param seq at least `track.nextSeq`
   * @returns false if the payload is broken: it was not written and counts as lost
   */
  push(arrivalMs: number, seq: number, timestamp: number, marker: boolean, payload: Uint8Array): boolean {
    if (timestamp !== this.#timestamp) {
      this.#timestamp = timestamp
      this.#marked = this.#hasSps = this.#hasPps = false
    }
    // What was held back of a NAL unit is of no use without the packet that is missing now.
    if (seq !== this.#track.nextSeq) this.#resizer.reset()
    const type = nalType(payload)
    let startsIdr = false
    let pieces: Uint8Array[] | undefined
    if (type === H264_FORMAT.fragmentType) {
      if (payload.length < 3) return false
      if (isFuStart(H264_FORMAT, payload)) startsIdr = this.#seeSlice(fuType(H264_FORMAT, payload))
      if (this.#resizer.active || payload.length > MAX_PACKET_PAYLOAD) pieces = this.#resizer.push(payload, marker)
    } else if (type === H264_FORMAT.aggregateType) {
      const nals = tryStapA(payload)
      if (!nals) return false
      for (const nal of nals) if (this.#seeNal(nal)) startsIdr = true
      if (payload.length > MAX_PACKET_PAYLOAD) pieces = packetizeH264(nals, PACKETIZER_PAYLOAD)
    } else if (type === 0 || type > H264_FORMAT.aggregateType) return false
    else {
      startsIdr = this.#seeNal(payload)
      if (payload.length > MAX_PACKET_PAYLOAD) pieces = packetizeH264([payload], PACKETIZER_PAYLOAD)
    }

    const inserted = startsIdr && !(this.#hasSps && this.#hasPps) ? this.#insertParameterSets(arrivalMs, seq, timestamp) : 0
    const randomAccess = !this.#marked && (startsIdr || this.#hasSps)
    if (randomAccess) this.#marked = true
    const at = seq + inserted
    if (pieces) this.#writePieces(arrivalMs, at, timestamp, marker, randomAccess, pieces)
    else this.#stream.writePacket(this.#track, { seq: at, timestamp, marker, randomAccess, payload, arrivalMs })
    return true
  }

  /** @returns whether it is a slice of an IDR picture */
  #seeNal(nal: Uint8Array): boolean {
    const type = nalType(nal)
    if (type === NAL_TYPE.SPS) {
      this.#hasSps = true
      this.#parameterSets.onSps(nal)
    } else if (type === NAL_TYPE.PPS) {
      this.#hasPps = true
      this.#parameterSets.onPps(nal)
    } else return this.#seeSlice(type)
    return false
  }

  #seeSlice(type: number): boolean {
    if (isVcl(type)) this.#parameterSets.apply()
    return type === NAL_TYPE.IDR
  }

  /** @returns how many packets were written */
  #insertParameterSets(arrivalMs: number, seq: number, timestamp: number): number {
    const { codec } = this.#track
    // Once an access unit, also if they are not known: the next slice of the picture would not know them either.
    this.#hasSps = this.#hasPps = true
    if (codec.name !== 'h264' || !codec.sps || !codec.pps) return 0
    const payloads = packetizeH264([codec.sps, codec.pps], PACKETIZER_PAYLOAD)
    this.#writePieces(arrivalMs, seq, timestamp, false, !this.#marked, payloads)
    this.#marked = true
    return payloads.length
  }

  #writePieces(arrivalMs: number, firstSeq: number, timestamp: number, marker: boolean, randomAccess: boolean, payloads: readonly Uint8Array[]): void {
    const last = payloads.length - 1
    for (let i = 0; i <= last; i++) {
      this.#stream.writePacket(this.#track, {
        seq: firstSeq + i,
        timestamp,
        marker: marker && i === last,
        randomAccess: randomAccess && i === 0,
        payload: payloads[i] as Uint8Array,
        arrivalMs,
      })
    }
  }
}

const tryStapA = (payload: Uint8Array): Uint8Array[] | undefined => {
  try {
    return splitAggregate(H264_FORMAT, payload)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
