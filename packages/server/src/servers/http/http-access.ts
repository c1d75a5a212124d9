import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access, AccessDenied, AccessGranted, AccessProtocol, AccessRequest, Action, Credentials } from '../../net/access.ts'
import type { HttpGrant } from '../../net/http-route.ts'
import { HttpError } from './http-error.ts'
import { passCookieName, passCookieOf } from './pass-cookie.ts'

/** Names of query parameters that are credentials; with one of them in its address a player cannot be expected to send credentials otherwise. */
const CREDENTIAL_PARAMETER = /(?:^|&)(?:pass|password|token|jwt|key)=/

/** What is asked for. */
export type Wanted = { readonly action: Action; readonly path: string; readonly protocol: AccessProtocol }

/**
 * Whether the client may do this: by `Authorization` (Basic, Bearer), by the address's query, or by the cookie of the pages.
 * @throws HttpError 401, 403, 429
 */
export const authorizeHttp = async (access: Access, request: FastifyRequest, wanted: Wanted): Promise<HttpGrant> => {
  const credentials = credentialsOf(access, request, wanted)
  const decision = await decide(access, request, wanted, credentials)
  if (!decision.allowed) throw refusal(access, request, wanted, decision)
  const may = (action: Action): Promise<boolean> => mayHttp(access, request, { ...wanted, action })
  if (decision.user === '' || !CREDENTIAL_PARAMETER.test(credentials.query ?? '')) return { ...decision, may }
  // The same pass again, so that addresses stay the same.
  const given = new URLSearchParams(credentials.query).get('token') ?? ''
  return { ...decision, may, pass: access.isPass(given) ? given : access.issuePass({ ...wanted, user: decision.user, expiresAt: decision.expiresAt }) }
}

/** Whether the client may do this, and nothing is said to it: for what is shown to some. */
export const mayHttp = async (access: Access, request: FastifyRequest, wanted: Wanted): Promise<boolean> =>
  (await decide(access, request, wanted, credentialsOf(access, request, wanted), true)).allowed

const decide = async (
  access: Access,
  request: FastifyRequest,
  wanted: Wanted,
  credentials: Credentials,
  isProbe = false,
): Promise<AccessGranted | AccessDenied> =>
  access.authorize({ ...wanted, isProbe, ...addressOf(access, request), userAgent: request.headers['user-agent'], credentials })

/** Of nobody: what this machine may do without credentials is not for all whom its proxies and browsers serve. */
const UNKNOWN_ADDRESS = '0.0.0.0'

/** What proxies put on requests that they forward. */
const FORWARDED_BY = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'] as const

/** The client's address: what a trusted proxy says, else the socket's; 0.0.0.0 for who asks through something on this machine, with where that is. */
export const addressOf = (access: Access, request: FastifyRequest): Pick<AccessRequest, 'ip' | 'source'> => {
  const { ip, headers, socket } = request
  const source = socket.remoteAddress ?? ''
  const isForwarded = FORWARDED_BY.some((name) => headers[name] !== undefined)
  if (isForwarded && !access.trustsProxy(source)) return { ip: UNKNOWN_ADDRESS, source }
  return /^(?:::ffff:)?127\.|^::1$/.test(ip) && isByOtherSite(access, request) ? { ip: UNKNOWN_ADDRESS, source: ip } : { ip }
}

/**
 * A page of somewhere else, in a browser on this machine: it may ask, since players may be embedded, but not with what the person at the browser may do. By a
 * name that is not the machine's it may have been led here by its own name server (DNS rebinding).
 */
const isByOtherSite = ({ allowOrigins }: Access, { headers }: FastifyRequest): boolean => {
  const { origin, host = '' } = headers
  if (origin !== undefined && allowOrigins.includes(origin)) return false
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  // Browsers leave Sec-Fetch-Site out where they do not trust the address: at 0.0.0.0, which is this machine, too.
  const isOfOtherHost = origin !== undefined && hostOf(origin) !== hostOf(`http://${host}`)
  const isOurs = isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || name === hostname()
  return headers['sec-fetch-site'] === 'cross-site' || isOfOtherHost || !isOurs
}

