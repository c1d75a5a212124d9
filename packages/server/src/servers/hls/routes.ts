import { codecNames } from '@millrace/media/bridges/hls/from-hub.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { parseBlockingReload } from '@millrace/media/protocols/hls/blocking-reload.ts'
import { HLS_RESOURCE_NAME, parseResourceName } from '@millrace/media/protocols/hls/resource-names.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { closedSignal } from '../../net/closed-signal.ts'
import type { ServerContext } from '../../net/context.ts'
import type { HttpGrant, PathRoute } from '../../net/http-route.ts'
import { sendProblem, sentence } from '../../net/problem.ts'
import { DEFAULT_HLS_OPTIONS, type HlsOptions } from './hls-options.ts'
import type { HlsAsker, HlsPlayer } from './hls-player.ts'
import type { HlsRun } from './hls-run.ts'
import { HlsRuns } from './hls-runs.ts'
import { withQuery } from './playlist-query.ts'

/** Longest time that an answer is held back, in milliseconds: hls.js gives up a request without answer after 10 s. */
const HOLD_MS = 8000

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
const METHODS = ['GET', 'HEAD', 'OPTIONS'] as const

/**
 * HLS of every live path: `index.m3u8` starts it, and names the rest. Nothing else has to be started or closed: it ends with the hub's streams.
 * @param stopped ends what is played when it is aborted
 */
export const hlsRoutes = (context: ServerContext, options: Partial<HlsOptions> = {}, stopped?: AbortSignal): PathRoute[] => {
  const runs = new HlsRuns(context, { ...DEFAULT_HLS_OPTIONS, ...options })
  stopped?.addEventListener('abort', () => runs.close())
  return [
    {
      methods: METHODS,
      tail: /^index\.m3u8$/,
      protocol: 'hls',
      handle: (request, reply, path, _match, grant) => answerPreflight(request, reply) ?? answerIndex(context, runs, request, reply, path, grant),
    },
    {
      methods: METHODS,
      tail: HLS_RESOURCE_NAME,
      protocol: 'hls',
      handle: (request, reply, path, match, grant) => answerPreflight(request, reply) ?? answerResource(context, runs, request, reply, path, match[0], grant),
    },
  ]
}

