import { ProtocolError } from '../../bytes/protocol-error.ts'
import { OBU_TYPE, obuType, withoutSizeField } from '../../codecs/av1-obu.ts'
import { parseAv1Sequence } from '../../codecs/av1-sequence.ts'
import { isVp8KeyFrame } from '../../codecs/vp8.ts'
import { isSamePicture, isVp9KeyFrame, parseVp9Frame } from '../../codecs/vp9.ts'
import { MAX_PACKET_PAYLOAD, PACKETIZER_PAYLOAD } from '../../hub/packet.ts'
import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'
import { decodeAv1Payload, encodeAv1Payloads } from '../../protocols/rtp/av1-payload.ts'
import { decodeVp8Descriptor, splitVp8Payload } from '../../protocols/rtp/vp8-payload.ts'
import { decodeVp9Descriptor, splitVp9Payload } from '../../protocols/rtp/vp9-payload.ts'
import { sameBytes } from './same-bytes.ts'
import type { VideoIngest } from './video-ingest.ts'
import { writePackets } from './write-packets.ts'

/** Writes a publisher's VP8, VP9 or AV1 packets. Key frames bring all that decoders need, so packets are forwarded as they are but for those that are too long. */
export class FrameIngest implements VideoIngest {
  readonly #track: Track
  readonly #stream: PacketSink
  /** Of the newest picture where decoding can start: only its first packet is marked. */
  #startTimestamp = Number.NaN

  constructor(track: Track, stream: PacketSink) {
    this.#track = track
    this.#stream = stream
  }

  push(arrivalMs: number, seq: number, timestamp: number, marker: boolean, payload: Uint8Array): boolean {
    let starts: boolean
    let payloads: readonly Uint8Array[] | undefined
    try {
      starts = this.#inspect(payload) && timestamp !== this.#startTimestamp
      if (payload.length > MAX_PACKET_PAYLOAD) payloads = this.#split(payload)
    } catch (error) {
      if (error instanceof ProtocolError) return false
      throw error
    }
    if (starts) this.#startTimestamp = timestamp
    if (payloads) writePackets(this.#stream, this.#track, { arrivalMs, firstSeq: seq, timestamp, marker, randomAccess: starts }, payloads)
    else this.#stream.writePacket(this.#track, { seq, timestamp, marker, randomAccess: starts, payload, arrivalMs })
    return true
  }

  /**
   * @returns whether decoding can start with this packet
   * @throws ProtocolError if it is broken
   */
  #inspect(payload: Uint8Array): boolean {
    switch (this.#track.codec.name) {
      case 'vp8': {
        const { startsFrame, bytes } = decodeVp8Descriptor(payload)
        return startsFrame && isVp8KeyFrame(payload.subarray(bytes))
      }
      case 'vp9': {
        const { startsFrame, interPredicted, layer, bytes } = decodeVp9Descriptor(payload)
        if (!startsFrame || interPredicted || (layer && layer.spatialId > 0)) return false
        return this.#seeVp9Frame(payload.subarray(bytes))
      }
      default:
        return this.#seeAv1(payload)
    }
  }

  #seeVp9Frame(frame: Uint8Array): boolean {
    if (!isVp9KeyFrame(frame)) return false
    const { codec } = this.#track
    const { profile, picture } = parseVp9Frame(frame)
    if (codec.name === 'vp9' && picture && (codec.profile !== profile || !isSamePicture(codec.picture, picture))) {
      this.#stream.setCodec(this.#track, { ...codec, profile, picture })
    }
    return true
  }

  /** Some senders do not set the flag of a new sequence, so its header is looked for. */
  #seeAv1(payload: Uint8Array): boolean {
    const { continues, continued, elements } = decodeAv1Payload(payload)
    let found = false
    for (let i = continues ? 1 : 0; i < elements.length - (continued ? 1 : 0); i++) {
      const obu = elements[i] as Uint8Array
      if (obuType(obu) !== OBU_TYPE.SEQUENCE_HEADER) continue
      found = true
      this.#seeSequenceHeader(withoutSizeField(obu))
    }
    return found
  }

  #seeSequenceHeader(obu: Uint8Array): void {
    const { codec } = this.#track
    if (codec.name !== 'av1' || (codec.sequenceHeader && sameBytes(codec.sequenceHeader, obu))) return
    parseAv1Sequence(obu)
    // A copy (not slice(), which is a view of a Buffer), so that it does not keep the buffer alive that it came in.
    this.#stream.setCodec(this.#track, { ...codec, sequenceHeader: new Uint8Array(obu) })
  }

  #split(payload: Uint8Array): readonly Uint8Array[] {
    switch (this.#track.codec.name) {
      case 'vp8':
        return splitVp8Payload(payload, PACKETIZER_PAYLOAD)
      case 'vp9':
        return splitVp9Payload(payload, PACKETIZER_PAYLOAD)
      default:
        return encodeAv1Payloads(decodeAv1Payload(payload), PACKETIZER_PAYLOAD)
    }
  }
}
