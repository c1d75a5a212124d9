import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { pidOf, stopChild } from './process.ts'

const run = promisify(execFile)

/** H.264 of 2 Mbit/s with sound, as cameras send it. */
export const makeClip = async (directory: string, seconds: number): Promise<string> => {
  const clip = join(directory, 'clip.flv')
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30', '-f', 'lavfi', '-i', 'sine=440:sample_rate=48000']
  const rate = ['-b:v', '2M', '-minrate', '2M', '-maxrate', '2M', '-bufsize', '1M', '-x264-params', 'nal-hrd=cbr']
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '60', '-bf', '0', ...rate]
  await run('ffmpeg', ['-v', 'error', ...inputs, '-t', String(seconds), ...video, '-c:a', 'aac', '-b:a', '96k', clip])
  return clip
}

/** ffmpeg that sends the clip in a loop, in real time. */
export const startPublisher = (clip: string, url: string): { stop(): Promise<void> } => {
  const child = spawn('ffmpeg', ['-v', 'fatal', '-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy', '-f', 'flv', url], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return { stop: () => stopChild(child) }
}

/** rtmpdump players that throw away what they get, started one after the other. */
export const startPlayers = async (url: string, count: number, gapMs: number): Promise<{ pids(): number[]; stop(): Promise<void> }> => {
  const children: ChildProcess[] = []
  const pids: number[] = []
  for (let i = 0; i < count; i++) {
    const child = spawn('rtmpdump', ['-q', '--live', '-r', url, '-o', '/dev/null'], { stdio: 'ignore' })
    children.push(child)
    pids.push(await pidOf(child))
    await sleep(gapMs)
  }
  return {
    pids: () => pids,
    stop: async () => {
      await Promise.all(children.map(stopChild))
    },
  }
}
