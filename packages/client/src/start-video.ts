/** Plays, without sound if the browser wants a click for it. If it wants one even then, the element stays paused. */
export const startVideo = async (video: HTMLVideoElement): Promise<void> => {
  try {
    await video.play()
  } catch (error) {
    if (video.muted || !isNotAllowed(error)) return
    video.muted = true
    await video.play().catch(() => undefined)
  }
}

const isNotAllowed = (error: unknown): boolean => error instanceof DOMException && error.name === 'NotAllowedError'
