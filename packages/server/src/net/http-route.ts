import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AccessGranted, AccessProtocol, Action } from './access.ts'

/**
 * A route below a path's name, which may have slashes in it: `/lecture/hall-1/whep`. The HTTP server decodes and checks the path name.
 */
export type PathRoute = {
  readonly methods: readonly ('GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS')[]
  /** Matches what follows `/PATH/`, from its first to its last character: /^whep(?:\/([\w-]+))?$/ */
  readonly tail: RegExp
  /**
   * What the client must be allowed to do there; `read` if absent. `open` for addresses that are secret themselves, such as a session's own.
   * OPTIONS is always allowed: browsers ask it without credentials.
   */
  readonly action?: Action | 'open'
  /** As rules and logs name it; `http` if absent. */
  readonly protocol?: AccessProtocol
  /** Longest request body, in bytes. Bodies are given as they are, as a Buffer in `request.body`. */
  readonly bodyLimit?: number
  handle(request: FastifyRequest, reply: FastifyReply, pathName: string, match: RegExpExecArray, grant: HttpGrant): Promise<unknown> | unknown
}

/** What was decided about a request. */
export type HttpGrant = AccessGranted & {
  /** Stands for the credentials where they cannot be sent again: `?token=PASS`; undefined where none are needed. */
  readonly pass?: string | undefined
  /** Whether the client may do something else, too, such as use the API. */
  may(action: Action): Promise<boolean>
}

/** Of requests that nobody has to allow. */
export const NO_GRANT: HttpGrant = { allowed: true, user: '', may: async () => false }
