import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'

/** No real program is waited for longer, in milliseconds. */
const PROGRAM_TIMEOUT_MS = 40_000

/** Debian's packages of the programs that the tests run. */
const PACKAGES: Readonly<Record<string, string>> = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-rtsp',
  '/usr/bin/python3': 'python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly',
}

/** Starts a program that is killed at the end of the test. */
export const start = (t: TestContext, program: string, args: readonly string[]): ChildProcess => {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  child.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error(`${program} is missing: apt-get install ${PACKAGES[program] ?? program}`)
    throw error
  })
  child.stdout?.resume()
  child.stderr?.resume()
  t.after(() => child.kill('SIGKILL'))
  return child
}

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs a program to its end; it is killed when it takes too long. */
export const run = async (t: TestContext, program: string, args: readonly string[]): Promise<Ended> => {
  const child = start(t, program, args)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (bytes) => (stdout += bytes))
  child.stderr?.on('data', (bytes) => (stderr += bytes))
  const timer = setTimeout(() => child.kill('SIGKILL'), PROGRAM_TIMEOUT_MS)
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  return { code, stdout, stderr }
}
