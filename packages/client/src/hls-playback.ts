import type { ErrorData, default as Hls } from 'hls.js'
import { faultOfResponse } from './http-fault.ts'
import type { Playback, PlaybackFault, PlaybackListener, PlaybackStatistics } from './playback.ts'
import { StallDetector } from './stall-detector.ts'
import { startVideo } from './start-video.ts'

const LOOK_EVERY_MS = 1000
/** HLS comes in segments, so that pauses are longer than WebRTC's. */
const STALL_MS = 8000
const CANNOT_PLAY: PlaybackFault = { kind: 'cannot-play', message: 'This browser has no decoder for the codecs of this stream.' }

/** Plays `BASE/index.m3u8` in a video element, the token in its address: by hls.js, loaded for it, and by the browser itself where there are no Media Source Extensions. */
export const playHls = (baseUrl: string, video: HTMLVideoElement, listener: PlaybackListener, token?: string): Playback => {
  const url = `${baseUrl}/index.m3u8${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`
  const closing = new AbortController()
  const { signal } = closing
  const stall = new StallDetector(STALL_MS)
  let hls: Hls | undefined
  let hasAudio = false
  let hasStarted = false
  let isOver = false
  const fail = (fault: PlaybackFault): void => {
    if (isOver) return
    isOver = true
    clearInterval(timer)
    listener.failed(fault)
  }
  const look = (): void => {
    if (!hasStarted || video.paused) return
    const change = stall.update(video.currentTime, performance.now())
    if (change !== undefined) listener[change]()
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  video.addEventListener(
    'loadeddata',
    () => {
      if (hasStarted || isOver) return
      hasStarted = true
      listener.started({ missing: [], hasAudio: hls === undefined || hasAudio })
    },
    { signal },
  )
  video.addEventListener('ended', () => fail({ kind: 'ended', message: 'The stream ended.' }), { signal })
  const begin = async (): Promise<void> => {
    const { default: HlsPlayer } = await import('hls.js')
    if (isOver) return
    if (HlsPlayer.isSupported()) hls = playByHlsJs(HlsPlayer, url, video, signal, fail)
    else if (video.canPlayType('application/vnd.apple.mpegurl') !== '') playByBrowser(url, video, signal, fail)
    else return fail({ kind: 'cannot-play', message: 'This browser can play neither Media Source Extensions nor HLS.' })
    hls?.on(HlsPlayer.Events.BUFFER_CODECS, (_event, tracks) => {
      hasAudio ||= tracks.audio !== undefined || /mp4a|opus/i.test(tracks.audiovideo?.codec ?? '')
    })
    await startVideo(video)
  }
  begin().catch(() => fail({ kind: 'lost', message: 'The HLS player could not be loaded from the server.' }))
  return {
    statistics: async () => statisticsOf(video, hls),
    close: () => {
      isOver = true
      clearInterval(timer)
      closing.abort()
      hls?.destroy()
      video.removeAttribute('src')
      video.load()
    },
  }
}

const playByHlsJs = (HlsPlayer: typeof Hls, url: string, video: HTMLVideoElement, signal: AbortSignal, fail: (fault: PlaybackFault) => void): Hls => {
  const hls = new HlsPlayer({ enableWorker: false, backBufferLength: 10 })
  let recoveries = 0
  hls.on(HlsPlayer.Events.ERROR, (_event, data) => {
    if (!data.fatal) return
    // Decoders stumble over a broken picture now and then, and go on after a reset.
    if (data.type === HlsPlayer.ErrorTypes.MEDIA_ERROR && !isCodecError(data) && recoveries++ < 3) hls.recoverMediaError()
    else if (isCodecError(data)) fail(CANNOT_PLAY)
    else if ((data.response?.code ?? 0) < 400) fail({ kind: 'lost', message: `The HLS player gave up (${data.details}).` })
    else void explain(url, signal).then((fault) => fail(fault ?? { kind: 'lost', message: 'A part of the stream is gone.' }))
  })
  hls.loadSource(url)
  hls.attachMedia(video)
  return hls
}

const isCodecError = (data: ErrorData): boolean =>
  data.details === 'manifestIncompatibleCodecsError' || data.details === 'bufferAddCodecError' || data.details === 'bufferIncompatibleCodecsError'

const playByBrowser = (url: string, video: HTMLVideoElement, signal: AbortSignal, fail: (fault: PlaybackFault) => void): void => {
  video.addEventListener('error', () => void explain(url, signal).then((fault) => fail(fault ?? CANNOT_PLAY)), { signal })
  video.src = url
}

/** Neither the element nor hls.js tells what the server said, so the playlist is asked for again. */
const explain = async (url: string, signal: AbortSignal): Promise<PlaybackFault | undefined> => {
  try {
    const response = await fetch(url, { signal })
    return response.ok ? undefined : await faultOfResponse(response)
  } catch {
    return { kind: 'lost', message: 'The server cannot be reached.' }
  }
}

const statisticsOf = (video: HTMLVideoElement, hls: Hls | undefined): PlaybackStatistics => {
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
  return {
    via: 'hls',
    framesDecoded: totalVideoFrames,
    framesDropped: droppedVideoFrames,
    frameWidth: video.videoWidth,
    frameHeight: video.videoHeight,
    ...(hls && { latencyMs: hls.latency * 1000 }),
  }
}
