import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { launchBrowser } from '../webrtc/browser.ts'

/** Page that plays `/demo/index.m3u8` by hls.js and keeps what goes wrong. */
const PLAYER = `<!doctype html><video id="video" muted autoplay playsinline></video><script src="/hls.js"></script><script>
  const video = document.getElementById('video')
  window.errors = []
  window.hls = new Hls({ lowLatencyMode: true })
  hls.on(Hls.Events.ERROR, (_event, data) => errors.push(data.details + (data.fatal ? ' (fatal)' : '') + ' ' + (data.error?.message ?? data.response?.code ?? '')))
  hls.loadSource('/demo/index.m3u8')
  hls.attachMedia(video)
</script>`

export const playerPages = async (): Promise<{ [path: string]: { type: string; body: string } }> => ({
  'player.html': { type: 'text/html', body: PLAYER },
  'hls.js': { type: 'text/javascript', body: await readFile(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'), 'utf8') },
})

/** What a viewer has seen and heard so far. */
export type Playback = {
  readonly currentTime: number
  readonly frames: number
  readonly dropped: number
  readonly audioBytes: number
  readonly width: number
  /** From the arrival at the server to the screen, in milliseconds, as EXT-X-PROGRAM-DATE-TIME tells; NaN while unknown. */
  readonly latencyMs: number
  readonly errors: readonly string[]
}

/** Opens the player in a Chromium of its own. */
export const watch = async (url: string): Promise<{ read(): Promise<Playback>; close(): Promise<void> }> => {
  const browser = await launchBrowser()
  const page = await browser.newPage()
  await page.goto(`${url}/player.html`)
  return { read: () => readPlayback(page), close: () => browser.close() }
}

/** The expression runs in the page, whose types are not those of Node. */
const readPlayback = (page: Page): Promise<Playback> =>
  page.evaluate(`({
    currentTime: video.currentTime,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    dropped: video.getVideoPlaybackQuality().droppedVideoFrames,
    audioBytes: video.webkitAudioDecodedByteCount,
    width: video.videoWidth,
    latencyMs: hls.playingDate ? Date.now() - hls.playingDate.getTime() : NaN,
    errors,
  })`)
