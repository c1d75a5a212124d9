import { type Codec, codecLabel } from '@millrace/media/codecs/codec.ts'
import type { PathState } from '@millrace/media/hub/hub.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import type { z } from 'zod'
import { redactUrl } from '../log/redact-url.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionRegistry } from '../sessions/session-registry.ts'
import type { pathSchema, SESSION_TYPES, sessionSchema, trackSchema } from './schemas.ts'

type SessionType = (typeof SESSION_TYPES)[number]

const TYPES: Readonly<Record<string, SessionType>> = { rtsp: 'rtspSession', rtmp: 'rtmpConn', webrtc: 'webRTCSession', hls: 'hlsSession' }
const SOURCE_TYPES: Readonly<Record<string, SessionType>> = { rtsp: 'rtspSource', file: 'fileSource' }

export const sessionType = ({ client }: Session): SessionType => (client.isSource ? SOURCE_TYPES : TYPES)[client.protocol] ?? 'otherSession'

/** A session as the API shows it. */
export const sessionView = (session: Session, nowMs: number): z.input<typeof sessionSchema> => {
  const { client, counters, role, bandwidth } = session
  const isActive = client.isActive !== false
  return {
    id: session.id,
    type: sessionType(session),
    protocol: client.protocol,
    transport: client.transport ?? null,
    path: session.path,
    role,
    state: isActive ? (role === 'publisher' ? 'publish' : 'read') : 'idle',
    remoteAddr: redactUrl(client.remote),
    user: client.user ?? '',
    userAgent: client.userAgent ?? '',
    tracks: trackNames(session.stream),
    created: isoTime(session.startedWallMs),
    uptime: Math.max(0, Math.round(nowMs - session.startedMs) / 1000),
    bytesReceived: session.bytesIn,
    bytesSent: session.bytesOut,
    bitrateReceived: bandwidth.in,
    bitrateSent: bandwidth.out,
    packetsLost: counters.lost ?? null,
    dropped: counters.dropped ?? 0,
    dropReason: counters.dropped ? (counters.dropReason ?? 'slow-reader') : null,
    rttMs: rounded(counters.rttMs),
    jitterMs: rounded(counters.jitterMs),
    notice: counters.reason ?? null,
  }
}

/** Who is where, looked up once for many paths. */
export type PathOverview = {
  readonly sessions: ReadonlyMap<string, readonly Session[]>
  readonly traffic: ReadonlyMap<string, ReturnType<SessionRegistry['trafficByPath']>>
}

export const overviewOf = (registry: SessionRegistry): PathOverview => ({
  sessions: Map.groupBy(registry.list(), ({ path }) => path),
  traffic: Map.groupBy(registry.trafficByPath(), ({ key }) => key.path),
})

/** A path as the API shows it. */
export const pathView = (overview: PathOverview, { name, publisher, stream }: PathState): z.input<typeof pathSchema> => {
  const { sessions = [], traffic = [] } = { sessions: overview.sessions.get(name), traffic: overview.traffic.get(name) }
  const source = sessions.find(({ client }) => client === publisher)
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return {
    name,
    source: source ? referenceTo(source) : null,
    ready: publisher !== undefined,
    readyTime: source ? isoTime(source.startedWallMs) : null,
    tracks: trackNames(stream),
    trackDetails: stream.tracks.map(({ codec }) => trackView(codec)),
    bytesReceived: sum(traffic.filter(({ key }) => key.role === 'publisher').map(({ traffic: { bytesIn } }) => bytesIn)),
    bytesSent: sum(traffic.filter(({ key }) => key.role === 'reader').map(({ traffic: { bytesOut } }) => bytesOut)),
    bitrateReceived: sum(sessions.filter(({ role }) => role === 'publisher').map(({ bandwidth }) => bandwidth.in)),
    bitrateSent: sum(sessions.filter(({ role }) => role === 'reader').map(({ bandwidth }) => bandwidth.out)),
    readers: sessions.filter(({ role }) => role === 'reader').map(referenceTo),
  }
}

export const isoTime = (wallMs: number): string => new Date(wallMs).toISOString()

const referenceTo = (session: Session): { type: SessionType; id: string } => ({ type: sessionType(session), id: session.id })

const trackNames = (stream: Stream): string[] => stream.tracks.map(({ codec }) => codecLabel(codec))

const trackView = (codec: Codec): z.input<typeof trackSchema> => ({
  kind: codec.kind,
  codec: codecLabel(codec),
  clockRate: codec.clockRate,
  channels: codec.kind === 'audio' ? codec.channels : null,
})

const rounded = (value: number | undefined): number | null => (value === undefined ? null : Math.max(0, Math.round(value * 10) / 10))
