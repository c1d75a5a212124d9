import type { ReaderQueueLimits } from '@millrace/media/hub/reader-queue.ts'
import type { Config } from '../config/schema.ts'
import type { Running, ServerContext } from '../net/context.ts'
import type { PathRoute } from '../net/http-route.ts'
import type { Identities } from '../tls/identities.ts'

/** The ports that are listened on; those of servers that are off are missing. */
export type Ports = {
  rtsp?: number
  rtsps?: number
  rtp?: number
  rtcp?: number
  rtmp?: number
  rtmps?: number
  hls?: number
  webrtc?: number
  ice?: number
  api?: number
  metrics?: number
}

/** What listeners are made of. What is not read-only is the same object for all of them, and changes while they run. */
export type Parts = {
  readonly context: ServerContext
  identities: Identities
  /** Of all readers by TCP. */
  readonly queueLimits: { -readonly [K in keyof ReaderQueueLimits]: ReaderQueueLimits[K] }
  /** What is answered below a path, by all HTTP ports. */
  readonly routes: PathRoute[]
  /** Of all listeners. */
  readonly ports: Ports
}

export type Started = Running & { readonly ports: Ports }

/** Something that listens, and is restarted as a whole when what it is made of changes. */
export type Listener = {
  /** As plans and the log show it. */
  readonly name: string
  /** Of the hub's clients that end with it. */
  readonly protocol?: string
  /** All of the configuration that it is made of; undefined when it is off. */
  settings(config: Config): object | undefined
  /** @throws ListenError if a port is taken; nothing is left open then */
  start(parts: Parts, config: Config): Promise<Started>
}

/** Adds routes until they are taken away. */
export const addRoutes = (routes: PathRoute[], added: readonly PathRoute[]): (() => void) => {
  routes.push(...added)
  return () => {
    for (const route of added) routes.splice(routes.indexOf(route), 1)
  }
}
