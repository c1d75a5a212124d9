import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import type { ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import type { Log } from '../../src/log/log.ts'
import { monotonicMs } from '../../src/net/clock.ts'
import type { ServerContext } from '../../src/net/context.ts'
import { type RtspPorts, startRtspServer } from '../../src/servers/rtsp/rtsp-server.ts'
import { makeServerContext } from '../server-context.ts'

/** No real program is waited for longer, in milliseconds. */
const PROGRAM_TIMEOUT_MS = 40_000

/** Debian's packages of the programs that the tests run. */
const PACKAGES: Readonly<Record<string, string>> = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-rtsp',
  '/usr/bin/python3': 'python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly',
}

export type TestContextOfServer = ServerContext & {
  /** All that was logged at info and above, with the fields in front. */
  readonly lines: string[]
  /** Codes of the faults that were counted. */
  readonly faults: string[]
  /** Waits until a line that holds `text` was logged. */
  logged(text: string): Promise<void>
}

/** A hub and a log for tests. */
export const makeContext = (t: TestContext): TestContextOfServer => {
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 5000 })
  const lines: string[] = []
  const faults: string[] = []
  const write = (fields: object, message: string): void => {
    lines.push(`${JSON.stringify(fields)} ${message}`)
  }
  const log: Log = { debug: () => {}, info: write, warn: write, error: write, child: () => log }
  const tick = setInterval(() => hub.tick(monotonicMs()), 500)
  t.after(() => clearInterval(tick))
  return {
    ...makeServerContext({ hub, log, countFault: (_protocol, code) => faults.push(code) }),
    lines,
    faults,
    logged: (text) => until(`the log line ${text}`, () => lines.some((line) => line.includes(text))),
  }
}

export type TestServer = TestContextOfServer & RtspPorts & { url(path: string): string; close(): Promise<void> }

/** A server on free ports, closed at the end of the test. */
export const startTestServer = async (t: TestContext, queueLimits?: ReaderQueueLimits): Promise<TestServer> => {
  const context = makeContext(t)
  const settings = { host: '127.0.0.1', port: 0, rtpPort: 0, rtcpPort: 0 }
  const server = await startRtspServer(context, queueLimits ? { ...settings, queueLimits } : settings)
  t.after(() => server.close())
  return { ...context, ...server, url: (path) => `rtsp://127.0.0.1:${server.port}/${path}` }
}

/** Waits until something is so, 20 s at most. */
export const until = async (what: string, isSo: () => boolean): Promise<void> => {
  for (let left = 400; left > 0; left--) {
    if (isSo()) return
    await sleep(50)
  }
  throw new Error(`did not happen: ${what}`)
}

/** Waits until a path has a stream, with its first second of video. */
export const untilLive = (context: ServerContext, path: string): Promise<void> =>
  until(`a stream at ${path}`, () => context.hub.find(path)?.tracks.some((track) => track.lastTicks > track.clockRate) ?? false)

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

export type Transport = 'tcp' | 'udp'

const PICTURE = ['-re', '-f', 'lavfi', '-i', 'testsrc=size=640x360:rate=30', '-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000']
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '30']

/** ffmpeg publishes a moving picture and a tone, until the test ends. */
export const publishByFfmpeg = (t: TestContext, url: string, transport: Transport, audio: readonly string[] = ['-c:a', 'aac']): ChildProcess =>
  start(t, 'ffmpeg', ['-v', 'error', ...PICTURE, '-t', '60', ...H264, ...audio, '-f', 'rtsp', '-rtsp_transport', transport, url])

/** GStreamer publishes a moving picture and a tone, until the test ends. */
export const publishByGstreamer = (t: TestContext, url: string, transport: Transport): ChildProcess => {
  const video =
    'videotestsrc is-live=true ! video/x-raw,format=I420,width=640,height=360,framerate=30/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! s.sink_0'
  const audio = 'audiotestsrc is-live=true ! audioconvert ! opusenc ! s.sink_1'
  return start(t, 'gst-launch-1.0', `${video} ${audio} rtspclientsink name=s protocols=${transport} location=${url}`.split(' '))
}

/**
 * ffmpeg plays for two seconds.
 * @returns the pictures and sound frames it decoded, and what it complained of
 */
export const playByFfmpeg = async (t: TestContext, url: string, transport: Transport): Promise<{ video: number; audio: number; complaints: string }> => {
  const args = ['-v', 'error', '-rtsp_transport', transport, '-i', url, '-t', '2', '-f', 'framecrc', '-']
  const { stdout, stderr } = await run(t, 'ffmpeg', args)
  const count = (stream: number): number => stdout.split('\n').filter((line) => line.startsWith(`${stream},`)).length
  return { video: count(0), audio: count(1), complaints: stderr }
}

/** Codecs and sizes as ffprobe sees them. */
export const probe = async (t: TestContext, url: string, transport: Transport): Promise<object[]> => {
  const entries = 'stream=codec_name,width,height,sample_rate'
  const { stdout } = await run(t, 'ffprobe', ['-v', 'error', '-rtsp_transport', transport, '-show_entries', entries, '-of', 'json', url])
  const streams: { codec_name: string }[] = JSON.parse(stdout).streams ?? []
  return streams.sort((a, b) => (a.codec_name < b.codec_name ? -1 : 1))
}
