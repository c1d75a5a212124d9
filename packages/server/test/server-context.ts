import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import type { Log } from '../src/log/log.ts'
import type { ServerContext } from '../src/net/context.ts'
import { EventBus } from '../src/net/event-bus.ts'
import { OPEN_ACCESS } from '../src/net/open-access.ts'
import { ConfiguredPaths } from '../src/paths/configured-paths.ts'

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET }

const rethrow = (error: unknown): void => {
  throw error
}

/** What a server needs of its surroundings, for tests: all paths are open and nothing is logged, unless `parts` says otherwise. */
export const makeServerContext = (parts: Partial<ServerContext> = {}): ServerContext => {
  const hub = parts.hub ?? new Hub({ converters: rtpConverters, republishGraceMs: 5000 })
  return { hub, log: QUIET, countFault() {}, events: new EventBus(rethrow), access: OPEN_ACCESS, paths: new ConfiguredPaths(hub), ...parts }
}