/** Players on other sites may read streams; what they may not see is refused by its path, not by its origin. */
const answerPreflight = (request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined => {
  reply.header('access-control-allow-origin', '*')
  if (request.method !== 'OPTIONS') return undefined
  return reply
    .code(204)
    .headers({ 'access-control-allow-methods': METHODS.join(', '), 'access-control-allow-headers': 'Authorization, *', 'access-control-max-age': '86400' })
    .send()
}

const answerIndex = async (
  context: ServerContext,
  runs: HlsRuns,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  grant: HttpGrant,
): Promise<FastifyReply> => {
  const stream = await context.paths.whenAvailable(path, AbortSignal.any([closedSignal(reply), AbortSignal.timeout(HOLD_MS)]))
  if (!stream) return sendProblem(reply, 404, 'Nothing to watch', sentence(context.paths.whyUnavailable(path)))
  const run = runs.open(path, stream, `${request.ip}:${request.socket.remotePort ?? 0}`)
  if (!run) {
    const codecs = codecNames(stream.tracks.map((track) => track.codec))
    return sendProblem(reply, 406, 'HLS does not carry this stream', `${path} has ${codecs}; HLS carries H.264, AAC and Opus. Other protocols may play it.`)
  }
  const { muxer } = run
  // Players that know no parts give up a stream without segments: both playlists wait for the first one, which ends with the second key frame.
  await run.waiting.wait(() => muxer.ready || muxer.ended, HOLD_MS)
  const playlist = muxer.multivariantPlaylist()
  if (playlist === undefined) return sendNotReady(reply, path)
  return sendPlaylist(reply, playlist, run.players.open(sessionOf(request), askerOf(request, grant)), path, grant)
}

const answerResource = async (
  context: ServerContext,
  runs: HlsRuns,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  name: string,
  grant: HttpGrant,
): Promise<FastifyReply> => {
  const resource = parseResourceName(name)
  const run = resource && runs.find(path, resource.run)
  if (!run) return sendGone(reply, path, name)
  const { kind, index } = resource
  if (kind === 'playlist') return answerPlaylist(context, run, request, reply, path, grant)
  // The part that the playlist hints at is asked for before it is made.
  if (kind === 'part' && index === run.muxer.nextPart) await run.waiting.wait(() => run.muxer.nextPart > index || run.muxer.ended, HOLD_MS)
  const bytes = run.muxer.resource(kind, index)
  if (!bytes) return sendGone(reply, path, name)
  const player = run.players.find(sessionOf(request), askerOf(request, grant))
  if (player.kicked !== undefined) return sendKicked(reply, path, player.kicked)
  if (request.method !== 'HEAD') player.served(bytes.length)
  return (
    reply
      .type('video/mp4')
      // Caches on the way would give it to those who may not have it.
      .header('cache-control', `${grant.user === '' ? 'public' : 'private'}, max-age=3600`)
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  )
}

const answerPlaylist = async (
  context: ServerContext,
  run: HlsRun,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  grant: HttpGrant,
): Promise<FastifyReply> => {
  const { muxer, waiting } = run
  try {
    const wanted = parseBlockingReload(request.query as { [name: string]: unknown })
    if (wanted && wanted.segment > muxer.nextSegment + 1) {
      throw new ProtocolError('hls/directive', `_HLS_msn ${wanted.segment} is too far ahead: the next segment is ${muxer.nextSegment}`)
    }
    await waiting.wait(() => muxer.ended || (wanted ? muxer.has(wanted.segment, wanted.part) : muxer.ready), HOLD_MS)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    context.countFault('hls', error.code)
    return sendProblem(reply, 400, 'Not a request for this playlist', error.message)
  }
  const playlist = muxer.mediaPlaylist()
  if (playlist === undefined) return sendNotReady(reply, path)
  return sendPlaylist(reply, playlist, run.players.find(sessionOf(request), askerOf(request, grant)), path, grant)
}

/** What this player asks for next names it, so that its bytes are known, and it can be told to go; and carries the pass, since many players send nothing else along. */
const sendPlaylist = (reply: FastifyReply, playlist: string, player: HlsPlayer, path: string, { pass }: HttpGrant): FastifyReply => {
  if (player.kicked !== undefined) return sendKicked(reply, path, player.kicked)
  const text = Buffer.from(withQuery(playlist, pass === undefined ? `session=${player.id}` : `session=${player.id}&token=${pass}`))
  player.served(reply.request.method === 'HEAD' ? 0 : text.length)
  return reply.type(PLAYLIST_TYPE).header('cache-control', 'no-cache').send(text)
}

/** From the address that a playlist gave. */
const sessionOf = (request: FastifyRequest): string | undefined => {
  const { session } = request.query as { readonly session?: unknown }
  return typeof session === 'string' ? session : undefined
}

const askerOf = (request: FastifyRequest, { user }: HttpGrant): HlsAsker => ({
  ip: request.ip,
  port: request.socket.remotePort ?? 0,
  userAgent: request.headers['user-agent'] ?? '',
  user,
})

const sendKicked = (reply: FastifyReply, path: string, reason: string): FastifyReply =>
  sendProblem(reply, 403, 'Ended', `This session was ended (${reason}); begin again with /${path}/index.m3u8.`)

const sendNotReady = (reply: FastifyReply, path: string): FastifyReply =>
  sendProblem(
    reply.header('retry-after', '1'),
    503,
    'The stream has not begun',
    `${path} has a publisher, but no key frame or sound has come within ${HOLD_MS / 1000} s: ask again, and let the publisher send key frames every second or two.`,
  )

const sendGone = (reply: FastifyReply, path: string, name: string): FastifyReply =>
  sendProblem(reply, 404, 'Not there any more', `${name} is over or was never there: begin again with /${path}/index.m3u8.`)
