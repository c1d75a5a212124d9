import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Action } from '../../net/access.ts'

/** As long as a pass is good, in seconds. */
const MAX_AGE_S = 12 * 3600

/** A path's own: each is allowed by itself, and names have characters that cookies may not have. */
export const passCookieName = (action: Action, path: string): string =>
  `millrace-${createHash('sha256').update(`${action} ${path}`).digest('hex').slice(0, 16)}`

export const passCookieOf = (request: FastifyRequest, name: string): string | undefined => {
  const found = (request.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`))
  return found?.slice(name.length + 1)
}

/** Scripts do not see it, and other sites' pages do not send it. */
export const passCookie = (name: string, pass: string, isSecure: boolean): string =>
  `${name}=${pass}; Path=/; Max-Age=${MAX_AGE_S}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
