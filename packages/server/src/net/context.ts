import type { Hub } from '@millrace/media/hub/hub.ts'
import type { Log } from '../log/log.ts'
import type { Access } from './access.ts'
import type { ConnectionGuard } from './connection-guard.ts'
import type { EventBus } from './event-bus.ts'
import type { PathDirectory } from './path-directory.ts'

/** What every server and source gets from `main.ts`. */
export type ServerContext = {
  readonly hub: Hub
  readonly log: Log
  readonly paths: PathDirectory
  readonly events: EventBus
  /** Who may do what. */
  readonly access: Access
  /** Limits connections of TCP; without it all are taken. */
  readonly guard?: ConnectionGuard
  /** A peer broke its protocol: counts it by `ProtocolError.code`. */
  countFault(protocol: string, code: string): void
}

/** A server or source that runs. */
export type Running = {
  /** Tells the clients, closes all sockets, and resolves when they are closed (2 s at most). */
  close(): Promise<void>
}
