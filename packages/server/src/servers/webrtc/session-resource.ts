import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { decodeSdpFragment, encodeSdpFragment, MAX_SDP_FRAGMENT_LENGTH } from '@millrace/media/protocols/ice/sdp-fragment.ts'
import { MAX_SDP_LENGTH } from '@millrace/media/protocols/sdp/sdp.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../../net/context.ts'
import type { PathRoute } from '../../net/http-route.ts'
import { sendProblem } from '../../net/problem.ts'
import { type IceServer, iceServerLinks } from './ice-server.ts'
import type { TurnBudget } from './turn-budget.ts'
import type { OfferMaker, WebRtcConn } from './webrtc-conn.ts'

const ENDPOINT_METHODS = ['POST', 'OPTIONS'] as const
const SESSION_METHODS = ['PATCH', 'DELETE', 'OPTIONS'] as const
const OFFER_TYPE = 'application/sdp'
const FRAGMENT_TYPE = 'application/trickle-ice-sdpfrag'

/** A session as its HTTP resource sees it. */
export type SessionResource = Pick<WebRtcConn, 'id' | 'link' | 'close'>

/** A session that an offer opened. */
export type OpenedSession = {
  readonly resource: SessionResource
  readonly answer: string
  /** Further headers of the 201. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What WHIP and WHEP differ in. */
export type SessionEndpoint = {
  /** What follows the path's name. */
  readonly name: 'whip' | 'whep'
  readonly iceServers: readonly IceServer[]
  /** Many may come at once, when a popular stream begins. */
  readonly turns: TurnBudget
  /**
   * Takes an offer.
   * @returns undefined if the offer was refused, and the reply with the reason is sent
   * @throws ProtocolError for an offer with faults: answered with 400, counted and logged
   */
  accept(
    offer: string,
    request: FastifyRequest,
    reply: FastifyReply,
    pathName: string,
    maker: OfferMaker,
  ): Promise<OpenedSession | undefined> | OpenedSession | undefined
  find(pathName: string, id: string): SessionResource | undefined
}

/**
 * The HTTP side of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): `/PATH/whip` takes an offer, `/PATH/whip/ID` is the session. What else
 * is asked of these addresses is answered with 405 by the HTTP server. Credentials in `Authorization` are let pass.
 */
export const sessionRoutes = (context: ServerContext, endpoint: SessionEndpoint): PathRoute[] => [
  {
    methods: ENDPOINT_METHODS,
    tail: new RegExp(`^${endpoint.name}$`),
    action: endpoint.name === 'whip' ? 'publish' : 'read',
    protocol: 'webrtc',
    bodyLimit: MAX_SDP_LENGTH,
    handle: (request, reply, pathName, _match, { user }) => {
      allowOrigins(reply)
      if (request.method === 'OPTIONS') return answerOptions(reply.headers(linkHeaders(endpoint)), ENDPOINT_METHODS)
      return endpoint.turns.call(() => answerOffer(context, endpoint, request, reply, pathName, user))
    },
  },
  {
    methods: SESSION_METHODS,
    tail: new RegExp(`^${endpoint.name}/([\\w-]+)$`),
    // Who knows the session's name opened it: it is 144 random bits.
    action: 'open',
    bodyLimit: MAX_SDP_FRAGMENT_LENGTH,
    handle: (request, reply, pathName, match) => {
      allowOrigins(reply)
      if (request.method === 'OPTIONS') return answerOptions(reply, SESSION_METHODS)
      const session = endpoint.find(pathName, match[1] ?? '')
      if (!session) return sendProblem(reply, 404, 'No such session', 'The session is over, or was never there: POST a new offer.')
      if (request.method === 'PATCH') return answerPatch(context, session, request, reply)
      session.close('the peer left')
      return reply.code(200).send()
    },
  },
]

/** Pages on other sites may ask; what they may not have is refused by its path, not by their origin. */
const allowOrigins = (reply: FastifyReply): void => {
  reply.headers({
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'Location, ETag, Link, Accept-Post, Accept-Patch, Millrace-Missing, Millrace-Notice',
    'cache-control': 'no-store',
  })
}

const answerOptions = (reply: FastifyReply, methods: readonly string[]): FastifyReply =>
  reply
    .code(204)
    .headers({
      allow: methods.join(', '),
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': 'Authorization, Content-Type, If-Match',
      'access-control-max-age': '86400',
      ...(methods === ENDPOINT_METHODS ? { 'accept-post': OFFER_TYPE } : { 'accept-patch': FRAGMENT_TYPE }),
    })
    .send()

const answerOffer = async (
  context: ServerContext,
  endpoint: SessionEndpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  pathName: string,
  user: string,
): Promise<FastifyReply> => {
  const type = mediaType(request)
  if (type !== OFFER_TYPE) {
    const detail = `The body is ${type || 'of no type'}; ${endpoint.name.toUpperCase()} takes ${OFFER_TYPE}.`
    return sendProblem(reply.header('accept-post', OFFER_TYPE), 415, 'Not an offer', detail)
  }
  try {
    const opened = await endpoint.accept(bodyText(request), request, reply, pathName, { user, userAgent: (request.headers['user-agent'] ?? '').slice(0, 256) })
    if (!opened) return reply
    return reply
      .code(201)
      .headers({ ...opened.headers, ...linkHeaders(endpoint), location: `${basePath(request)}/${opened.resource.id}`, etag: opened.resource.link.etag })
      .header('accept-patch', FRAGMENT_TYPE)
      .type(OFFER_TYPE)
      .send(opened.answer)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    context.countFault('webrtc', error.code)
    const log = context.log.child({ path: pathName, protocol: 'webrtc', client: clientOf(request) })
    log.warn({ code: error.code }, `an offer was refused: ${error.message}`)
    return sendProblem(reply, 400, 'Not a usable offer', `${error.message}.`)
  }
}

/** Trickle and ICE restart, RFC 9725 section 4.3. */
const answerPatch = (context: ServerContext, session: SessionResource, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const type = mediaType(request)
  if (type !== FRAGMENT_TYPE) {
    const detail = `The body is ${type || 'of no type'}; PATCH takes ${FRAGMENT_TYPE}.`
    return sendProblem(reply.header('accept-patch', FRAGMENT_TYPE), 415, 'Not a trickle', detail)
  }
  const condition = request.headers['if-match']
  if (condition === undefined) {
    return sendProblem(reply, 428, 'For which ICE session?', 'If-Match is missing: give the ETag of the 201, or * for an ICE restart.')
  }
  const { etag, agent } = session.link
  const tags = condition.split(',').map((tag) => tag.trim())
  // RFC 9725 writes the asterisk with quotes, RFC 9110 section 13.1.1 without.
  if (!tags.some((tag) => tag === etag || tag === '*' || tag === '"*"')) {
    return sendProblem(reply, 412, 'Another ICE session', `If-Match is not ${etag}, the ICE session that goes on now.`)
  }
  try {
    const { ufrag, password, mediaLine, mid } = decodeSdpFragment(bodyText(request))
    // A lite agent answers checks and sends none: the peer's candidates are of no use to it.
    if (ufrag === undefined || ufrag === agent.remoteUfrag) return reply.code(204).send()
    if (password === undefined) return sendProblem(reply, 400, 'Not a usable fragment', 'An ICE restart needs a=ice-pwd beside the new a=ice-ufrag.')
    const local = session.link.restartIce({ ufrag, password })
    return reply
      .code(200)
      .header('etag', session.link.etag)
      .type(FRAGMENT_TYPE)
      .send(encodeSdpFragment({ ...local, mediaLine, mid }))
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    context.countFault('webrtc', error.code)
    return sendProblem(reply, 400, 'Not a usable fragment', `${error.message}.`)
  }
}

/** `address:port` of who asks. */
export const clientOf = (request: FastifyRequest): string => `${request.ip}:${request.socket.remotePort ?? 0}`

const linkHeaders = (endpoint: SessionEndpoint): Record<string, string> =>
  endpoint.iceServers.length === 0 ? {} : { link: iceServerLinks(endpoint.iceServers).join(', ') }

const mediaType = (request: FastifyRequest): string => (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

const bodyText = (request: FastifyRequest): string => (Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '')

/** Path of the endpoint as the client named it, for Location. */
const basePath = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? ''
