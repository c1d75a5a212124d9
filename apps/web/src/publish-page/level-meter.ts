/** Softest sound that shows. */
const FLOOR_DB = -60
const LOOK_EVERY_MS = 60

/** Measures how loud a track is, 0 to 1 over the range that matters for speech. */
export class LevelMeter {
  readonly #show: (level: number) => void
  #context: AudioContext | undefined
  #source: MediaStreamAudioSourceNode | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(show: (level: number) => void) {
    this.#show = show
  }

  /** @param track undefined for none */
  watch(track: MediaStreamTrack | undefined): void {
    clearInterval(this.#timer)
    this.#source?.disconnect()
    this.#source = undefined
    this.#show(0)
    if (track === undefined) return
    const context = (this.#context ??= new AudioContext())
    // Without a click a context stays suspended; the next click of the page wakes it.
    void context.resume().catch(() => undefined)
    const analyser = new AnalyserNode(context, { fftSize: 1024 })
    this.#source = context.createMediaStreamSource(new MediaStream([track]))
    this.#source.connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples)
      this.#show(levelOf(samples))
    }, LOOK_EVERY_MS)
  }

  /** Browsers let sound be measured only after a click or a key. */
  wake(): void {
    if (this.#context?.state === 'suspended') void this.#context.resume().catch(() => undefined)
  }
}

const levelOf = (samples: Float32Array): number => {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const db = 10 * Math.log10(sum / samples.length)
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB))
}
