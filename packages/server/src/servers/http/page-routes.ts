import type { Hub } from '@millrace/media/hub/hub.ts'
import { checkPathName } from '@millrace/media/hub/path-name.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../../net/access.ts'
import { authorizeHttp, mayHttp } from './http-access.ts'
import { HttpError } from './http-error.ts'
import { isReady, livePaths } from './live-paths.ts'
import type { PageFile } from './page-files.ts'
import { passCookie, passCookieName } from './pass-cookie.ts'
import type { PathEvents } from './path-events.ts'
import { methodNotAllowed } from './route-match.ts'

/** Where encoders publish, so that the pages can say it; a protocol that is off is left out. */
export type PublishPorts = { readonly rtsp?: number; readonly rtmp?: number }

export type PageContext = {
  readonly hub: Hub
  readonly access: Access
  readonly events: PathEvents
  readonly files: ReadonlyMap<string, PageFile>
  readonly publishPorts: PublishPorts
}

/** The pages have no inline script and load nothing from elsewhere. They may be shown in frames of any site: embedding is what they are for. */
const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; '),
  'referrer-policy': 'same-origin',
  'cache-control': 'no-cache',
} as const

const SIGN_IN = '_/sign-in'

/** Pages below a path's name. */
const PAGES_BELOW = [
  ['/publish', 'publish.html'],
  ['/stats', 'stats.html'],
] as const

/** Players on other sites may wait for a path that they can name; the list of all paths is not for them. */
const FROM_ANY_SITE = { 'access-control-allow-origin': '*' } as const

/**
 * Answers what is not below a path: the pages, and the server's own things under `/_/`.
 * @param path decoded, without leading slash
 * @throws HttpError, ProtocolError
 */
export const handlePage = (context: PageContext, request: FastifyRequest, reply: FastifyReply, path: string): Promise<FastifyReply> | FastifyReply => {
  if (path === SIGN_IN && request.method === 'POST') return signIn(context, request, reply)
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed(['GET'])
  reply.header('x-content-type-options', 'nosniff')
  if (path === '') return sendPage(context, request, reply, 'index.html')
  if (path === '_' || path.startsWith('_/')) return handleOwn(context, request, reply, path.slice(2))
  if (path === 'favicon.ico') throw new HttpError(404, 'The pages name their icon themselves.')
  const name = path.endsWith('/') ? path.slice(0, -1) : path
  const page = pageOf(name)
  if (path.endsWith('/')) return reply.redirect(`/${name}${queryOf(request)}`, 308)
  return sendPage(context, request, reply, page)
}

/**
 * `camera1` is played, `camera1/publish` publishes to it, `camera1/stats` shows how its sessions fare.
 * @throws ProtocolError `path/invalid-name`
 */
const pageOf = (name: string): string => {
  for (const [tail, page] of PAGES_BELOW) {
    if (!name.endsWith(tail)) continue
    checkPathName(name.slice(0, -tail.length))
    return page
  }
  checkPathName(name)
  return 'player.html'
}

const handleOwn = (context: PageContext, request: FastifyRequest, reply: FastifyReply, name: string): Promise<FastifyReply> | FastifyReply => {
  switch (name) {
    case 'paths':
      return sendPaths(context, request, reply)
    case 'server':
      return sendJson(reply, { publishPorts: context.publishPorts })
    case 'health':
      return sendJson(reply, { status: 'ok' })
    case 'ready':
      return sendReady(context, request, reply)
    case 'events':
      return openEvents(context, request, reply)
  }
  if (!name.startsWith('assets/') || !context.files.has(name)) throw new HttpError(404, 'There is nothing at this address; live streams are listed at /.')
  // The build names assets by their content.
  return sendFile(context, request, reply.header('cache-control', 'public, max-age=31536000, immutable'), name)
}

/** The list has what the client may watch. */
const sendPaths = async ({ hub, access }: PageContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
  const paths = livePaths(hub)
  const isShown = await Promise.all(paths.map(({ name }) => mayHttp(access, request, { action: 'read', path: name, protocol: 'http' })))
  return sendJson(reply, { paths: paths.filter((_path, index) => isShown[index]) })
}

/**
 * `POST /_/sign-in?path=NAME&action=read`: takes credentials for one path, and sets the cookie by which the pages go on without them.
 */
const signIn = async ({ access }: PageContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
  const path = namedPath(request)
  const action = new URLSearchParams(queryOf(request)).get('action') ?? 'read'
  if (path === undefined || (action !== 'read' && action !== 'publish')) throw new HttpError(400, 'Name the path: /_/sign-in?path=camera1&action=read.')
  const { user, expiresAt } = await authorizeHttp(access, request, { action, path, protocol: 'http' })
  if (user !== '') {
    const pass = access.issuePass({ action, path, user, expiresAt })
    reply.header('set-cookie', passCookie(passCookieName(action, path), pass, request.protocol === 'https'))
  }
  return reply.header('cache-control', 'no-store').code(204).send()
}

/** For those who wait and cannot listen to events. */
const sendReady = async (context: PageContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
  const name = namedPath(request)
  if (name === undefined) throw new HttpError(400, 'Name the path: /_/ready?path=camera1.')
  await authorizeHttp(context.access, request, { action: 'read', path: name, protocol: 'http' })
  return sendJson(reply.headers(FROM_ANY_SITE), { name, ready: isReady(context.hub, name) })
}

/** That the list has changed is told to everybody; which paths there are is not in it. */
const openEvents = async (context: PageContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
  const pathName = namedPath(request)
  if (pathName !== undefined) await authorizeHttp(context.access, request, { action: 'read', path: pathName, protocol: 'http' })
  context.events.checkRoom()
  reply.hijack()
  if (request.method === 'HEAD') reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).end()
  else context.events.open(reply.raw, pathName, pathName === undefined ? {} : originHeaders(context.access, request))
  return reply
}

/** As the list of origins says; this answer does not go through the hooks of the others. */
const originHeaders = ({ allowOrigins }: Access, { headers: { origin = '' } }: FastifyRequest): Record<string, string> => {
  if (allowOrigins.includes('*')) return FROM_ANY_SITE
  return allowOrigins.includes(origin) ? { 'access-control-allow-origin': origin, vary: 'origin' } : { vary: 'origin' }
}

const namedPath = (request: FastifyRequest): string | undefined => {
  const name = new URLSearchParams(queryOf(request)).get('path')
  return name === null ? undefined : checkPathName(name)
}

const sendJson = (reply: FastifyReply, value: object): FastifyReply =>
  reply.header('cache-control', 'no-store').type('application/json').send(JSON.stringify(value))

const sendPage = (context: PageContext, request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply => {
  if (!context.files.has(name)) throw new HttpError(503, 'The web pages have not been built; start the server with npm start, which builds them.')
  return sendFile(context, request, reply.headers(PAGE_HEADERS), name)
}

const sendFile = (context: PageContext, request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply => {
  const file = context.files.get(name)
  if (!file) throw new Error(`${name} is not among the page files`)
  const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  reply.type(file.type).header('vary', 'accept-encoding')
  return zipped ? reply.header('content-encoding', 'gzip').send(file.gzipped) : reply.send(file.bytes)
}

const queryOf = (request: FastifyRequest): string => {
  const target = request.raw.url ?? ''
  const mark = target.indexOf('?')
  return mark < 0 ? '' : target.slice(mark)
}
