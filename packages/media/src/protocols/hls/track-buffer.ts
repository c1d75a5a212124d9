import { joinObus } from '../../codecs/av1-obu.ts'
import { NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'
import { H265_NAL_TYPE, h265NalType, isH265ParameterSet } from '../../codecs/h265-nal.ts'
import { type Mp4Sample, sampleBytes, type TrackRun } from '../../containers/mp4/media-segment.ts'
import type { Mp4H264Codec, Mp4H265Codec, Mp4Track } from '../../containers/mp4/track.ts'
import type { MediaUnit } from './media-unit.ts'
import { type SilentFrame, silentFrame } from './silence.ts'

type TimedSample = Mp4Sample & { readonly dts: number }

/** Gaps in audio from here on are filled with silence, in seconds: above what timestamps jitter, below what is heard as a skip. */
const FILL_GAP_S = 0.1

/** Longest gap that is filled, in seconds: it bounds what one unit can make us write. */
const MAX_FILL_S = 60

/**
 * The samples of one track that are not in a part yet. A sample's duration is the distance to its successor, so the newest sample is held back
 * until that comes, or until a part needs it. Decoding times rise by at least one tick.
 */
export class TrackBuffer {
  readonly track: Mp4Track
  readonly #silence: SilentFrame | undefined
  readonly #parametersInBand: boolean
  readonly #lengthPrefixed: boolean
  #held: { readonly dts: number; readonly unit: MediaUnit; readonly data: readonly Uint8Array[] } | undefined
  #samples: TimedSample[] = []
  #bytes = 0
  #end: number
  #lastDuration = 0
  #stalled = false

  /**
   * @param startTicks where the track begins, for the silence of a track that does not
   * @param parametersInBand whether key frames have their parameter sets in front, for players that read only the first init segment
   */
  constructor(track: Mp4Track, startTicks: number, parametersInBand: boolean) {
    this.track = track
    this.#parametersInBand = parametersInBand
    this.#lengthPrefixed = track.codec.name === 'h264' || track.codec.name === 'h265'
    this.#silence = track.codec.kind === 'audio' ? silentFrame(track.codec) : undefined
    this.#end = startTicks
  }

  /** Bytes of the samples that wait, without the one held back. */
  get bytes(): number {
    return this.#bytes
  }

  /** Duration of the last sample, in ticks; 0 before the second one. */
  get lastDuration(): number {
    return this.#lastDuration
  }

  /** Where the next sample is expected, in ticks. */
  get end(): number {
    return this.#held ? this.#held.dts + this.#lastDuration : this.#end
  }

  /** Whether the first sample that waits can be decoded by itself. */
  get startsWithSync(): boolean {
    return this.#samples[0]?.sync === true
  }

  /** Gives the sample that is held back its duration: its successor is at `dts`. */
  settle(dts: number): void {
    const held = this.#held
    if (!held) return
    this.#held = undefined
    const gap = dts - (held.dts + this.#lastDuration)
    if (this.#silence && this.#lastDuration > 0 && gap > FILL_GAP_S * this.track.codec.clockRate) {
      this.#append(held.dts, this.#lastDuration, held.unit, held.data)
      this.#fill(dts)
    } else this.#append(held.dts, Math.max(1, dts - held.dts), held.unit, held.data)
  }

  /** Takes a unit and holds it back. A unit that lies in what is written already is left out. */
  push(unit: MediaUnit, dts: number): void {
    this.#stalled = false
    const data = this.#sampleData(unit)
    if (data.length === 0) return
    if (this.track.codec.kind === 'audio' && !this.#held && this.#end - dts > this.#lastDuration / 2) return
    const at = this.#held ? Math.max(dts, this.#held.dts + 1) : Math.max(dts, this.#end)
    this.settle(at)
    if (at - this.#end > FILL_GAP_S * this.track.codec.clockRate) this.#fill(at)
    this.#held = { dts: at, unit, data }
  }

  /** The end has come: the sample held back gets the duration of the one before. */
  flush(): void {
    if (this.#held) this.settle(this.#held.dts + Math.max(1, this.#lastDuration || (this.#silence?.ticks ?? 0)))
  }

  /**
   * Puts silence in the place of a track that stalls, so that players do not wait for it: from when it is behind by `patienceTicks` until its next unit comes.
   * @param ticks where the part ends that is made now
   */
  bridgeStall(ticks: number, patienceTicks: number): void {
    if (ticks - this.end > patienceTicks) this.#stalled = true
    if (this.#stalled) this.#fill(ticks)
  }

  /** Writes silence up to `ticks`. Nothing happens for codecs without known silence. */
  #fill(ticks: number): void {
    const silence = this.#silence
    if (!silence || ticks - this.end < silence.ticks || ticks - this.end > MAX_FILL_S * this.track.codec.clockRate) return
    this.flush()
    const unit: MediaUnit = { pts: 0, dts: 0, randomAccess: true, data: silence.data, arrivalMs: 0 }
    while (ticks - this.#end >= silence.ticks) {
      const next = ticks - this.#end < 2 * silence.ticks ? ticks : this.#end + silence.ticks
      this.#append(this.#end, next - this.#end, unit, silence.data)
    }
    this.#lastDuration = silence.ticks
  }

  /**
   * Takes the samples that begin before `cutTicks` out of the buffer. An audio sample that is held back is among them if it does: frames last
   * as long as the one before, and players that get a part whose sound is short load it again.
   * @returns undefined if there are none
   */
  take(cutTicks: number): TrackRun | undefined {
    if (this.#held && this.#held.dts < cutTicks && this.track.codec.kind === 'audio' && this.#lastDuration > 0) this.flush()
    let count = this.#samples.findIndex((sample) => sample.dts >= cutTicks)
    if (count < 0) count = this.#samples.length
    const first = this.#samples[0]
    if (!first || count === 0) return undefined
    const samples = this.#samples.slice(0, count)
    this.#samples = this.#samples.slice(count)
    for (const sample of samples) this.#bytes -= sampleBytes(this.#lengthPrefixed, sample.data)
    return { trackId: this.track.id, kind: this.track.codec.kind, lengthPrefixed: this.#lengthPrefixed, baseDts: first.dts, samples }
  }

  #sampleData(unit: MediaUnit): readonly Uint8Array[] {
    const { codec } = this.track
    const inBand = this.#parametersInBand && unit.randomAccess
    switch (codec.name) {
      case 'h264': {
        const nals = sampleNals(unit.data, codec)
        return inBand ? [codec.sps, codec.pps, ...nals] : nals
      }
      case 'h265': {
        const nals = h265SampleNals(unit.data, codec)
        return inBand ? [codec.vps, codec.sps, codec.pps, ...nals] : nals
      }
      case 'av1':
        // Key frames bring their sequence header in any case.
        return [joinObus(unit.data)]
      default:
        return unit.data
    }
  }

  #append(dts: number, duration: number, unit: MediaUnit, data: readonly Uint8Array[]): void {
    // pts - dts of the unit itself: where dts had to be moved to rise, the sample is shown as much later.
    this.#samples.push({ dts, duration, compositionOffset: unit.pts - unit.dts, sync: unit.randomAccess, data })
    this.#bytes += sampleBytes(this.#lengthPrefixed, data)
    this.#lastDuration = duration
    this.#end = dts + duration
  }
}

/** What an `avc1` sample has of an access unit: no delimiters, no filler, and no parameter sets that the init segment has. */
const sampleNals = (nals: readonly Uint8Array[], codec: Mp4H264Codec): Uint8Array[] =>
  nals.filter((nal) => {
    const type = nalType(nal)
    if (type === NAL_TYPE.AUD || type === NAL_TYPE.FILLER) return false
    if (type === NAL_TYPE.SPS) return !sameBytes(nal, codec.sps)
    return type !== NAL_TYPE.PPS || !sameBytes(nal, codec.pps)
  })

/** The same for `hvc1`. */
const h265SampleNals = (nals: readonly Uint8Array[], codec: Mp4H265Codec): Uint8Array[] =>
  nals.filter((nal) => {
    const type = h265NalType(nal)
    if (type === H265_NAL_TYPE.AUD || type === H265_NAL_TYPE.FILLER) return false
    return !isH265ParameterSet(type) || ![codec.vps, codec.sps, codec.pps].some((known) => sameBytes(nal, known))
  })

/** Whether two byte runs are equal. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
