import { z } from 'zod'
import { monotonicMs } from '../../net/clock.ts'
import { AppProblem } from '../../servers/http/app-problem.ts'
import type { Session } from '../../sessions/session.ts'
import type { SessionRegistry } from '../../sessions/session-registry.ts'
import { type Operation, operation } from '../operation.ts'
import { pageOf, pageQuery, takePage } from '../page.ts'
import { sessionSchema } from '../schemas.ts'
import { sessionView } from '../views.ts'

const PROTOCOLS = ['rtsp', 'rtmp', 'webrtc', 'hls', 'file'] as const

/** Lists as MediaMTX has them: all sessions of one protocol, but sources. */
const FAMILIES = [
  { name: 'rtspsessions', protocol: 'rtsp', label: 'RTSP sessions' },
  { name: 'rtmpconns', protocol: 'rtmp', label: 'RTMP connections' },
  { name: 'webrtcsessions', protocol: 'webrtc', label: 'WebRTC sessions' },
  { name: 'hlssessions', protocol: 'hls', label: 'HLS players' },
] as const

const KICKED = 'ended by an administrator'
const UNKNOWN = { 404: 'There is no such session.' }
const idParam = z.object({ id: z.string().min(1).max(64) })

const filterQuery = {
  protocol: z.enum(PROTOCOLS).optional(),
  role: z.enum(['publisher', 'reader']).optional(),
  path: z.string().max(1024).optional().describe('exactly this one'),
  user: z.string().max(256).optional().describe('exactly this one'),
  remote: z.string().max(256).optional().describe('part of the remote address'),
}

type Filter = { readonly [K in keyof typeof filterQuery]?: string | undefined }

/** Clients and sources, of every protocol. */
export const sessionOperations = (sessions: SessionRegistry): Operation[] => [
  ...family(sessions, { name: 'sessions', label: 'Sessions of every protocol, with sources', fits: () => true, query: filterQuery }),
  ...FAMILIES.flatMap(({ name, protocol, label }) =>
    family(sessions, { name, label, fits: ({ client }) => client.protocol === protocol && !client.isSource, query: {} }),
  ),
]

type Family = {
  readonly name: string
  readonly label: string
  fits(session: Session): boolean
  readonly query: Partial<typeof filterQuery>
}

const family = (sessions: SessionRegistry, { name, label, fits, query: filters }: Family): Operation[] => {
  const find = (id: string): Session => {
    const session = sessions.find(id)
    if (session && fits(session)) return session
    throw new AppProblem(404, 'No such session', `There is no session ${id} here now; those that there are are listed at /v1/${name}/list.`)
  }
  return [
    operation({
      id: `${name}List`,
      method: 'GET',
      path: `/v1/${name}/list`,
      tag: 'Sessions',
      summary: `${label}, the oldest first`,
      query: z.strictObject({ ...pageQuery, ...filters }),
      response: pageOf(sessionSchema),
      run: ({ query }) => {
        sessions.refresh()
        const found = sessions.list().filter((session) => fits(session) && passes(session, query as Filter))
        return takePage(found, query, (session) => sessionView(session, monotonicMs()))
      },
    }),
    operation({
      id: `${name}Get`,
      method: 'GET',
      path: `/v1/${name}/get/{id}`,
      tag: 'Sessions',
      summary: `One of them (${label})`,
      params: idParam,
      response: sessionSchema,
      problems: UNKNOWN,
      run: ({ params }) => {
        sessions.refresh()
        return sessionView(find(params.id), monotonicMs())
      },
    }),
    operation({
      id: `${name}Kick`,
      method: 'POST',
      path: `/v1/${name}/kick/{id}`,
      tag: 'Sessions',
      summary: `Ends one of them (${label})`,
      params: idParam,
      body: z
        .strictObject({ reason: z.string().min(1).max(200).default(KICKED).describe('told to the client where its protocol can, and to the log') })
        .prefault({}),
      problems: { ...UNKNOWN, 409: 'It is a source of the configuration: change its path there.' },
      run: ({ params, body, by }) => {
        const { client, path } = find(params.id)
        if (client.isSource) {
          throw new AppProblem(409, 'A source', `${params.id} is pulled because the configuration says so: change it at /v1/config/paths/patch/${path}.`)
        }
        sessions.kick(params.id, body.reason === KICKED ? KICKED : `${body.reason} (${by})`)
        return undefined
      },
    }),
  ]
}

const passes = ({ client, role, path }: Session, filter: Filter): boolean =>
  (filter.protocol === undefined || filter.protocol === client.protocol) &&
  (filter.role === undefined || filter.role === role) &&
  (filter.path === undefined || filter.path === path) &&
  (filter.user === undefined || filter.user === (client.user ?? '')) &&
  (filter.remote === undefined || client.remote.includes(filter.remote))
