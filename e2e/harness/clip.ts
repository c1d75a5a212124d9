import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child.ts'

export const CLIP_WIDTH = 640
export const CLIP_HEIGHT = 360
export const CLIP_FPS = 30

const AUDIO_ARGS = {
  aac: ['-c:a', 'aac', '-b:a', '96k', '-ar', '48000', '-ac', '2'],
  opus: ['-c:a', 'libopus', '-b:a', '96k', '-ar', '48000', '-ac', '2'],
  pcmu: ['-c:a', 'pcm_mulaw', '-ar', '8000', '-ac', '1'],
  pcma: ['-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '1'],
} as const
export type ClipAudio = keyof typeof AUDIO_ARGS

export type ClipOptions = {
  readonly audio: ClipAudio | undefined
  /** Key frame distance in frames; 30 is a second. */
  readonly gop?: number
  readonly bFrames?: number
  readonly width?: number
  readonly height?: number
  readonly bitrate?: string
  readonly seconds?: number
}

/** A test clip in Matroska: moving picture with a counter, H.264, and a tone. Made once by ffmpeg and kept in the system's temporary folder. */
export const clip = async (options: ClipOptions): Promise<string> => {
  const { audio, gop = 30, bFrames = 0, width = CLIP_WIDTH, height = CLIP_HEIGHT, bitrate = '1M', seconds = 10 } = options
  const folder = join(tmpdir(), 'millrace-test-clips')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${width}x${height}-gop${gop}-b${bFrames}-${bitrate}-${seconds}s-${audio ?? 'silent'}.mkv`)
  if (existsSync(file)) return file
  const draft = `${file}.${process.pid}.mkv`
  const video = ['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${CLIP_FPS}:duration=${seconds}`]
  const sound = audio ? ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`] : []
  const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', bFrames > 0 ? 'main' : 'baseline', '-bf', `${bFrames}`, '-b:v', bitrate]
  const rate = ['-maxrate', bitrate, '-bufsize', bitrate, '-g', `${gop}`, '-keyint_min', `${gop}`, '-sc_threshold', '0', '-pix_fmt', 'yuv420p']
  const make = new Child('ffmpeg', ['-v', 'error', '-y', ...video, ...sound, ...x264, ...rate, ...(audio ? AUDIO_ARGS[audio] : []), '-shortest', draft])
  if ((await make.finished(60_000)) !== 0) throw new Error(`ffmpeg could not make a test clip: ${make.stderr}`)
  renameSync(draft, file)
  return file
}
