import type { Hub } from '@millrace/media/hub/hub.ts'
import { redactUrl } from '../log/redact-url.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionRegistry } from '../sessions/session-registry.ts'
import type { Family, Series } from './metric-families.ts'

type Tally = SessionRegistry extends { trafficByPath(): (infer T)[] } ? T : never

/** Clients and what goes through, by protocol and by path. */
export const trafficMetrics = (hub: Hub, sessions: SessionRegistry): Family[] => {
  const byProtocol = (value: (tally: Pick<Tally, 'traffic' | 'live'>) => number) => (): Series[] =>
    sessions.trafficByProtocol().map(({ key: { protocol, role }, ...tally }) => ({ labels: { protocol, role }, value: value(tally) }))
  const byPath = (value: (tally: Tally) => number) => (): Series[] =>
    sessions.trafficByPath().map((tally) => ({ labels: { ...tally.key }, value: value(tally) }))
  const ofProtocol = ['protocol', 'role']
  const ofPath = ['path', 'protocol', 'role']
  return [
    {
      name: 'paths',
      help: 'Live paths: ready, or waiting for a publisher that left.',
      type: 'gauge',
      labels: ['state'],
      read: () => {
        const paths = hub.list()
        const ready = paths.filter(({ publisher }) => publisher).length
        return [
          { labels: { state: 'ready' }, value: ready },
          { labels: { state: 'waiting' }, value: paths.length - ready },
        ]
      },
    },
    { name: 'sessions', help: 'Publishers and readers that are there.', type: 'gauge', labels: ofProtocol, read: byProtocol(({ live }) => live) },
    {
      name: 'sessions_total',
      help: 'Publishers and readers that there have been.',
      type: 'counter',
      labels: ofProtocol,
      read: byProtocol(({ traffic }) => traffic.sessions),
    },
    {
      name: 'received_bytes_total',
      help: 'Bytes from clients, as the transport carries them.',
      type: 'counter',
      labels: ofProtocol,
      read: byProtocol(({ traffic }) => traffic.bytesIn),
    },
    {
      name: 'sent_bytes_total',
      help: 'Bytes to clients, as the transport carries them.',
      type: 'counter',
      labels: ofProtocol,
      read: byProtocol(({ traffic }) => traffic.bytesOut),
    },
    {
      name: 'lost_packets_total',
      help: 'Packets that did not arrive: from publishers as the server saw, at readers as they report.',
      type: 'counter',
      labels: ofProtocol,
      read: byProtocol(({ traffic }) => traffic.lost),
    },
    {
      name: 'dropped_packets_total',
      help: 'Packets or messages that the server left out: slow-reader where the client did not take them, congestion where the way carries less.',
      type: 'counter',
      labels: [...ofProtocol, 'reason'],
      read: () =>
        sessions
          .trafficByProtocol()
          .flatMap(({ key: { protocol, role }, traffic }) => [...traffic.dropped].map(([reason, value]) => ({ labels: { protocol, role, reason }, value }))),
    },
    { name: 'path_sessions', help: 'Publishers and readers of a path.', type: 'gauge', labels: ofPath, read: byPath(({ live }) => live) },
    {
      name: 'path_received_bytes_total',
      help: 'Bytes from the publishers of a path.',
      type: 'counter',
      labels: ofPath,
      read: byPath(({ traffic }) => traffic.bytesIn),
    },
    {
      name: 'path_sent_bytes_total',
      help: 'Bytes to the readers of a path.',
      type: 'counter',
      labels: ofPath,
      read: byPath(({ traffic }) => traffic.bytesOut),
    },
  ]
}

/** One series for each client. */
export const sessionMetrics = (sessions: SessionRegistry): Family[] => {
  const each = (value: (session: Session) => number | undefined) => (): Series[] =>
    sessions.list().flatMap((session) => {
      const found = value(session)
      return found === undefined ? [] : [{ labels: labelsOf(session), value: found }]
    })
  const labels = ['id', 'path', 'protocol', 'role', 'remote', 'user']
  return [
    { name: 'session_received_bytes_total', help: 'Bytes from one client.', type: 'counter', labels, read: each(({ bytesIn }) => bytesIn) },
    { name: 'session_sent_bytes_total', help: 'Bytes to one client.', type: 'counter', labels, read: each(({ bytesOut }) => bytesOut) },
    {
      name: 'session_lost_packets_total',
      help: 'Packets lost on the way to or from one client.',
      type: 'counter',
      labels,
      read: each(({ counters }) => counters.lost),
    },
    {
      name: 'session_dropped_packets_total',
      help: 'Packets or messages left out for one client.',
      type: 'counter',
      labels,
      read: each(({ counters }) => counters.dropped),
    },
    {
      name: 'session_round_trip_seconds',
      help: 'Round-trip time to one client.',
      type: 'gauge',
      labels,
      read: each(({ counters: { rttMs } }) => (rttMs === undefined ? undefined : rttMs / 1000)),
    },
  ]
}

const labelsOf = ({ id, path, role, client }: Session): Series['labels'] => ({
  id,
  path,
  protocol: client.protocol,
  role,
  remote: redactUrl(client.remote),
  user: client.user ?? '',
})
