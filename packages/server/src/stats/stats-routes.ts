import type { FastifyReply, FastifyRequest } from 'fastify'
import { monotonicMs, wallClockMs } from '../net/clock.ts'
import type { PathRoute } from '../net/http-route.ts'
import { sendProblem } from '../net/problem.ts'
import { MAX_REPORT_BYTES, playerReportSchema } from './player-report.ts'
import type { Statistics } from './statistics.ts'
import { flightDocument, pathSummary, sessionCsv, sessionDocument } from './stats-json.ts'

const REPORT_METHODS = ['POST', 'OPTIONS'] as const

/** Statistics below a path: `stats.json`, `stats/SESSION.json` and `.csv`, the flight recorder, and where players report. */
export const statsRoutes = (statistics: Statistics): PathRoute[] => [
  {
    methods: ['GET'],
    tail: /^stats\.json$/,
    handle: async (_request, reply, path, _match, grant) => sendJson(reply, pathSummary(statistics, path, wallClockMs(monotonicMs()), await grant.may('api'))),
  },
  {
    methods: ['GET'],
    tail: /^stats\/([\w-]+)\.(json|csv)$/,
    handle: async (request, reply, path, match, grant) =>
      answerSession(statistics, request, reply, path, { id: match[1] ?? '', asCsv: match[2] === 'csv', showsRemote: await grant.may('api') }),
  },
  {
    methods: ['POST', 'DELETE'],
    tail: /^stats\/([\w-]+)\/record$/,
    action: 'api',
    handle: (request, reply, path, match) => answerRecord(statistics, request, reply, path, match[1] ?? ''),
  },
  {
    methods: ['GET'],
    tail: /^stats\/([\w-]+)\/flight\.json$/,
    action: 'api',
    handle: (_request, reply, path, match) => answerFlight(statistics, reply, path, match[1] ?? ''),
  },
  {
    methods: REPORT_METHODS,
    tail: /^whep\/([\w-]+)\/report$/,
    action: 'open',
    bodyLimit: MAX_REPORT_BYTES,
    handle: (request, reply, path, match) => answerPreflight(request, reply) ?? answerReport(statistics, request, reply, path, match[1] ?? ''),
  },
]

type SessionQuestion = { readonly id: string; readonly asCsv: boolean; readonly showsRemote: boolean }

const answerSession = (
  statistics: Statistics,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  { id, asCsv, showsRemote }: SessionQuestion,
): FastifyReply => {
  const record = statistics.find(path, id)
  if (!record) return sendUnknown(reply, path, id)
  const { after, download } = request.query as { after?: string; download?: string }
  if (asCsv) return asFile(reply, path, id, 'csv').type('text/csv; charset=utf-8; header=present').send(sessionCsv(statistics.timeline, record))
  if (download !== undefined) asFile(reply, path, id, 'json')
  return sendJson(reply, sessionDocument(statistics.timeline, record, statistics.sessions(path), { afterMs: Number(after) || 0, showsRemote }))
}

/** The flight recorder of a session is off until it is asked for. */
const answerRecord = (statistics: Statistics, request: FastifyRequest, reply: FastifyReply, path: string, id: string): FastifyReply => {
  const record = statistics.find(path, id)
  if (!record) return sendUnknown(reply, path, id)
  if (request.method === 'DELETE') {
    statistics.stopRecording(record)
    return reply.code(204).send()
  }
  const refusal = statistics.startRecording(record, monotonicMs)
  if (refusal !== undefined) return sendProblem(reply, 409, 'Cannot be recorded', `${refusal}.`)
  return reply.code(204).send()
}

const answerFlight = (statistics: Statistics, reply: FastifyReply, path: string, id: string): FastifyReply => {
  const record = statistics.find(path, id)
  if (!record) return sendUnknown(reply, path, id)
  if (!record.flight) return sendProblem(reply, 409, 'Not recorded', `Begin with POST /${path}/stats/${id}/record, while the session lasts.`)
  const flight = record.flight.bundle(wallClockMs)
  return sendJson(asFile(reply, path, `${id}-flight`, 'json'), flightDocument(statistics.timeline, record, statistics.sessions(path), flight))
}

const sendUnknown = (reply: FastifyReply, path: string, id: string): FastifyReply =>
  sendProblem(reply, 404, 'No such session', `${path} has no session ${id}; sessions are kept for an hour after their end: see /${path}/stats.json.`)

/** What the file is called when it is saved. */
const asFile = (reply: FastifyReply, path: string, id: string, extension: string): FastifyReply =>
  reply
    .header('cache-control', 'no-store')
    .header('content-disposition', `attachment; filename="millrace-${path.replaceAll(/[^\w.-]/g, '-')}-${id}.${extension}"`)

const answerReport = (statistics: Statistics, request: FastifyRequest, reply: FastifyReply, path: string, id: string): FastifyReply => {
  const player = statistics.findPlayer(path, id)
  if (!player) return sendProblem(reply, 404, 'No such session', 'The session is over, or was never there.')
  const report = playerReportSchema.safeParse(jsonOf(request))
  if (!report.success) {
    const where = report.error.issues.map(({ path: keys, message }) => `${keys.join('.') || 'body'}: ${message}`).join('; ')
    return sendProblem(reply, 400, 'Not a report', `${where}.`)
  }
  const reduced = statistics.report(player, report.data, monotonicMs())
  if (reduced === false) return sendProblem(reply.header('retry-after', '1'), 429, 'Too many reports', 'One report a second is enough.')
  // The player tells its viewer why the picture is not what it was.
  return reduced === undefined ? reply.code(204).send() : sendJson(reply, { reduced })
}

/** Players on other sites report too. */
const answerPreflight = (request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined => {
  reply.header('access-control-allow-origin', '*')
  if (request.method !== 'OPTIONS') return undefined
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': REPORT_METHODS.join(', '),
      'access-control-allow-headers': 'Authorization, Content-Type',
      'access-control-max-age': '86400',
    })
    .send()
}

/** @returns undefined for what is no JSON */
const jsonOf = (request: FastifyRequest): unknown => {
  try {
    return JSON.parse(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '')
  } catch {
    return undefined
  }
}

const sendJson = (reply: FastifyReply, value: object): FastifyReply =>
  reply.header('cache-control', 'no-store').type('application/json').send(JSON.stringify(value))
