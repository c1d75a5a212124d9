import { type MissingTrack, negotiate, offeredCodecs } from '@millrace/media/bridges/webrtc/negotiate.ts'
import { decodeRtcOffer } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { codecLabel } from '@millrace/media/codecs/codec.ts'
import type { FastifyReply } from 'fastify'
import { closedSignal } from '../../net/closed-signal.ts'
import type { ServerContext } from '../../net/context.ts'
import type { PathRoute } from '../../net/http-route.ts'
import { sendProblem, sentence } from '../../net/problem.ts'
import { hasUsableFingerprint } from './fingerprint.ts'
import type { IceServer } from './ice-server.ts'
import { clientOf, type OpenedSession, sessionRoutes } from './session-resource.ts'
import type { OfferMaker } from './webrtc-conn.ts'
import type { WebRtcTransport } from './webrtc-transport.ts'

/** WHEP (draft-ietf-wish-whep): `/PATH/whep` takes an offer of who wants to watch. */
export const whepRoutes = (context: ServerContext, transport: WebRtcTransport, iceServers: readonly IceServer[]): PathRoute[] =>
  sessionRoutes(context, {
    name: 'whep',
    iceServers,
    turns: transport.turns,
    accept: (offer, request, reply, pathName, maker) => acceptViewer(context, transport, offer, clientOf(request), reply, pathName, maker),
    find: (pathName, id) => transport.find(pathName, id),
  })

/** Browsers show pictures by WebRTC in the order they come: B-frames make them jump back and forth. */
const REORDERED_FOR_VIEWER = 'The source sends B-frames, which WebRTC shows in the wrong order: its settings have to be changed.'
const REORDERED_FOR_LOG =
  'the source sends B-frames, which WebRTC shows in the wrong order: set the encoder to no B-frames (ffmpeg: -bf 0 or -tune zerolatency; OBS: Advanced, B-frames 0; cameras: profile Baseline, or B-frames off)'

const acceptViewer = async (
  context: ServerContext,
  transport: WebRtcTransport,
  offerText: string,
  client: string,
  reply: FastifyReply,
  pathName: string,
  maker: OfferMaker,
): Promise<OpenedSession | undefined> => {
  const stream = await context.paths.whenAvailable(pathName, closedSignal(reply))
  if (!stream) {
    sendProblem(reply, 404, 'Nothing to watch', sentence(context.paths.whyUnavailable(pathName)))
    return undefined
  }
  const log = context.log.child({ path: pathName, protocol: 'webrtc', client })
  const offer = decodeRtcOffer(offerText)
  if (!hasUsableFingerprint(offer.fingerprints)) throw new ProtocolError('webrtc/bad-offer', 'a=fingerprint with no hash of sha-256, sha-384, sha-512')
  const codecs = stream.tracks.map((track) => track.codec)
  const { accepted, missing } = negotiate(offer, codecs)
  if (accepted.length === 0) {
    const has = codecs.map(codecLabel).join(' and ')
    log.warn({ missing: missing.map(({ reason }) => reason) }, 'no track of the stream can be sent to this player')
    const reasons = missing.map(({ codec, reason }) => `${codecLabel(codec)}: ${reason}.`).join(' ')
    const detail = `${pathName} has ${has}; the player takes ${offeredCodecs(offer)}. ${reasons}`
    sendProblem(reply.headers(missingHeaders(missing)), 406, 'WebRTC does not carry this stream', detail)
    return undefined
  }
  const { conn, answer } = transport.open(pathName, stream, offer, accepted, client, maker)
  conn.tap.learnSdp(offerText, answer)
  for (const { codec, reason } of missing) log.warn({ codec: codecLabel(codec) }, `a track is not sent to this viewer: ${reason}`)
  const isReordered = accepted.some(({ trackIndex }) => stream.tracks[trackIndex]?.reordersPictures)
  if (isReordered) log.warn({}, REORDERED_FOR_LOG)
  return { resource: conn, answer, headers: { ...missingHeaders(missing), ...(isReordered && { 'millrace-notice': REORDERED_FOR_VIEWER }) } }
}

/** `audio AAC; reason="…"`, for the page that watches. */
const missingHeaders = (missing: readonly MissingTrack[]): Record<string, string> =>
  missing.length === 0
    ? {}
    : {
        'millrace-missing': missing.map(({ codec, reason }) => ascii(`${codec.kind} ${codecLabel(codec)}; reason="${reason.replaceAll('"', "'")}"`)).join(', '),
      }

/** Header values are ASCII. */
const ascii = (text: string): string => text.replaceAll('µ', 'u').replaceAll(/[^\x20-\x7e]/g, '?')
