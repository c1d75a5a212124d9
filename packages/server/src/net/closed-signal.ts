import type { FastifyReply } from 'fastify'

/** Aborted when who asked went away, or has the answer. */
export const closedSignal = (reply: FastifyReply): AbortSignal => {
  const closed = new AbortController()
  reply.raw.once('close', () => closed.abort())
  return closed.signal
}
