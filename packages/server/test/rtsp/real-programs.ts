import type { ChildProcess } from 'node:child_process'
import type { TestContext } from 'node:test'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import type { ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import type { Log } from '../../src/log/log.ts'
import { monotonicMs } from '../../src/net/clock.ts'
import type { ServerContext } from '../../src/net/context.ts'
import { type RtspPorts, startRtspServer } from '../../src/servers/rtsp/rtsp-server.ts'
import { run, start } from '../real-program.ts'
import { makeServerContext } from '../server-context.ts'
import { until } from '../until.ts'

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

/** Waits until a path has a stream, with its first second of video. */
export const untilLive = (context: ServerContext, path: string): Promise<void> =>
  until(`a stream at ${path}`, () => context.hub.find(path)?.tracks.some((track) => track.lastTicks > track.clockRate) ?? false)

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
