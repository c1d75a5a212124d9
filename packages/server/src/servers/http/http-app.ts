import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Running, ServerContext } from '../../net/context.ts'
import { type HttpPort, listenHttp } from './http-listener.ts'

/** Longest name in an address, in characters. */
const MAX_PARAMETER_LENGTH = 1024

export type HttpAppOptions = HttpPort & {
  readonly host: string
  /** Longest request body, in bytes. */
  readonly bodyLimit: number
  /** Adds the routes. */
  setUp(app: FastifyInstance): void
  answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply
  /** It is about to close: end what would never end by itself. */
  closing?(): void
}

/**
 * An HTTP server of its own beside that of the pages, with the same limits: for the API, for metrics.
 * @throws ListenError if the port is taken
 */
export const startHttpApp = async (context: ServerContext, options: HttpAppOptions): Promise<Running & { readonly port: number }> => {
  const { answerError, bodyLimit } = options
  const app = fastify({
    logger: false,
    bodyLimit,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
  })
  app.setErrorHandler(answerError)
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
