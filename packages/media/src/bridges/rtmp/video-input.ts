import type { H264Codec } from '../../codecs/codec.ts'
import { decodeAvcConfig } from '../../codecs/h264-avcc.ts'
import { isRandomAccess, NAL_TYPE, nalType, splitLengthPrefixed } from '../../codecs/h264-nal.ts'
import { parseSps } from '../../codecs/h264-sps.ts'
import type { VideoTag } from '../../containers/flv/video-tag.ts'
import type { Unit } from '../../hub/unit.ts'
import { equalBytes } from './equal-bytes.ts'

const TICKS_PER_MS = 90

/** The H.264 of one publisher. */
export class VideoInput {
  #codec: H264Codec | undefined
  #nalLengthSize: 1 | 2 | 4 = 4
  #newestDts = 0

  /** Undefined until a sequence header came. */
  get codec(): H264Codec | undefined {
    return this.#codec
  }

  /**
   * @param config AVCDecoderConfigurationRecord
   * @throws ProtocolError `h264/…`
   */
  setConfig(config: Uint8Array): void {
    const { sps, pps, nalLengthSize } = decodeAvcConfig(config)
    this.#nalLengthSize = nalLengthSize
    this.#setParameterSets(sps, pps)
  }

  /** What follows is on another timeline. */
  restart(): void {
    this.#newestDts = 0
  }

  /**
   * @param dtsMs on the stream's timeline, 0 and up
   * @returns undefined for a picture without NAL units, and before the sequence header. The codec may be a new one afterwards.
   * @throws ProtocolError `h264/…`
   */
  unit(tag: VideoTag & { type: 'avc-picture' }, dtsMs: number, arrivalMs: number): Unit | undefined {
    if (!this.#codec) return undefined
    const data = splitLengthPrefixed(tag.data, this.#nalLengthSize)
    if (data.length === 0) return undefined
    if (tag.keyFrame) this.#takeParameterSets(data)
    const dts = Math.max(this.#newestDts, Math.round(dtsMs * TICKS_PER_MS))
    this.#newestDts = dts
    const pts = Math.max(dts, Math.round((dtsMs + tag.compositionMs) * TICKS_PER_MS))
    // Key frames with recovery points instead of IDR are as good a start as that encoder gives.
    return { pts, dts, randomAccess: tag.keyFrame || isRandomAccess(data), data, arrivalMs }
  }

  /** Parameter sets in front of a key frame replace those of the sequence header. */
  #takeParameterSets(nals: readonly Uint8Array[]): void {
    const sps = nals.find((nal) => nalType(nal) === NAL_TYPE.SPS)
    const pps = nals.find((nal) => nalType(nal) === NAL_TYPE.PPS)
    if (sps || pps) this.#setParameterSets(sps ?? this.#codec?.sps, pps ?? this.#codec?.pps)
  }

  #setParameterSets(sps: Uint8Array | undefined, pps: Uint8Array | undefined): void {
    if (!sps || !pps) return
    if (equalBytes(sps, this.#codec?.sps) && equalBytes(pps, this.#codec?.pps)) return
    parseSps(sps)
    this.#codec = { kind: 'video', name: 'h264', clockRate: 90000, sps: new Uint8Array(sps), pps: new Uint8Array(pps) }
  }
}
