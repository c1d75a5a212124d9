import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * A route below a path's name, which may have slashes in it: `/lecture/hall-1/whep`. The HTTP server decodes and checks the path name.
 */
export type PathRoute = {
  readonly methods: readonly ('GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS')[]
  /** Matches what follows `/PATH/`, from its first to its last character: /^whep(?:\/([\w-]+))?$/ */
  readonly tail: RegExp
  /** Longest request body, in bytes. Bodies are given as they are, as a Buffer in `request.body`. */
  readonly bodyLimit?: number
  handle(request: FastifyRequest, reply: FastifyReply, pathName: string, match: RegExpExecArray): Promise<unknown> | unknown
}
