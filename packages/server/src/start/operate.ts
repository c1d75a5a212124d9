import manifest from '../../package.json' with { type: 'json' }
import { startApiServer } from '../api/api-server.ts'
import { apiOperations } from '../api/operations.ts'
import type { ConfigAccess, UserAccess } from '../api/seams.ts'
import { isoTime } from '../api/views.ts'
import type { FaultCounts } from '../metrics/fault-counts.ts'
import { startMetricsServer } from '../metrics/metrics-server.ts'
import { serverMetrics } from '../metrics/server-metrics.ts'
import { sessionMetrics, trafficMetrics } from '../metrics/traffic-metrics.ts'
import { monotonicMs, wallClockMs } from '../net/clock.ts'
import type { ServerContext } from '../net/context.ts'
import type { SessionRegistry } from '../sessions/session-registry.ts'
import type { Statistics } from '../stats/statistics.ts'
import type { Listener } from './listener.ts'

/** A change through the API can restart the API itself: its answer goes out on the old connection, which is not waited for. */
const CLOSE_WAIT_MS = 300

export type OperateParts = {
  readonly context: ServerContext
  readonly sessions: SessionRegistry
  readonly statistics: Statistics
  readonly config: ConfigAccess
  readonly users: UserAccess
  readonly faults: FaultCounts
  /** All listeners are up, and none closes. */
  isReady(): boolean
}

/** What administrators and their programs talk to. */
export const operateListeners = (parts: OperateParts): readonly Listener[] => {
  const { context, sessions, statistics, config, users, faults, isReady } = parts
  const startedMs = monotonicMs()
  const { version } = manifest
  const loopDelayMs = (): number => (statistics.timeline.ticks === 0 ? 0 : statistics.timeline.loopDelayMs(statistics.timeline.ticks - 1))
  const info = () => {
    const all = sessions.list()
    const sum = (direction: 'in' | 'out'): number => all.reduce((total, { bandwidth }) => total + bandwidth[direction], 0)
    const publishers = all.filter(({ role }) => role === 'publisher').length
    return {
      version,
      started: isoTime(wallClockMs(startedMs)),
      uptime: Math.round(monotonicMs() - startedMs) / 1000,
      ready: isReady(),
      paths: context.hub.list().length,
      publishers,
      readers: all.length - publishers,
      bitrateReceived: sum('in'),
      bitrateSent: sum('out'),
      memory: process.memoryUsage.rss(),
      loopDelayMs: Math.round(loopDelayMs() * 10) / 10,
    }
  }
  const operations = apiOperations({ hub: context.hub, sessions, config, users, info })
  const families = [...trafficMetrics(context.hub, sessions), ...serverMetrics({ context, faults, version, loopDelayMs })]
  return [
    {
      name: 'api',
      settings: ({ api }) => (api.enabled ? api : undefined),
      start: async (_parts, { api: { host, port, allowOrigins } }) => {
        const server = await startApiServer(context, { host, port, version, allowOrigins, operations, isReady })
        return { ports: { api: server.port }, close: () => Promise.race([server.close(), delay(CLOSE_WAIT_MS)]) }
      },
    },
    {
      name: 'metrics',
      settings: ({ metrics }) => (metrics.enabled ? metrics : undefined),
      start: async (_parts, { metrics: { host, port, perSession } }) => {
        const shown = perSession ? [...families, ...sessionMetrics(sessions)] : families
        const server = await startMetricsServer(context, { host, port, families: shown, isReady, refresh: () => sessions.refresh() })
        return { ports: { metrics: server.port }, close: () => server.close() }
      },
    },
  ]
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())
