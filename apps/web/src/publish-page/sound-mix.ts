/** Voice and the screen's sound as one track. */
export class SoundMix {
  #context: AudioContext | undefined

  /** @returns the one track where there is only one, and the mix where there are two */
  of(microphone: MediaStreamTrack | undefined, screen: MediaStreamTrack | undefined): MediaStreamTrack | undefined {
    this.close()
    if (!microphone || !screen) return microphone ?? screen
    const context = new AudioContext()
    this.#context = context
    const mixed = context.createMediaStreamDestination()
    for (const track of [microphone, screen]) context.createMediaStreamSource(new MediaStream([track])).connect(mixed)
    return mixed.stream.getAudioTracks()[0] ?? microphone
  }

  close(): void {
    void this.#context?.close().catch(() => undefined)
    this.#context = undefined
  }
}
