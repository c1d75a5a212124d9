import { ProtocolError } from '../../bytes/protocol-error.ts'
import { H265_NAL_HEADER_BYTES, H265_NAL_TYPE, h265NalType, isH265Irap, isH265Vcl } from '../../codecs/h265-nal.ts'
import { MAX_PACKET_PAYLOAD, PACKETIZER_PAYLOAD } from '../../hub/packet.ts'
import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'
import { H265_FORMAT, H265_PAYLOAD, packetizeH265, splitH265Payload } from '../../protocols/rtp/h265-payload.ts'
import { fuType, isFuStart, splitAggregate } from '../../protocols/rtp/nal-payload.ts'
import { H265ParameterSets } from './h265-parameter-sets.ts'
import type { VideoIngest } from './video-ingest.ts'
import { writePackets } from './write-packets.ts'

/** Writes a publisher's H.265 packets so that every picture where decoding can start is marked and has its parameter sets in front. */
export class H265Ingest implements VideoIngest {
  readonly #track: Track
  readonly #stream: PacketSink
  readonly #parameterSets: H265ParameterSets
  /** Of the access unit that is being written. */
  #timestamp = Number.NaN
  #marked = false
  #hasSps = false

  constructor(track: Track, stream: PacketSink) {
    this.#track = track
    this.#stream = stream
    this.#parameterSets = new H265ParameterSets(track, stream)
  }

  push(arrivalMs: number, seq: number, timestamp: number, marker: boolean, payload: Uint8Array): boolean {
    if (timestamp !== this.#timestamp) {
      this.#timestamp = timestamp
      this.#marked = this.#hasSps = false
    }
    let startsIrap: boolean
    let payloads: readonly Uint8Array[]
    try {
      startsIrap = this.#inspect(payload)
      payloads = payload.length > MAX_PACKET_PAYLOAD ? splitH265Payload(payload, PACKETIZER_PAYLOAD) : [payload]
    } catch (error) {
      if (error instanceof ProtocolError) return false
      throw error
    }
    const inserted = startsIrap && !this.#hasSps ? this.#parameterPayloads() : []
    const randomAccess = !this.#marked && (startsIrap || this.#hasSps)
    if (randomAccess) this.#marked = true
    if (startsIrap) this.#hasSps = true
    writePackets(this.#stream, this.#track, { arrivalMs, firstSeq: seq, timestamp, marker, randomAccess }, [...inserted, ...payloads])
    return true
  }

  /**
   * @returns whether it has a slice of a picture where decoding can start
   * @throws ProtocolError if it is broken
   */
  #inspect(payload: Uint8Array): boolean {
    const type = h265NalType(payload)
    if (type === H265_PAYLOAD.FU) {
      if (payload.length <= H265_NAL_HEADER_BYTES + 1) throw broken('a fragmentation unit without a fragment')
      return isFuStart(H265_FORMAT, payload) && this.#seeSlice(fuType(H265_FORMAT, payload))
    }
    if (type === H265_PAYLOAD.AP) {
      let startsIrap = false
      for (const nal of splitAggregate(H265_FORMAT, payload)) if (this.#seeNal(nal)) startsIrap = true
      return startsIrap
    }
    if (type > H265_PAYLOAD.AP || payload.length < H265_NAL_HEADER_BYTES) throw broken(`a payload of type ${type} and ${payload.length} bytes`)
    return this.#seeNal(payload)
  }

  #seeNal(nal: Uint8Array): boolean {
    const type = h265NalType(nal)
    if (type === H265_NAL_TYPE.SPS) this.#hasSps = true
    this.#parameterSets.see(type, nal)
    return this.#seeSlice(type)
  }

  #seeSlice(type: number): boolean {
    if (isH265Vcl(type)) this.#parameterSets.apply()
    return isH265Irap(type)
  }

  #parameterPayloads(): readonly Uint8Array[] {
    const { codec } = this.#track
    return codec.name === 'h265' && codec.vps && codec.sps && codec.pps ? packetizeH265([codec.vps, codec.sps, codec.pps], PACKETIZER_PAYLOAD) : []
  }
}

const broken = (what: string): ProtocolError => new ProtocolError('rtp/h265', what)
