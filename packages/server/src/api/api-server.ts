import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Running, ServerContext } from '../net/context.ts'
import { EVENT_TYPES, type EventType } from '../net/event-bus.ts'
import { authorizeRequest, checkOrigin } from '../servers/http/app-guard.ts'
import { AppProblem } from '../servers/http/app-problem.ts'
import { startHttpApp } from '../servers/http/http-app.ts'
import { checkPart } from './check-request.ts'
import { eventQuery, extraPaths } from './event-operation.ts'
import { EventStream } from './event-stream.ts'
import { openApiDocument } from './openapi.ts'
import type { Method, Operation } from './operation.ts'

/** A configuration with thousands of paths. */
const MAX_BODY_BYTES = 2 * 1024 * 1024
const CORS_METHODS = 'GET, POST, PATCH, DELETE'

export type ApiOptions = {
  readonly host: string
  readonly port: number
  readonly version: string
  /** Web pages of these origins may ask; `*` for any. */
  readonly allowOrigins: readonly string[]
  readonly operations: readonly Operation[]
  /** All listeners are up, and none closes. */
  isReady(): boolean
}

/**
 * The HTTP API.
 * @throws ListenError if the port is taken
 */
export const startApiServer = async (context: ServerContext, options: ApiOptions): Promise<Running & { readonly port: number }> => {
  const events = new EventStream(context.events)
  const { host, port } = options
  try {
    return await startHttpApp(context, {
      host,
      port,
      protocol: 'API',
      key: 'api.port',
      bodyLimit: MAX_BODY_BYTES,
      setUp: (app) => setUp(app, context, options, events),
      isReady: options.isReady,
      closing: () => events.close(),
    })
  } catch (error) {
    events.close()
    throw error
  }
}

const setUp = (app: FastifyInstance, context: ServerContext, options: ApiOptions, events: EventStream): void => {
  const { operations, version } = options
  app.addHook('onRequest', async (request, reply) => allowOrigin(options.allowOrigins, request, reply))
  const guarded = new Map<string, Map<Method, Handler>>()
  const add = (method: Method, path: string, handle: Handler): void => {
    guarded.set(path, (guarded.get(path) ?? new Map<Method, Handler>()).set(method, handle))
  }
  for (const operation of operations) add(operation.method, operation.path, (request, reply, by) => run(operation, request, reply, by))
  const document = JSON.stringify(openApiDocument(version, operations, extraPaths))
  add('GET', '/v1/openapi.json', (_request, reply) => reply.type('application/json').send(document))
  add('GET', '/v1/events', (request, reply) => openEvents(events, request, reply))
  for (const [path, handlers] of guarded) addPath(app, context, options.allowOrigins, path, handlers)
}

type Handler = (request: FastifyRequest, reply: FastifyReply, by: string) => Promise<FastifyReply> | FastifyReply

/** Every method of one address, so that a wrong one is told which are right. */
const addPath = (app: FastifyInstance, context: ServerContext, allowOrigins: readonly string[], path: string, handlers: ReadonlyMap<Method, Handler>): void => {
  app.all(path.replace('{name}', '*').replace(/\{(\w+)\}/g, ':$1'), async (request, reply) => {
    if (request.method === 'OPTIONS') return reply.code(204).send()
    checkOrigin(allowOrigins, request)
    const by = await authorizeRequest(context.access, 'api', request)
    const handle = handlers.get((request.method === 'HEAD' ? 'GET' : request.method) as Method)
    if (handle) return handle(request, reply, by)
    const allow = [...handlers.keys()].join(', ')
    throw new AppProblem(405, 'Wrong method', `This address takes ${allow}.`, [], { allow })
  })
}

const run = async (operation: Operation, request: FastifyRequest, reply: FastifyReply, by: string): Promise<FastifyReply> => {
  const { '*': name, ...others } = request.params as { readonly [key: string]: string }
  const answer = await operation.run({
    params: checkPart(operation.params, 'path', { ...others, ...(name !== undefined && { name }) }),
    query: checkPart(operation.query, 'query', request.query),
    body: checkPart(operation.body, 'body', request.body ?? undefined),
    by,
  })
  reply.header('cache-control', 'no-store')
  return operation.response ? reply.type('application/json').send(JSON.stringify(answer)) : reply.code(204).send()
}

const openEvents = (events: EventStream, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const { types, path } = checkPart(eventQuery, 'query', request.query) as { types?: string; path?: string }
  events.checkRoom()
  const lastId = request.headers['last-event-id']
  const headers = Object.fromEntries(Object.entries(reply.getHeaders()).map(([key, value]) => [key, String(value)]))
  reply.hijack()
  const wanted = types?.split(',').filter((type): type is EventType => EVENT_TYPES.some((known) => known === type))
  events.open(reply.raw, { types: wanted, path }, Array.isArray(lastId) ? lastId[0] : lastId, headers)
  return reply
}

const allowOrigin = (allowed: readonly string[], request: FastifyRequest, reply: FastifyReply): void => {
  const { origin } = request.headers
  reply.header('x-content-type-options', 'nosniff')
  if (origin === undefined || !(allowed.includes('*') || allowed.includes(origin))) return
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': CORS_METHODS,
    'access-control-allow-headers': 'Authorization, Content-Type, Last-Event-ID',
    'access-control-max-age': '86400',
    vary: 'origin',
  })
}
