import { AAC_FRAME_SAMPLES, aacCodec } from '../../codecs/aac.ts'
import type { AacCodec, G711Codec } from '../../codecs/codec.ts'
import type { AudioTag } from '../../containers/flv/audio-tag.ts'
import type { Unit } from '../../hub/unit.ts'
import { AudioClock } from './audio-clock.ts'
import { equalBytes } from './equal-bytes.ts'

const G711_CLOCK_RATE = 8000

/** The AAC or G.711 of one publisher. */
export class AudioInput {
  #codec: AacCodec | G711Codec | undefined
  #clock: AudioClock | undefined

  /** Undefined until the AudioSpecificConfig, or the first samples of G.711. */
  get codec(): AacCodec | G711Codec | undefined {
    return this.#codec
  }

  /**
   * @param config AudioSpecificConfig
   * @throws ProtocolError `aac/config`
   */
  setAacConfig(config: Uint8Array): void {
    if (this.#codec?.name === 'aac' && equalBytes(config, this.#codec.config)) return
    this.#codec = aacCodec(new Uint8Array(config))
    this.#clock = undefined
  }

  setG711({ law, channels }: AudioTag & { type: 'g711' }): void {
    if (this.#codec?.name === law && this.#codec.channels === channels) return
    this.#codec = { kind: 'audio', name: law, clockRate: G711_CLOCK_RATE, channels }
    this.#clock = undefined
  }

  /** What follows is on another timeline. */
  restart(): void {
    this.#clock = undefined
  }

  /**
   * @param timeMs on the stream's timeline, 0 and up
   * @returns undefined for a frame of another codec than the present one
   */
  unit(tag: AudioTag & { type: 'aac-frame' | 'g711' }, timeMs: number, arrivalMs: number): Unit | undefined {
    const codec = this.#codec
    if (codec?.name !== (tag.type === 'g711' ? tag.law : 'aac')) return undefined
    this.#clock ??= new AudioClock(codec.clockRate)
    const samples = tag.type === 'g711' ? Math.floor(tag.data.length / tag.channels) : AAC_FRAME_SAMPLES
    const pts = this.#clock.next(timeMs, samples)
    return { pts, dts: pts, randomAccess: true, data: [tag.data], arrivalMs }
  }
}
