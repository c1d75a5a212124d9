import type { ServerContext } from '../net/context.ts'
import type { FaultCounts } from './fault-counts.ts'
import { type Family, single } from './metric-families.ts'

export type ServerMetricsParts = {
  readonly context: ServerContext
  readonly faults: FaultCounts
  readonly version: string
  /** How late the event loop was at worst in the last second, in milliseconds. */
  loopDelayMs(): number
}

/** The server itself: who was refused, what went wrong, and how it fares. */
export const serverMetrics = ({ context: { access, guard, events }, faults, version, loopDelayMs }: ServerMetricsParts): Family[] => {
  const seen = new Map<string, number>()
  events.subscribe(({ type }) => seen.set(type, (seen.get(type) ?? 0) + 1))
  return [
    { name: 'info', help: 'The version that runs.', type: 'gauge', labels: ['version'], read: () => [{ labels: { version }, value: 1 }] },
    {
      name: 'events_total',
      help: 'What happened, by its type.',
      type: 'counter',
      labels: ['type'],
      read: () => [...seen].map(([type, value]) => ({ labels: { type }, value })),
    },
    {
      name: 'access_requests_total',
      help: 'Decisions on access: allowed, unauthorized (credentials missing or wrong), forbidden, throttled.',
      type: 'counter',
      labels: ['result'],
      read: () => {
        const { allowed, unauthorized, forbidden, throttled } = access.counters()
        return Object.entries({ allowed, unauthorized, forbidden, throttled }).map(([result, value]) => ({ labels: { result }, value }))
      },
    },
    {
      name: 'access_slowed',
      help: 'Addresses and users that are slowed after failed attempts.',
      type: 'gauge',
      labels: [],
      read: () => single(access.counters().slowed),
    },
    {
      name: 'protocol_faults_total',
      help: 'Peers that broke their protocol, by the fault.',
      type: 'counter',
      labels: ['protocol', 'code'],
      read: () => faults.list().map(({ protocol, code, count }) => ({ labels: { protocol, code }, value: count })),
    },
    { name: 'connections', help: 'Connections of TCP, of all listeners.', type: 'gauge', labels: [], read: () => single(guard?.open ?? 0) },
    {
      name: 'connections_refused_total',
      help: 'Connections closed at once, by the limit that was reached.',
      type: 'counter',
      labels: ['limit'],
      read: () => Object.entries(guard?.refused ?? {}).map(([limit, value]) => ({ labels: { limit }, value })),
    },
    {
      name: 'event_loop_delay_seconds',
      help: 'How late the event loop was at worst in the last second.',
      type: 'gauge',
      labels: [],
      read: () => single(loopDelayMs() / 1000),
    },
  ]
}
