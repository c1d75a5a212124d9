import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import { DEFAULT_READER_QUEUE_LIMITS } from '@millrace/media/hub/reader-queue.ts'
import type { Config } from './config/schema.ts'
import type { Log } from './log/log.ts'
import { monotonicMs, wallClockMs } from './net/clock.ts'
import { ConnectionGuard } from './net/connection-guard.ts'
import { connectionLimits } from './net/connection-limits.ts'
import type { Running, ServerContext } from './net/context.ts'
import { EventBus } from './net/event-bus.ts'
import type { PathRoute } from './net/http-route.ts'
import { OPEN_ACCESS } from './net/open-access.ts'
import { ConfiguredPaths } from './paths/configured-paths.ts'
import { hlsRoutes } from './servers/hls/routes.ts'
import { startHttpServer } from './servers/http/http-server.ts'
import { startRtmpServer } from './servers/rtmp/server.ts'
import { startRtspServer } from './servers/rtsp/rtsp-server.ts'
import { startWebRtcServer } from './servers/webrtc/server.ts'
import { SessionRegistry } from './sessions/session-registry.ts'
import { startFileSource } from './sources/file/source.ts'
import { startRtspSource } from './sources/rtsp/rtsp-source.ts'
import { startStatistics } from './stats/start-statistics.ts'
import { statsRoutes } from './stats/stats-routes.ts'
import { Identities } from './tls/identities.ts'

const PAGES_DIR = fileURLToPath(new URL('../../../apps/web/dist', import.meta.url))
const DEMO_FILE = fileURLToPath(new URL('../assets/demo.mp4', import.meta.url))
const DEMO_PATH = 'demo'
const TICK_MS = 1000
/** What has not closed by then is left to the end of the process. */
const CLOSE_LIMIT_MS = 2500

/** The ports that are listened on; those of servers that are off are missing. */
export type Ports = { rtsp?: number; rtsps?: number; rtp?: number; rtcp?: number; rtmp?: number; rtmps?: number; hls?: number; webrtc?: number; ice?: number }

export type Millrace = Running & { readonly ports: Readonly<Ports> }

/**
 * Starts all servers and sources that the configuration names.
 * @param folder what `file:` sources are relative to
 * @throws ListenError if a port is taken; what was started before is closed again
 */
export const startMillrace = async (config: Config, log: Log, folder: string): Promise<Millrace> => {
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: config.republishGrace })
  const events = new EventBus((error) => log.error({ err: error }, 'who listens to events made a mistake'))
  const guard = new ConnectionGuard(connectionLimits(config.limits))
  const context: ServerContext = { hub, log, events, guard, paths: new ConfiguredPaths(hub, config.paths), access: OPEN_ACCESS, countFault: faultCounter(log) }
  const sessions = new SessionRegistry(hub, events, { nowMs: monotonicMs, wallClockMs })
  const measuring = startStatistics(sessions)
  const running: Running[] = [measuring]
  const timer = setInterval(() => hub.tick(monotonicMs()), TICK_MS)
  const close = async (): Promise<void> => {
    clearInterval(timer)
    hub.close()
    await Promise.race([Promise.allSettled(running.map((server) => server.close())), delay(CLOSE_LIMIT_MS)])
  }
  try {
    const identities = new Identities(config.tls, folder, join(folder, 'millrace-data'), log)
    running.push(identities)
    const ports = await startServers(config, { context, identities }, statsRoutes(measuring.statistics), running)
    startSources(config, context, running, folder)
    return { ports, close }
  } catch (error) {
    await close()
    throw error
  }
}

type Surroundings = { readonly context: ServerContext; readonly identities: Identities }

const startServers = async (config: Config, { context, identities }: Surroundings, commonRoutes: readonly PathRoute[], running: Running[]): Promise<Ports> => {
  const { host, rtsp, rtmp, hls, webrtc, readerQueue } = config
  const queueLimits = { ...DEFAULT_READER_QUEUE_LIMITS, maxBytes: readerQueue.maxBytes, maxAgeMs: readerQueue.maxAge }
  const ports: Ports = {}
  const routes = [...commonRoutes]
  if (rtsp.enabled) {
    const server = await startRtspServer(context, { host, ...listeners(rtsp, identities), rtpPort: rtsp.rtpPort, rtcpPort: rtsp.rtcpPort, queueLimits })
    running.push(server)
    Object.assign(ports, { rtsp: server.port, rtsps: server.tlsPort, rtp: server.rtpPort, rtcp: server.rtcpPort })
  }
  if (rtmp.enabled) {
    const server = await startRtmpServer(context, { host, ...listeners(rtmp, identities), queueLimits })
    running.push(server)
    Object.assign(ports, { rtmp: server.port, rtmps: server.tlsPort })
  }
  if (webrtc.enabled) {
    const { icePort, additionalHosts, iceServers } = webrtc
    const server = await startWebRtcServer(context, { host, port: icePort, additionalHosts, iceServers })
    running.push(server)
    routes.push(...server.routes)
    ports.ice = server.port
  }
  if (hls.enabled) routes.push(...hlsRoutes(context, { segmentDurationMs: hls.segmentDuration, segmentCount: hls.segmentCount }))
  if (hls.enabled || webrtc.enabled) {
    const extraPorts = hls.enabled ? [{ port: hls.port, protocol: 'HLS', key: 'hls.port', tls: httpTls(hls, identities) }] : []
    const server = await startHttpServer(context, {
      host,
      port: webrtc.port,
      tls: httpTls(webrtc, identities),
      extraPorts,
      routes,
      pagesDir: PAGES_DIR,
      publishPorts: ports,
    })
    running.push(server)
    ports.webrtc = server.port
    if (hls.enabled) ports.hls = server.extraPorts[0] ?? 0
  }
  return ports
}

/** Where RTSP or RTMP listens, without TLS and with it. */
const listeners = (section: Config['rtsp'] | Config['rtmp'], identities: Identities) => ({
  ...(section.encryption !== 'strict' && { port: section.port }),
  ...(section.encryption !== 'no' && { tls: { port: section.tlsPort, identity: identities.of(section) } }),
})

const httpTls = (section: Config['hls'] | Config['webrtc'], identities: Identities) =>
  section.encryption === 'no' ? undefined : { identity: identities.of(section), strict: section.encryption === 'strict' }

const startSources = ({ demo, paths }: Config, context: ServerContext, running: Running[], folder: string): void => {
  if (demo && !paths[DEMO_PATH]) running.push(startFileSource(context, { path: DEMO_PATH, file: DEMO_FILE, loop: true }))
  for (const [path, { source, rtspTransport }] of Object.entries(paths)) {
    if (source === undefined) continue
    if (/^file:/i.test(source)) running.push(startFileSource(context, { path, file: fileOf(source, folder), loop: true }))
    else running.push(startRtspSource(context, { path, url: source, transport: rtspTransport }))
  }
}

/** `file:clip.mp4` is relative to the configuration, `file:/srv/clip.mp4` and `file:///srv/clip.mp4` are not. */
const fileOf = (source: string, folder: string): string => (/^file:\/\//i.test(source) ? fileURLToPath(source) : resolve(folder, source.slice('file:'.length)))

/** Counts peers' faults by their code; the count goes with each line of the log. */
const faultCounter = (log: Log): ServerContext['countFault'] => {
  const counts = new Map<string, number>()
  return (protocol, code) => {
    const count = (counts.get(code) ?? 0) + 1
    counts.set(code, count)
    log.debug({ protocol, code, count }, 'a peer broke its protocol')
  }
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())
