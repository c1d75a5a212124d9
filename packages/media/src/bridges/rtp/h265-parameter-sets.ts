import { BitReader } from '../../bytes/bit-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { H265Codec } from '../../codecs/codec.ts'
import { removeEmulationPrevention } from '../../codecs/h264-nal.ts'
import { H265_NAL_HEADER_BYTES, H265_NAL_TYPE } from '../../codecs/h265-nal.ts'
import { parseH265Sps } from '../../codecs/h265-sps.ts'
import type { PacketSink } from '../../hub/packet-sink.ts'
import type { Track } from '../../hub/track.ts'
import { sameBytes } from './same-bytes.ts'

/** Longest parameter set that is kept, in bytes. */
const MAX_PARAMETER_SET_BYTES = 4096

/** Keeps a track's codec up to date with the parameter sets that come in band; all change in one step, before the picture that needs them. */
export class H265ParameterSets {
  readonly #track: Track
  readonly #stream: PacketSink
  #news: Partial<Pick<H265Codec, 'vps' | 'sps' | 'pps'>> | undefined

  constructor(track: Track, stream: PacketSink) {
    this.#track = track
    this.#stream = stream
  }

  /** @param type of the NAL unit; others than parameter sets are passed over */
  see(type: number, nal: Uint8Array): void {
    const { codec } = this.#track
    const name = NAMES.get(type)
    if (!name || codec.name !== 'h265' || nal.length > MAX_PARAMETER_SET_BYTES) return
    const before = codec[name]
    if (before && sameBytes(before, nal)) return
    if (name === 'sps' && !isReadable(nal)) return
    // A stream may have several picture parameter sets beside each other: the first is kept, and the one that takes its place.
    if (name === 'pps' && (this.#news?.pps || (before && !this.#news?.sps && ppsId(before) !== ppsId(nal)))) return
    // A copy (not slice(), which is a view of a Buffer), so that it does not keep the buffer alive that it came in.
    this.#news = { ...this.#news, [name]: new Uint8Array(nal) }
  }

  /** A picture comes: what was told before it is now true. */
  apply(): void {
    const { codec } = this.#track
    if (!this.#news || codec.name !== 'h265') return
    this.#stream.setCodec(this.#track, { ...codec, ...this.#news })
    this.#news = undefined
  }
}

const NAMES: ReadonlyMap<number, 'vps' | 'sps' | 'pps'> = new Map([
  [H265_NAL_TYPE.VPS, 'vps'],
  [H265_NAL_TYPE.SPS, 'sps'],
  [H265_NAL_TYPE.PPS, 'pps'],
])

const isReadable = (sps: Uint8Array): boolean => {
  try {
    parseH265Sps(sps)
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}

/** pps_pic_parameter_set_id, ITU-T H.265 section 7.3.2.3; -1 if there is none. */
const ppsId = (pps: Uint8Array): number => {
  const reader = new BitReader(removeEmulationPrevention(pps.subarray(H265_NAL_HEADER_BYTES, 16)))
  try {
    return reader.ue()
  } catch (error) {
    if (error instanceof ProtocolError) return -1
    throw error
  }
}
