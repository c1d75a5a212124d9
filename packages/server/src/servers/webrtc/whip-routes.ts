import { acceptPublisher } from '@millrace/media/bridges/webrtc/accept-publisher.ts'
import { decodeRtcOffer } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { FastifyReply } from 'fastify'
import type { ServerContext } from '../../net/context.ts'
import type { PathRoute } from '../../net/http-route.ts'
import { sendProblem, sentence } from '../../net/problem.ts'
import { hasUsableFingerprint } from './fingerprint.ts'
import type { IceServer } from './ice-server.ts'
import { clientOf, type OpenedSession, sessionRoutes } from './session-resource.ts'
import type { OfferMaker } from './webrtc-conn.ts'
import type { WebRtcTransport } from './webrtc-transport.ts'

/** WHIP (RFC 9725): `/PATH/whip` takes an offer of who wants to publish. */
export const whipRoutes = (context: ServerContext, transport: WebRtcTransport, iceServers: readonly IceServer[]): PathRoute[] =>
  sessionRoutes(context, {
    name: 'whip',
    iceServers,
    turns: transport.turns,
    accept: (offer, request, reply, pathName, maker) => acceptOffer(context, transport, offer, clientOf(request), reply, pathName, maker),
    find: (pathName, id) => transport.find(pathName, id),
  })

const acceptOffer = (
  context: ServerContext,
  transport: WebRtcTransport,
  offerText: string,
  client: string,
  reply: FastifyReply,
  pathName: string,
  maker: OfferMaker,
): OpenedSession | undefined => {
  const refusal = publishRefusal(context, pathName)
  if (refusal) {
    sendProblem(reply, ...refusal)
    return undefined
  }
  const log = context.log.child({ path: pathName, protocol: 'webrtc', client })
  const offer = decodeRtcOffer(offerText)
  if (!hasUsableFingerprint(offer.fingerprints)) throw new ProtocolError('webrtc/bad-offer', 'a=fingerprint with no hash of sha-256, sha-384, sha-512')
  const { accepted, refused } = acceptPublisher(offer)
  if (accepted.length === 0) {
    const reasons = refused.map(({ kind, reason }) => `${kind}: ${reason}`).join('; ') || 'the offer has nothing to send'
    log.warn({ reasons }, 'nothing of an offer can be taken')
    sendProblem(reply, 406, 'Nothing to take', `${reasons}. This server takes H.264, H.265, VP8, VP9, AV1, Opus, G.711 and G.722.`)
    return undefined
  }
  for (const { kind, reason } of refused) log.warn({ kind }, `a section of the offer is left out: ${reason}`)
  const { conn, answer } = transport.openPublisher(pathName, offer, accepted, client, maker)
  conn.tap.learnSdp(offerText, answer)
  return { resource: conn, answer }
}

/** Status, title and detail, for paths where nobody can publish now. */
const publishRefusal = (context: ServerContext, pathName: string): [number, string, string] | undefined => {
  try {
    context.paths.checkPublish(pathName)
    return undefined
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code === 'path/invalid-name') throw error
    if (error.code === 'path/not-configured') return [404, 'No such path', sentence(error.message)]
    return [409, error.code === 'path/busy' ? 'Somebody publishes there' : 'A source publishes there', sentence(error.message)]
  }
}
