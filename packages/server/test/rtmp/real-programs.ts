import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { Hub } from '@millrace/media/hub/hub.ts'
import type { Log } from '../../src/log/log.ts'
import { monotonicMs } from '../../src/net/clock.ts'
import { startRtmpServer } from '../../src/servers/rtmp/server.ts'
import { start } from '../real-program.ts'
import { makeServerContext } from '../server-context.ts'
import { until } from '../until.ts'

const noPackets = (): never => {
  throw new Error('nothing here reads packets')
}

export type TestServer = {
  readonly hub: Hub
  readonly port: number
  /** `rtmp://127.0.0.1:port/` and the path. */
  url(path: string): string
  /** All that was logged at info and above. */
  readonly lines: string[]
  /** Codes of the faults that were counted. */
  readonly faults: string[]
  close(): Promise<void>
  /** Waits until a line that holds `text` was logged. */
  logged(text: string): Promise<void>
}

/** A server with a hub on a free port, for tests; closed at their end. */
export const startTestServer = async (t: TestContext): Promise<TestServer> => {
  const hub = new Hub({ converters: { makePacketizer: noPackets, makeDepacketizer: noPackets }, republishGraceMs: 10_000 })
  const lines: string[] = []
  const faults: string[] = []
  const write = (_fields: object, message: string): void => {
    lines.push(message)
  }
  const log: Log = { debug: () => {}, info: write, warn: write, error: write, child: () => log }
  const server = await startRtmpServer(makeServerContext({ hub, log, countFault: (_protocol, code) => faults.push(code) }), { host: '127.0.0.1', port: 0 })
  const tick = setInterval(() => hub.tick(monotonicMs()), 500)
  t.after(() => {
    clearInterval(tick)
    return server.close()
  })
  return {
    hub,
    port: server.port,
    url: (path) => `rtmp://127.0.0.1:${server.port}/${path}`,
    lines,
    faults,
    close: () => server.close(),
    logged: (text) => until(`the log line ${text}`, () => lines.some((line) => line.includes(text))),
  }
}

export type PublisherOptions = { readonly bFrames?: number; readonly gop?: number; readonly seconds?: number; readonly size?: string }

/** ffmpeg publishes a moving picture and a tone. @returns a function that ends it */
export const publish = (
  t: TestContext,
  url: string,
  { bFrames = 0, gop = 15, seconds = 30, size = '320x180' }: PublisherOptions = {},
): (() => Promise<void>) => {
  const inputs = ['-re', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30`, '-re', '-f', 'lavfi', '-i', 'sine=440:sample_rate=44100']
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', `${gop}`, '-bf', `${bFrames}`, '-sc_threshold', '0']
  const child = start(t, 'ffmpeg', ['-v', 'error', ...inputs, '-t', `${seconds}`, ...video, '-c:a', 'aac', '-f', 'flv', url])
  return async () => {
    if (child.exitCode !== null) return
    child.kill('SIGINT')
    await once(child, 'close')
  }
}