/** @returns undefined also for the origin `null`, of pages that are to be no site's */
const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).hostname : undefined)

const credentialsOf = (access: Access, request: FastifyRequest, { action, path }: Wanted): Credentials => {
  const target = request.raw.url ?? ''
  const mark = target.indexOf('?')
  const query = mark < 0 ? '' : target.slice(mark + 1)
  const byHeader = headerCredentials(request.headers.authorization ?? '')
  if (byHeader || CREDENTIAL_PARAMETER.test(query)) return { ...byHeader, query }
  const cookie = isFromOwnPage(request) ? passCookieOf(request, passCookieName(action, path)) : undefined
  return cookie !== undefined && access.isPass(cookie) ? { token: cookie, query } : { query }
}

/** Browsers send cookies along with what other sites ask for, too. */
const isFromOwnPage = ({ headers }: FastifyRequest): boolean => ['same-origin', 'none', undefined].includes(headers['sec-fetch-site'] as string | undefined)

/** RFC 7617 and RFC 6750; undefined for what is neither. */
export const headerCredentials = (header: string): Credentials | undefined => {
  const [, scheme = '', value = ''] = /^(basic|bearer) +(\S+)$/i.exec(header.trim()) ?? []
  if (scheme === '') return undefined
  if (scheme.toLowerCase() === 'bearer') return { token: value }
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** Players on other sites are to know why they cannot play. */
const FROM_ANY_SITE = { 'access-control-allow-origin': '*' } as const

const refusal = (access: Access, request: FastifyRequest, { action, path }: Wanted, { challenge, retryAfterMs }: AccessDenied): HttpError => {
  if (retryAfterMs !== undefined) {
    const seconds = String(Math.ceil(retryAfterMs / 1000))
    return new HttpError(429, `Too many attempts: try again in ${seconds} s.`, { ...FROM_ANY_SITE, 'retry-after': seconds })
  }
  const what = path === '' ? `use ${action}` : `${action} ${path}`
  if (!challenge) return new HttpError(403, `You may not ${what}: who runs this server can permit it.`, FROM_ANY_SITE)
  const detail = `To ${what}, give a user and password, or a token. Who runs this server can add a user: millrace user add NAME --${action} ${path}`
  return new HttpError(401, detail.trimEnd(), { ...FROM_ANY_SITE, 'www-authenticate': challengeFor(access, request) })
}

/** Browsers answer a challenge for Basic with a window of their own, also when it is a page's script that asked; the page has a better one. */
const challengeFor = ({ realm }: Access, request: FastifyRequest): string =>
  isOfScript(request) ? `Bearer realm="${realm}"` : `Basic realm="${realm}", charset="UTF-8", Bearer realm="${realm}"`

/** By HTTP, browsers say how they ask to pages of the machine itself only: for others it is told by what they would take. */
const isOfScript = ({ headers }: FastifyRequest): boolean => {
  const mode = headers['sec-fetch-mode']
  if (mode !== undefined) return mode !== 'navigate'
  return headers['user-agent']?.startsWith('Mozilla/') === true && headers.accept?.includes('text/html') !== true
}

/** Scripts of which pages may read the answer. Cookies are never included: the header that would let them is not sent. */
export const limitOrigins = (access: Access, request: FastifyRequest, reply: FastifyReply): void => {
  if (reply.getHeader('access-control-allow-origin') === undefined || access.allowOrigins.includes('*')) return
  const { origin } = request.headers
  reply.header('vary', 'origin')
  if (origin !== undefined && access.allowOrigins.includes(origin)) reply.header('access-control-allow-origin', origin)
  else reply.removeHeader('access-control-allow-origin')
}
