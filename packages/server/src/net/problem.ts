import type { FastifyReply } from 'fastify'

/**
 * Answers with problem+json, RFC 9457.
 * @param title what was wrong, for people
 * @param detail where it was wrong, and what would be right
 */
export const sendProblem = (reply: FastifyReply, status: number, title: string, detail: string): FastifyReply =>
  reply.code(status).type('application/problem+json').send(JSON.stringify({ status, title, detail }))

/** A message of the log as a sentence of its own. */
export const sentence = (message: string): string => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
