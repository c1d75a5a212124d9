import { dirname, resolve } from 'node:path'
import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import { DEFAULT_READER_QUEUE_LIMITS } from '@millrace/media/hub/reader-queue.ts'
import { startAccess } from './auth/start-access.ts'
import { ConfigStore } from './config/config-store.ts'
import { dataFolder } from './config/data-folder.ts'
import { CONFIG_PLACES, type LoadedConfig } from './config/load-config.ts'
import type { Config } from './config/schema.ts'
import { watchConfig } from './config/watch-config.ts'
import { Hooks } from './hooks/hooks.ts'
import type { Log } from './log/log.ts'
import { FaultCounts } from './metrics/fault-counts.ts'
import { monotonicMs, wallClockMs } from './net/clock.ts'
import { ConnectionGuard } from './net/connection-guard.ts'
import { connectionLimits } from './net/connection-limits.ts'
import type { Running, ServerContext } from './net/context.ts'
import { EventBus } from './net/event-bus.ts'
import { ConfiguredPaths } from './paths/configured-paths.ts'
import { SessionRegistry } from './sessions/session-registry.ts'
import { hlsListener } from './start/hls.ts'
import { httpListener } from './start/http.ts'
import type { Parts, Ports } from './start/listener.ts'
import { Listeners } from './start/listeners.ts'
import { operateListeners } from './start/operate.ts'
import { Reconciler } from './start/reconciler.ts'
import { rtmpListener } from './start/rtmp.ts'
import { rtspListener } from './start/rtsp.ts'
import { pathEntries, sourceStarter } from './start/sources.ts'
import { userAccess } from './start/user-access.ts'
import { webrtcListener } from './start/webrtc.ts'
import { startStatistics } from './stats/start-statistics.ts'
import { statsRoutes } from './stats/stats-routes.ts'
import { Identities } from './tls/identities.ts'

const TICK_MS = 1000
/** What has not closed by then is left to the end of the process. */
const CLOSE_LIMIT_MS = 2500

/** The ports of HTTP last: by then all that they answer is there. */
const LISTENERS = [rtspListener, rtmpListener, webrtcListener, hlsListener, httpListener] as const

export type Millrace = Running & {
  /** As they are now. */
  readonly ports: Readonly<Ports>
  /** Takes changes of the configuration. */
  readonly store: ConfigStore
  /** Of the user `admin`, who was made at this start; to be shown once. */
  readonly administratorPassword: string | undefined
}

/**
 * Starts all servers and sources that the configuration names.
 * @throws ListenError if a port is taken; what was started before is closed again
 */
export const startMillrace = async ({ config, file = resolve(CONFIG_PLACES[0]), text }: LoadedConfig, log: Log): Promise<Millrace> => {
  const folder = dirname(file)
  const data = dataFolder(config.dataDir, folder, process.env)
  // The hub reads it whenever it needs it.
  const hubOptions = { converters: rtpConverters, republishGraceMs: config.republishGrace }
  const hub = new Hub(hubOptions)
  const events = new EventBus((error) => log.error({ err: error }, 'who listens to events made a mistake'))
  const faults = new FaultCounts()
  const control = await startAccess(config.auth, data, log, events)
  const guard = new ConnectionGuard(connectionLimits(config.limits))
  const paths = new ConfiguredPaths(
    hub,
    pathEntries(config),
    sourceStarter(() => context, folder),
  )
  const context: ServerContext = { hub, log, events, guard, paths, access: control.access, countFault: faultCounter(log, faults) }
  const sessions = new SessionRegistry(hub, events, { nowMs: monotonicMs, wallClockMs })
  const measuring = startStatistics(sessions)
  const store = new ConfigStore({
    file,
    text,
    config,
    env: process.env,
    dataFolder: data,
    target: { plan: (...configs) => reconciler.plan(...configs), apply: (...configs) => reconciler.apply(...configs) },
    log,
    onChange: (by, changes) => events.publish({ type: 'config-changed', ...(by === 'file' ? {} : { user: by }), reason: changes.join(', ') }),
  })
  const identities = [new Identities(config.tls, folder, data, log)] as [Identities, ...Identities[]]
  let tls = JSON.stringify(config.tls)
  const parts: Parts = {
    context,
    identities: identities[0],
    queueLimits: { ...DEFAULT_READER_QUEUE_LIMITS },
    routes: statsRoutes(measuring.statistics),
    ports: {},
  }
  const hooks = new Hooks(context, { config: () => store.current.hooks, rtspPort: () => parts.ports.rtsp })
  let isReady = false
  const operating = operateListeners({
    context,
    sessions,
    statistics: measuring.statistics,
    config: store,
    users: userAccess(control.users),
    faults,
    isReady: () => isReady,
  })
  const listeners = new Listeners([...LISTENERS, ...operating], parts, log)

  /** What takes a change without a restart. */
  const update = (next: Config): void => {
    hubOptions.republishGraceMs = next.republishGrace
    Object.assign(parts.queueLimits, { maxBytes: next.readerQueue.maxBytes, maxAgeMs: next.readerQueue.maxAge })
    guard.setLimits(connectionLimits(next.limits))
    control.access.configure(next.auth)
    setLogLevel(log, next.logLevel)
    if (JSON.stringify(next.tls) === tls) return
    tls = JSON.stringify(next.tls)
    // The old ones are closed at the end: a listener that cannot be restarted goes on with its certificate.
    parts.identities = new Identities(next.tls, folder, data, log)
    identities.push(parts.identities)
  }

  const reconciler = new Reconciler({ listeners, paths, sessions, update })
  const stopWatching = watchConfig(file, () => void store.reload(), log)
  const timer = setInterval(() => {
    hub.tick(monotonicMs())
    paths.tick(monotonicMs())
  }, TICK_MS)
  const close = async (): Promise<void> => {
    isReady = false
    clearInterval(timer)
    stopWatching()
    hub.close()
    const closing = [listeners, paths, hooks, measuring, control, ...identities].map((running) => running.close())
    await Promise.race([Promise.allSettled(closing), delay(CLOSE_LIMIT_MS)])
  }
  try {
    update(config)
    await listeners.start(config)
    await paths.update(pathEntries(config))
    isReady = true
  } catch (error) {
    await close()
    throw error
  }
  return { ports: parts.ports, store, administratorPassword: await control.makeAdministrator(), close }
}

/** Those who log already go on with the old level; who connects from now on has the new one. */
const setLogLevel = (log: Log & { level?: string }, level: Config['logLevel']): void => {
  log.level = level
}

/** Counts peers' faults by their code; the count goes with each line of the log. */
const faultCounter =
  (log: Log, faults: FaultCounts): ServerContext['countFault'] =>
  (protocol, code) =>
    log.debug({ protocol, code, count: faults.add(protocol, code) }, 'a peer broke its protocol')

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())
