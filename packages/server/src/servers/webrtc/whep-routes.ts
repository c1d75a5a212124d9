import { type MissingTrack, negotiate, offeredCodecs } from '@millrace/media/bridges/webrtc/negotiate.ts'
import { decodeRtcOffer } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { codecLabel } from '@millrace/media/codecs/codec.ts'
import { MAX_SDP_LENGTH } from '@millrace/media/protocols/sdp/sdp.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../../net/context.ts'
import type { PathRoute } from '../../net/http-route.ts'
import { sendProblem } from '../../net/problem.ts'
import { hasUsableFingerprint } from './fingerprint.ts'
import type { WebRtcTransport } from './webrtc-transport.ts'

const ENDPOINT_METHODS = ['POST', 'OPTIONS'] as const
const SESSION_METHODS = ['DELETE', 'PATCH', 'OPTIONS'] as const
const TRICKLE_TYPE = 'application/trickle-ice-sdpfrag'

/** WHEP (draft-ietf-wish-whep): `/PATH/whep` takes an offer, `/PATH/whep/ID` is the session. */
export const whepRoutes = (context: ServerContext, transport: WebRtcTransport): PathRoute[] => [
  {
    methods: ENDPOINT_METHODS,
    tail: /^whep$/,
    bodyLimit: MAX_SDP_LENGTH,
    handle: (request, reply, pathName) => answerPreflight(request, reply, ENDPOINT_METHODS) ?? answerOffer(context, transport, request, reply, pathName),
  },
  {
    methods: SESSION_METHODS,
    tail: /^whep\/([\w-]+)$/,
    bodyLimit: MAX_SDP_LENGTH,
    handle: (request, reply, pathName, match) =>
      answerPreflight(request, reply, SESSION_METHODS) ?? answerSession(transport, request, reply, pathName, match[1] ?? ''),
  },
]

/** Players on other sites may watch; what they may not see is refused by its path, not by its origin. */
const answerPreflight = (request: FastifyRequest, reply: FastifyReply, methods: readonly string[]): FastifyReply | undefined => {
  reply.header('access-control-allow-origin', '*')
  if (request.method !== 'OPTIONS') return undefined
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': 'Authorization, Content-Type, If-Match',
      'access-control-max-age': '86400',
      'accept-post': 'application/sdp',
    })
    .send()
}

const answerOffer = (context: ServerContext, transport: WebRtcTransport, request: FastifyRequest, reply: FastifyReply, pathName: string): FastifyReply => {
  const type = mediaType(request)
  if (type !== 'application/sdp') {
    return sendProblem(reply.header('accept-post', 'application/sdp'), 415, 'Not an offer', `The body is ${type || 'of no type'}; WHEP takes application/sdp.`)
  }
  const stream = context.hub.find(pathName)
  if (!stream) return sendProblem(reply, 404, 'Nothing to watch', `Nobody publishes to ${pathName} now.`)
  const client = `${request.ip}:${request.socket.remotePort ?? 0}`
  const log = context.log.child({ path: pathName, protocol: 'webrtc', client })
  try {
    const offer = decodeRtcOffer(bodyText(request))
    if (!hasUsableFingerprint(offer.fingerprints)) throw new ProtocolError('whep/bad-offer', 'a=fingerprint with no hash of sha-256, sha-384, sha-512')
    const codecs = stream.tracks.map((track) => track.codec)
    const { accepted, missing } = negotiate(offer, codecs)
    if (accepted.length === 0) {
      const has = codecs.map(codecLabel).join(' and ')
      log.warn({ missing: missing.map(({ reason }) => reason) }, 'no track of the stream can be sent to this player')
      return sendProblem(
        reply.headers(missingHeaders(missing)),
        406,
        'WebRTC does not carry this stream',
        `${pathName} has ${has}; the player takes ${offeredCodecs(offer)}. ${missing.map(({ codec, reason }) => `${codecLabel(codec)}: ${reason}.`).join(' ')}`,
      )
    }
    const session = transport.open(pathName, stream, offer, accepted, client)
    for (const { codec, reason } of missing) log.warn({ codec: codecLabel(codec) }, `a track is not sent to this viewer: ${reason}`)
    return reply
      .code(201)
      .headers({
        ...missingHeaders(missing),
        location: `${basePath(request)}/${session.id}`,
        etag: `"${session.id.slice(0, 8)}"`,
        'cache-control': 'no-store',
        'access-control-expose-headers': 'Location, ETag, Link, Millrace-Missing',
      })
      .type('application/sdp')
      .send(session.answer)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    context.countFault('webrtc', error.code)
    log.warn({ code: error.code }, `an offer was refused: ${error.message}`)
    return sendProblem(reply, 400, 'Not a usable offer', `${error.message}.`)
  }
}

const answerSession = (transport: WebRtcTransport, request: FastifyRequest, reply: FastifyReply, pathName: string, id: string): FastifyReply => {
  const conn = transport.find(pathName, id)
  if (!conn) return sendProblem(reply, 404, 'No such session', 'The session is over, or was never there: POST a new offer.')
  if (request.method === 'DELETE') {
    conn.close('the player left')
    return reply.code(200).send()
  }
  const type = mediaType(request)
  if (type !== TRICKLE_TYPE) {
    return sendProblem(reply.header('accept-patch', TRICKLE_TYPE), 415, 'Not a trickle', `The body is ${type || 'of no type'}; PATCH takes ${TRICKLE_TYPE}.`)
  }
  // A lite agent answers checks and sends none: the player's candidates are of no use to it. An ICE restart would need new credentials.
  const ufrag = /^a=ice-ufrag:(\S+)/m.exec(bodyText(request))?.[1]
  if (ufrag !== undefined && ufrag !== conn.remoteUfrag) {
    return sendProblem(reply, 405, 'No ICE restart', 'This server takes no ICE restart: end the session and POST a new offer.')
  }
  return reply.code(204).send()
}

const mediaType = (request: FastifyRequest): string => (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

const bodyText = (request: FastifyRequest): string => (Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '')

/** Path of the endpoint as the client named it, for Location. */
const basePath = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? ''

/** `audio AAC; reason="…"`, for the page that watches. */
const missingHeaders = (missing: readonly MissingTrack[]): Record<string, string> =>
  missing.length === 0
    ? {}
    : {
        'millrace-missing': missing.map(({ codec, reason }) => ascii(`${codec.kind} ${codecLabel(codec)}; reason="${reason.replaceAll('"', "'")}"`)).join(', '),
      }

/** Header values are ASCII. */
const ascii = (text: string): string => text.replaceAll('µ', 'u').replaceAll(/[^\x20-\x7e]/g, '?')
