import { type CaptureFault, type CaptureWish, captureDevices, captureFault, captureScreen, videoConstraints } from './capture.ts'
import { SoundMix } from './sound-mix.ts'

export type VideoSource = 'camera' | 'screen' | 'none'

/** What is captured now, and for whom it is told. */
export type StudioListener = {
  /** Tracks came, went or were exchanged. */
  changed(): void
  /** Something could not be captured, or ended by itself. */
  failed(fault: CaptureFault): void
}

type Wish = CaptureWish & { readonly microphone: boolean; readonly systemSound: boolean }

/** The tracks of the page: one picture, from camera or screen, and the sound of microphone and screen. Changes happen one after the other. */
export class Studio {
  readonly #wish: () => Wish
  readonly #listener: StudioListener
  readonly #mix = new SoundMix()
  #work: Promise<void> = Promise.resolve()
  #source: VideoSource = 'none'
  #video: MediaStreamTrack | undefined
  #microphone: MediaStreamTrack | undefined
  #screenSound: MediaStreamTrack | undefined
  #sound: MediaStreamTrack | undefined
  #isMuted = false
  #isPaused = false

  /** @param wish asked whenever something is captured */
  constructor(wish: () => Wish, listener: StudioListener) {
    this.#wish = wish
    this.#listener = listener
  }

  get source(): VideoSource {
    return this.#source
  }

  get video(): MediaStreamTrack | undefined {
    return this.#video
  }

  /** Microphone and screen together. */
  get sound(): MediaStreamTrack | undefined {
    return this.#sound
  }

  get microphone(): MediaStreamTrack | undefined {
    return this.#microphone
  }

  get isMuted(): boolean {
    return this.#isMuted
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Also for another camera. Takes the microphone along where it is wished and not there yet, so that the browser asks once. */
  useCamera(): Promise<void> {
    return this.#do('camera', async () => {
      const wish = this.#wish()
      const withMicrophone = wish.microphone && !this.#microphone
      // Many cameras, and all of phones, are opened by one at a time.
      this.#dropPicture()
      const { video, audio, fault } = await captureDevices(wish, { video: true, audio: withMicrophone })
      if (video) this.#takePicture('camera', video, 'motion')
      if (audio) this.#takeMicrophone(audio)
      if (fault) this.#listener.failed(fault)
    })
  }

  useScreen(): Promise<void> {
    return this.#do('screen', async () => {
      const wish = this.#wish()
      const { video, audio } = await captureScreen(wish, wish.systemSound)
      this.#dropPicture()
      if (video) this.#takePicture('screen', video, 'detail')
      this.#screenSound = audio
    })
  }

  useNoPicture(): Promise<void> {
    return this.#do('camera', async () => this.#dropPicture())
  }

  /** Takes the microphone that is wished, or none. */
  useMicrophone(): Promise<void> {
    return this.#do('microphone', async () => {
      const wish = this.#wish()
      this.#microphone?.stop()
      this.#microphone = undefined
      if (!wish.microphone) return
      const { audio } = await captureDevices(wish, { video: false, audio: true })
      if (audio) this.#takeMicrophone(audio)
    })
  }

  /** Changes size and rate of what is captured already. */
  applyQuality(): Promise<void> {
    return this.#do('camera', async () => {
      const { cameraId: _, ...wish } = this.#wish()
      const constraints = videoConstraints(wish)
      if (this.#source === 'screen') await this.#video?.applyConstraints({ height: { max: wish.height }, frameRate: { max: wish.frameRate } })
      else await this.#video?.applyConstraints(constraints)
    })
  }

  /** Muted, the microphone sends silence; the screen's sound goes on. */
  setMuted(isMuted: boolean): void {
    this.#isMuted = isMuted
    if (this.#microphone) this.#microphone.enabled = !isMuted
  }

  /** Paused, the picture is black, and the stream goes on. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused
    if (this.#video) this.#video.enabled = !isPaused
  }

  #do(what: string, work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      try {
        await work()
      } catch (error) {
        this.#listener.failed(captureFault(error, what === 'camera' && this.#wish().microphone && !this.#microphone ? 'camera or microphone' : what))
      }
      this.#tell()
    })
    return this.#work
  }

  #tell(): void {
    this.#sound = this.#mix.of(this.#microphone, this.#screenSound)
    this.#listener.changed()
  }

  #takePicture(source: VideoSource, track: MediaStreamTrack, hint: 'motion' | 'detail'): void {
    this.#source = source
    this.#video = track
    track.contentHint = hint
    track.enabled = !this.#isPaused
    track.addEventListener('ended', () => {
      if (this.#video !== track) return
      this.#dropPicture()
      const text = source === 'screen' ? 'Viewers see no picture now. Share it again, or choose the camera.' : 'Was it unplugged? Choose another one.'
      this.#listener.failed({ title: source === 'screen' ? 'The screen is no longer shared' : 'The camera is gone', text })
      this.#tell()
    })
  }

  #takeMicrophone(track: MediaStreamTrack): void {
    this.#microphone = track
    track.enabled = !this.#isMuted
    track.addEventListener('ended', () => {
      if (this.#microphone !== track) return
      this.#microphone = undefined
      this.#listener.failed({ title: 'The microphone is gone', text: 'Was it unplugged? Choose another one.' })
      this.#tell()
    })
  }

  #dropPicture(): void {
    this.#video?.stop()
    this.#screenSound?.stop()
    this.#video = undefined
    this.#screenSound = undefined
    this.#source = 'none'
  }
}
