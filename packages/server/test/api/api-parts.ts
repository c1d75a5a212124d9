import { rtpConverters } from '@millrace/media/bridges/rtp/converters.ts'
import { Hub } from '@millrace/media/hub/hub.ts'
import type { ApiParts } from '../../src/api/operations.ts'
import type { ConfigDocument } from '../../src/api/seams.ts'
import { UserStore } from '../../src/auth/user-store.ts'
import { monotonicMs, wallClockMs } from '../../src/net/clock.ts'
import type { EventBus } from '../../src/net/event-bus.ts'
import { SessionRegistry } from '../../src/sessions/session-registry.ts'
import { userAccess } from '../../src/start/user-access.ts'
import { memoryConfig } from './memory-config.ts'

export const TEST_VERSION = '0.0.0'

/** What the API stands on, without a server behind it. @param folder of the file of users */
export const makeApiParts = (events: EventBus, folder: string, document: ConfigDocument = {}): ApiParts => {
  const hub = new Hub({ converters: rtpConverters, republishGraceMs: 0 })
  const sessions = new SessionRegistry(hub, events, { nowMs: monotonicMs, wallClockMs })
  const info = () => ({
    version: TEST_VERSION,
    started: new Date(0).toISOString(),
    uptime: 1,
    ready: true,
    paths: 0,
    publishers: 0,
    readers: 0,
    bitrateReceived: 0,
    bitrateSent: 0,
    memory: 1,
    loopDelayMs: 0,
  })
  return { hub, sessions, config: memoryConfig(document), users: userAccess(new UserStore(folder)), info }
}
