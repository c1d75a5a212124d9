import { BitReader } from '../../bytes/bit-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { removeEmulationPrevention } from '../../codecs/h264-nal.ts'
import { parseSps } from '../../codecs/h264-sps.ts'
import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'
import { sameBytes } from './same-bytes.ts'

/** Longest parameter set that is kept, in bytes. */
const MAX_PARAMETER_SET_BYTES = 4096

/** Keeps a track's codec up to date with the parameter sets that come in band; both change in one step, before the picture that needs them. */
export class H264ParameterSets {
  readonly #track: Track
  readonly #stream: PacketSink
  #newSps: Uint8Array | undefined
  #newPps: Uint8Array | undefined

  constructor(track: Track, stream: PacketSink) {
    this.#track = track
    this.#stream = stream
  }

  onSps(nal: Uint8Array): void {
    const { codec } = this.#track
    if (codec.name !== 'h264') return
    this.#newSps = codec.sps && sameBytes(nal, codec.sps) ? undefined : usableSps(nal)
  }

  onPps(nal: Uint8Array): void {
    const { codec } = this.#track
    if (codec.name !== 'h264' || this.#newPps || nal.length > MAX_PARAMETER_SET_BYTES) return
    if (!codec.pps || !sameBytes(nal, codec.pps)) this.#newPps = new Uint8Array(nal)
  }

  /** A picture comes: what was told before it is now true. */
  apply(): void {
    if (!this.#newSps && !this.#newPps) return
    const { codec } = this.#track
    const sps = this.#newSps
    const pps = this.#newPps
    this.#newSps = this.#newPps = undefined
    if (codec.name !== 'h264') return
    // A stream may have several picture parameter sets beside each other; only one of the same number takes the place of ours.
    const pictureChanged = pps && (sps || !codec.pps || ppsId(pps) === ppsId(codec.pps))
    if (sps || pictureChanged) this.#stream.setCodec(this.#track, { ...codec, sps: sps ?? codec.sps, pps: pictureChanged ? pps : codec.pps })
  }
}

/** A copy (not slice(), which is a view of a Buffer), so that it does not keep the buffer alive that it came in; undefined if no decoder could use it. */
const usableSps = (nal: Uint8Array): Uint8Array | undefined => {
  try {
    parseSps(nal)
    return new Uint8Array(nal)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** pic_parameter_set_id, ITU-T H.264 section 7.3.2.2; -1 if there is none. */
const ppsId = (pps: Uint8Array): number => {
  const reader = new BitReader(removeEmulationPrevention(pps.subarray(1, 16)))
  try {
    return reader.ue()
  } catch (error) {
    if (error instanceof ProtocolError) return -1
    throw error
  }
}
