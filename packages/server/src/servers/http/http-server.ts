import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { checkPathName } from '@millrace/media/hub/path-name.ts'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Running, ServerContext } from '../../net/context.ts'
import { type HttpGrant, NO_GRANT, type PathRoute } from '../../net/http-route.ts'
import { authorizeHttp, limitOrigins } from './http-access.ts'
import { HttpError, sendError } from './http-error.ts'
import { type HttpListener, type HttpPort, type HttpTls, listenHttp } from './http-listener.ts'
import { readPageFiles } from './page-files.ts'
import { handlePage, type PageContext, type PublishPorts } from './page-routes.ts'
import { PathEvents } from './path-events.ts'
import { readBody } from './read-body.ts'
import { decodeTargetPath } from './request-target.ts'
import { matchRoute } from './route-match.ts'

/** Bytes of a request's body where the route does not say. */
const DEFAULT_BODY_LIMIT = 64 * 1024

export type HttpServerOptions = {
  readonly host: string
  /** The port of the pages and of WebRTC signalling. */
  readonly port: number
  readonly tls?: HttpTls | undefined
  /** Ports that answer the same, such as that of HLS. */
  readonly extraPorts?: readonly (HttpPort & { readonly tls?: HttpTls | undefined })[]
  /** What the protocols answer below a path. */
  readonly routes: readonly PathRoute[]
  /** Output of the web pages' build. */
  readonly pagesDir: string
  /** For the hints on the pages. */
  readonly publishPorts?: PublishPorts
}

export type HttpServer = Running & {
  readonly port: number
  /** In the order of the option. */
  readonly extraPorts: readonly number[]
}

/** @throws ListenError if a port is taken */
export const startHttpServer = async (context: ServerContext, options: HttpServerOptions): Promise<HttpServer> => {
  const files = await readPageFiles(options.pagesDir)
  if (files.size === 0)
    context.log.warn({ protocol: 'http', directory: options.pagesDir }, 'the web pages have not been built: streams work, the player page does not')
  const events = new PathEvents(context.hub)
  const app = makeApp(context, options.routes, { hub: context.hub, access: context.access, events, files, publishPorts: options.publishPorts ?? {} })
  await app.ready()
  const listeners: HttpListener[] = []
  const close = async (): Promise<void> => {
    events.close()
    await Promise.all(listeners.map((listener) => listener.close()))
    await app.close()
  }
  try {
    const { host, tls, extraPorts = [] } = options
    for (const port of [{ port: options.port, protocol: 'WebRTC and the web pages', key: 'webrtc.port', tls }, ...extraPorts]) {
      listeners.push(await listenHttp(app.routing, { ...port, host, guard: context.guard }))
    }
  } catch (error) {
    await close()
    throw error
  }
  const [port = 0, ...extraPorts] = listeners.map((listener) => listener.port)
  return { port, extraPorts, close }
}

const makeApp = (context: ServerContext, routes: readonly PathRoute[], pages: PageContext): FastifyInstance => {
  const trustProxy = (address: string): boolean => context.access.trustsProxy(address)
  const app = fastify({ logger: false, trustProxy, frameworkErrors: (error, request, reply) => answerError(context, error, request, reply) })
  app.removeAllContentTypeParsers()
  // Bodies are read when the route is known, with its limit.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  const handle = (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => dispatch(context, routes, pages, request, reply)
  app.addHook('onSend', async (request, reply) => limitOrigins(context.access, request, reply))
  app.all('/*', handle)
  app.setNotFoundHandler(handle)
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply))
  return app
}

const dispatch = async (
  context: ServerContext,
  routes: readonly PathRoute[],
  pages: PageContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> => {
  const path = decodeTargetPath(request.raw.url ?? '')
  const found = path.startsWith('_/') ? undefined : matchRoute(routes, request.method, path)
  if (!found) return handlePage(pages, request, reply, path)
  checkPathName(found.pathName)
  const grant = await grantOf(context, found.route, found.pathName, request)
  request.body = await readBody(request.raw, found.route.bodyLimit ?? DEFAULT_BODY_LIMIT)
  return found.route.handle(request, reply, found.pathName, found.match, grant)
}

const grantOf = async (context: ServerContext, { action = 'read', protocol = 'http' }: PathRoute, path: string, request: FastifyRequest): Promise<HttpGrant> =>
  action === 'open' || request.method === 'OPTIONS' ? NO_GRANT : authorizeHttp(context.access, request, { action, path, protocol })

const answerError = (context: ServerContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  if (error instanceof HttpError) return sendError(request, reply, error)
  if (error instanceof ProtocolError) {
    context.countFault('http', error.code)
    return sendError(request, reply, new HttpError(400, `${error.message}.`))
  }
  const status = statusOf(error)
  if (status < 500) return sendError(request, reply, new HttpError(status, 'This is not a request that the server understands.'))
  context.log.error({ protocol: 'http', client: clientOf(request), err: error }, 'a request failed by a fault of the server')
  return sendError(request, reply, new HttpError(500, 'The server made a mistake; its log says which.'))
}

/** Fastify's own errors, of a malformed Content-Type and the like, know their status. */
const statusOf = (error: unknown): number => (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500)

const clientOf = (request: FastifyRequest): string => `${request.ip}:${request.socket.remotePort ?? 0}`
