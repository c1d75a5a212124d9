/** What is captured, and how. Ids are the browser's; undefined takes its default. */
export type CaptureWish = {
  readonly cameraId?: string | undefined
  readonly microphoneId?: string | undefined
  readonly height: number
  readonly frameRate: number
}

/** Why there is no picture or sound. The words are for people. */
export type CaptureFault = {
  readonly title: string
  readonly text: string
}

/** Of 16:9, as an aim: cameras give what is nearest. */
export const videoConstraints = ({ cameraId, height, frameRate }: CaptureWish): MediaTrackConstraints => ({
  width: { ideal: Math.round((height * 16) / 9) },
  height: { ideal: height },
  frameRate: { ideal: frameRate },
  ...(cameraId !== undefined && { deviceId: { exact: cameraId } }),
})

const audioConstraints = ({ microphoneId }: CaptureWish): MediaTrackConstraints | true =>
  microphoneId === undefined ? true : { deviceId: { exact: microphoneId } }

/**
 * Asks for a camera, a microphone, or both. Where one of both is missing or busy, the other comes alone, with the fault of the first.
 * @throws DOMException, if nothing comes
 */
export const captureDevices = async (
  wish: CaptureWish,
  wants: { readonly video: boolean; readonly audio: boolean },
): Promise<{ video?: MediaStreamTrack; audio?: MediaStreamTrack; fault?: CaptureFault }> => {
  try {
    return tracksOf(await ask(wish, wants.video, wants.audio))
  } catch (error) {
    // A refusal counts for both; asking again would only be a nuisance.
    if (!wants.video || !wants.audio || nameOf(error) === 'NotAllowedError') throw error
  }
  const [video, audio] = await Promise.allSettled([ask(wish, true, false), ask(wish, false, true)])
  if (video.status === 'fulfilled') return { ...tracksOf(video.value), ...(audio.status === 'rejected' && { fault: captureFault(audio.reason, 'microphone') }) }
  if (audio.status === 'fulfilled') return { ...tracksOf(audio.value), fault: captureFault(video.reason, 'camera') }
  throw video.reason
}

const ask = (wish: CaptureWish, video: boolean, audio: boolean): Promise<MediaStream> =>
  navigator.mediaDevices.getUserMedia({ video: video && videoConstraints(wish), audio: audio && audioConstraints(wish) })

/** @throws DOMException; NotAllowedError also if the person closes the browser's dialog */
export const captureScreen = async (
  { height, frameRate }: CaptureWish,
  systemSound: boolean,
): Promise<{ video?: MediaStreamTrack; audio?: MediaStreamTrack }> =>
  tracksOf(
    await navigator.mediaDevices.getDisplayMedia({
      video: { height: { max: height }, frameRate: { max: frameRate } },
      // The screen's sound is music or a film: what is meant for voices would spoil it.
      audio: systemSound && { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    }),
  )

const tracksOf = (stream: MediaStream): { video?: MediaStreamTrack; audio?: MediaStreamTrack } => {
  const [video] = stream.getVideoTracks()
  const [audio] = stream.getAudioTracks()
  return { ...(video && { video }), ...(audio && { audio }) }
}

/** What keeps any page here from cameras and screens. */
export const captureObstacle = (): CaptureFault | undefined => {
  if (!window.isSecureContext) {
    return {
      title: 'This page needs https',
      text: 'Browsers give cameras and screens only to pages from https:// and from this very machine (http://127.0.0.1). Put https:// before this page’s address (the browser asks once where the server made its certificate itself), or publish with a program:',
    }
  }
  if (navigator.mediaDevices === undefined || typeof RTCPeerConnection === 'undefined') {
    return {
      title: 'This browser cannot publish',
      text: 'It has no access to cameras, or no WebRTC. A current Chrome, Edge, Firefox or Safari has both; or publish with a program:',
    }
  }
  return undefined
}

const FAULTS: Readonly<Record<string, (what: string) => CaptureFault>> = {
  NotAllowedError: (what) =>
    what === 'screen'
      ? { title: 'The screen is not shared', text: 'You closed the browser’s question, or the browser or the system does not allow it.' }
      : {
          title: `The ${what} is not allowed`,
          text: 'The browser keeps it from this page. Allow it beside the address, or in the browser’s settings for this page, then try again.',
        },
  NotFoundError: (what) => ({ title: `There is no ${what}`, text: 'None is connected. Plug one in, or choose something else.' }),
  OverconstrainedError: (what) => ({ title: `The ${what} is gone`, text: 'It was unplugged, or cannot do what was asked for. Choose another one.' }),
  NotReadableError: (what) => ({ title: `The ${what} is in use`, text: 'Another program has it, or the system keeps it. Close that program, then try again.' }),
}

/** @param what `camera`, `microphone`, `screen` or `camera and microphone` */
export const captureFault = (error: unknown, what: string): CaptureFault =>
  FAULTS[nameOf(error)]?.(what) ?? { title: `The ${what} does not work`, text: error instanceof Error ? error.message : String(error) }

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')
