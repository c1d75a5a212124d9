import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Running, ServerContext } from '../../net/context.ts'
import { AppProblem } from './app-problem.ts'
import { type HttpPort, listenHttp } from './http-listener.ts'

/** Longest name in an address, in characters. */
const MAX_PARAMETER_LENGTH = 1024

export type HttpAppOptions = HttpPort & {
  readonly host: string
  /** Longest request body, in bytes; bodies are JSON. */
  readonly bodyLimit: number
  /** Adds the routes. They throw AppProblem. */
  setUp(app: FastifyInstance): void
  /** All listeners are up, and none closes. */
  isReady(): boolean
  /** It is about to close: end what would never end by itself. */
  closing?(): void
}

/**
 * An HTTP server of its own beside that of the pages, with the same limits: for the API, for metrics. `/live` and `/ready` are for those who
 * watch over the process, and need no credentials.
 * @throws ListenError if the port is taken
 */
export const startHttpApp = async (context: ServerContext, options: HttpAppOptions): Promise<Running & { readonly port: number }> => {
  const { bodyLimit, isReady } = options
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => answerError(context, bodyLimit, error, request, reply)
  const trustProxy = (address: string): boolean => context.access.trustsProxy(address)
  const app = fastify({ logger: false, trustProxy, bodyLimit, routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH }, frameworkErrors: answer })
  app.setErrorHandler(answer)
  app.setNotFoundHandler(() => {
    throw new AppProblem(404, 'Nothing here', 'There is nothing at this address.')
  })
  // What a page of any site can send without asking for leave first is no body for us.
  app.removeContentTypeParser('text/plain')
  app.get('/live', (_request, reply) => reply.send({ status: 'ok' }))
  app.get('/ready', (_request, reply) => reply.code(isReady() ? 200 : 503).send({ status: isReady() ? 'ok' : 'starting or stopping' }))
  options.setUp(app)
  await app.ready()
  const { host, port, protocol, key } = options
  const listener = await listenHttp(app.routing, { host, port, protocol, key, guard: context.guard })
  return {
    port: listener.port,
    close: async () => {
      options.closing?.()
      await listener.close()
      await app.close()
    },
  }
}

const answerError = (context: ServerContext, bodyLimit: number, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const { status, title, message, faults, headers } = asProblem(error, bodyLimit)
  if (!(error instanceof AppProblem) && status >= 500)
    context.log.error({ protocol: 'http', client: request.ip, err: error }, 'a request failed by a fault of the server')
  const body = { status, title, detail: message, ...(faults.length > 0 && { errors: faults }) }
  return reply.code(status).headers(headers).header('cache-control', 'no-store').type('application/problem+json').send(JSON.stringify(body))
}

const asProblem = (error: unknown, bodyLimit: number): AppProblem => {
  if (error instanceof AppProblem) return error
  const status = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500
  if (status >= 500) return new AppProblem(500, 'Fault of the server', 'The server made a mistake; its log says which.')
  if (status === 413) return new AppProblem(413, 'Too large', `The body may have at most ${bodyLimit} bytes.`)
  if (status === 415) return new AppProblem(415, 'Not JSON', 'Send the body as JSON, with content-type: application/json.')
  return new AppProblem(status, 'Not a request', `The request cannot be read: ${error instanceof Error ? error.message : ''}.`)
}
