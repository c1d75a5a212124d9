import type { FastifyReply, FastifyRequest } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Running, ServerContext } from '../net/context.ts'
import { authorizeRequest } from '../servers/http/app-guard.ts'
import { startHttpApp } from '../servers/http/http-app.ts'
import { type Family, registerFamily } from './metric-families.ts'

const MAX_BODY_BYTES = 1024

export type MetricsOptions = {
  readonly host: string
  readonly port: number
  readonly families: readonly Family[]
  /** Before the families are asked. */
  refresh(): void
  /** All listeners are up, and none closes. */
  isReady(): boolean
}

/**
 * `/metrics` for Prometheus, `/live` and `/ready` for those who watch over the process.
 * @throws ListenError if the port is taken
 */
export const startMetricsServer = async (context: ServerContext, options: MetricsOptions): Promise<Running & { readonly port: number }> => {
  const registry = new Registry()
  const ofProcess = (processRegistry ??= makeProcessRegistry())
  for (const family of options.families) registerFamily(registry, family)
  const { host, port, isReady } = options
  return startHttpApp(context, {
    host,
    port,
    protocol: 'metrics',
    key: 'metrics.port',
    bodyLimit: MAX_BODY_BYTES,
    setUp: (app) => {
      app.get('/metrics', async (request, reply) => sendMetrics(context, options, Registry.merge([registry, ofProcess]), request, reply))
    },
    isReady,
  })
}

/** Of the process, by the names that all exporters have for them. Watching cannot be ended: there is one for all servers of the process. */
let processRegistry: Registry | undefined

const makeProcessRegistry = (): Registry => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

const sendMetrics = async (
  context: ServerContext,
  { refresh }: MetricsOptions,
  registry: Registry,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  await authorizeRequest(context.access, 'metrics', request)
  refresh()
  return reply
    .header('cache-control', 'no-store')
    .type(registry.contentType)
    .send(await registry.metrics())
}
