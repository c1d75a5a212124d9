import type { AddressInfo } from 'node:net'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { Hub, type Publication } from '@millrace/media/hub/hub.ts'
import type { Track } from '@millrace/media/hub/track.ts'
import fastify from 'fastify'
import type { Log } from '../../src/log/log.ts'
import { monotonicMs } from '../../src/net/clock.ts'
import { NO_GRANT, type PathRoute } from '../../src/net/http-route.ts'
import type { HlsOptions } from '../../src/servers/hls/hls-options.ts'
import { hlsRoutes } from '../../src/servers/hls/routes.ts'
import { makeServerContext } from '../server-context.ts'
import type { Clip } from './clip.ts'

/** A log that keeps its warnings. */
export const makeLog = (warnings: string[]): Log => {
  const nothing = (): void => {}
  const log: Log = {
    debug: nothing,
    info: nothing,
    warn: (_fields, message) => void warnings.push(message),
    error: (_fields, message) => void warnings.push(message),
    child: () => log,
  }
  return log
}

export type TestServer = {
  readonly hub: Hub
  readonly url: string
  readonly warnings: string[]
  close(): Promise<void>
}

/** The routes on an app of their own, with pages to serve beside them. */
export const startTestServer = async (
  options: Partial<HlsOptions> = {},
  pages: { readonly [path: string]: { type: string; body: string } } = {},
): Promise<TestServer> => {
  const warnings: string[] = []
  const hub = new Hub({
    converters: {
      makePacketizer: () => ({ push: () => [] }),
      makeDepacketizer: () => ({ push: () => [] }),
    },
    republishGraceMs: 5000,
  })
  const routes = hlsRoutes(makeServerContext({ hub, log: makeLog(warnings) }), options)
  const app = fastify()
  app.all('/*', async (request, reply) => {
    const path = request.url.slice(1).split('?')[0] ?? ''
    const page = pages[path]
    if (page) return reply.type(page.type).send(page.body)
    const slash = path.lastIndexOf('/')
    const found = findRoute(routes, request.method, path.slice(slash + 1))
    if (!found) throw new ProtocolError('test/route', `no route for ${path}`)
    return found.route.handle(request, reply, path.slice(0, slash), found.match, { ...NO_GRANT, user: String(request.headers['x-user'] ?? '') })
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const ticker = setInterval(() => hub.tick(monotonicMs()), 500)
  return {
    hub,
    warnings,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      clearInterval(ticker)
      hub.close()
      app.server.closeAllConnections()
      await app.close()
    },
  }
}

const findRoute = (routes: readonly PathRoute[], method: string, tail: string): { route: PathRoute; match: RegExpExecArray } | undefined => {
  for (const route of routes) {
    const match = route.tail.exec(tail)
    if (match && route.methods.some((allowed) => allowed === method)) return { route, match }
  }
  return undefined
}

export type Feeder = { readonly publication: Publication; stop(): void }

export type FeedOptions = {
  /** By how much later the units of each track come than their decoding times tell. */
  readonly lateMs?: readonly number[]
  /** Units that do not come. */
  withholds?(track: number, atS: number): boolean
}

/** Publishes a clip again and again in real time. */
export const feedLive = (hub: Hub, path: string, clip: Clip, { lateMs = [], withholds = () => false }: FeedOptions = {}): Feeder => {
  const startMs = monotonicMs()
  const publication = hub.publish(path, clip.codecs, 'units', { protocol: 'test', remote: 'feeder', close: () => {} }, startMs)
  const { stream, originMs } = publication
  const next = clip.codecs.map(() => 0)
  const pushDue = (track: Track): void => {
    const units = clip.units[track.index] ?? []
    for (;;) {
      const count = next[track.index] ?? 0
      const unit = units[count % units.length]
      if (!unit) return
      const loopS = Math.floor(count / units.length) * clip.durationS
      const atS = loopS + unit.dts / track.clockRate
      const arrivalMs = monotonicMs()
      if (startMs + atS * 1000 + (lateMs[track.index] ?? 0) > arrivalMs) return
      next[track.index] = count + 1
      const shift = Math.round((loopS + originMs / 1000) * track.clockRate)
      if (!withholds(track.index, atS)) stream.writeUnit(track, { ...unit, pts: unit.pts + shift, dts: unit.dts + shift, arrivalMs })
    }
  }
  const push = (): void => stream.tracks.forEach(pushDue)
  push()
  const timer = setInterval(push, 5)
  return {
    publication,
    stop: () => {
      clearInterval(timer)
      publication.close(monotonicMs())
    },
  }
}
