import type { IncomingMessage } from 'node:http'
import { HttpError } from './http-error.ts'

/**
 * Reads a request's body.
 * @param limit in bytes
 * @throws HttpError 413 past the limit, 400 if it was cut off
 */
export const readBody = async (request: IncomingMessage, limit: number): Promise<Buffer> => {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // Ending the loop early must not destroy the socket: the answer goes out on it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length
      if (bytes > limit) throw tooLarge(limit)
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof HttpError ? error : new HttpError(400, 'The request ended before its body was complete.')
  }
  return Buffer.concat(chunks, bytes)
}

const tooLarge = (limit: number): HttpError =>
  // What is still to come of the body is not worth reading.
  new HttpError(413, `The request body may have at most ${limit} bytes.`, { connection: 'close' })
