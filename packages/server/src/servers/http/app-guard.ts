import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Access, AccessProtocol, Action } from '../../net/access.ts'
import { AppProblem } from './app-problem.ts'
import { addressOf, headerCredentials } from './http-access.ts'

/**
 * Who asks, if that one may.
 * @returns the user's name, or the address of a client without one
 * @throws AppProblem 401, 403, 429
 */
export const authorizeRequest = async (access: Access, action: Action & AccessProtocol, request: FastifyRequest): Promise<string> => {
  const address = addressOf(access, request)
  const decision = await access.authorize({
    action,
    path: '',
    protocol: action,
    ...address,
    userAgent: request.headers['user-agent'],
    credentials: headerCredentials(request.headers.authorization ?? '') ?? {},
  })
  if (decision.allowed) return decision.user || address.ip
  const { challenge, retryAfterMs } = decision
  if (retryAfterMs !== undefined) {
    const seconds = String(Math.ceil(retryAfterMs / 1000))
    throw new AppProblem(429, 'Too many attempts', `Wait ${seconds} s, then try again.`, [], { 'retry-after': seconds })
  }
  if (!challenge) throw new AppProblem(403, 'Not permitted', `Who you are may not do this: the configuration gives the action ${action} to others.`)
  const headers = { 'www-authenticate': `Basic realm="${access.realm}", charset="UTF-8"` }
  throw new AppProblem(401, 'Credentials wanted', 'Give the name and password of a user (Basic), or a token (Bearer), that may do this.', [], headers)
}

/**
 * Keeps web pages out that the administrator's browser shows: what needs no credentials of this machine would be open to their scripts.
 * @param allowed origins that may ask
 * @throws AppProblem 403
 */
export const checkOrigin = (allowed: readonly string[], { headers }: FastifyRequest): void => {
  const { origin, host = '', authorization } = headers
  if (origin !== undefined && !allowed.includes('*') && !allowed.includes(origin)) {
    throw new AppProblem(403, 'Another origin', `Web pages of ${origin.slice(0, 200)} may not use the API: add it to api.allowOrigins.`)
  }
  // A name of somebody else's that leads to this address: DNS rebinding.
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  if (authorization === undefined && name !== 'localhost' && isIP(name) === 0) {
    throw new AppProblem(403, 'By its name only with credentials', 'Use the address of the server (127.0.0.1, localhost), or give credentials.')
  }
}
