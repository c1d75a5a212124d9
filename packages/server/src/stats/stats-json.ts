import type { LayerCounters } from '../net/session-probe.ts'
import { COLUMNS, type ColumnName } from './columns.ts'
import { EVIDENCE_SECONDS, gatherEvidence } from './evidence.ts'
import type { Flight } from './flight-recorder.ts'
import type { SessionRecord } from './session-record.ts'
import type { Statistics } from './statistics.ts'
import type { Timeline } from './timeline.ts'
import { type Evidence, judge, type Verdict } from './verdict.ts'

/** A session as lists show it. */
export type SessionSummary = {
  readonly id: string
  readonly role: string
  readonly protocol: string
  /** `address:port`, or a source's address without credentials; empty for those who may not use the API. */
  readonly remote: string
  readonly started: string
  /** Absent while it lasts. */
  readonly ended?: string
  readonly samples: number
  /** The newest values; what is not known is absent. */
  readonly now: { readonly [name: string]: number | undefined }
  /** Of a publisher that sends several sizes, the smallest first; packets since its start. */
  readonly layers?: readonly (Omit<LayerCounters, 'bitrateBps'> & { readonly bitrateKbps: number })[]
  readonly verdict: Verdict
  /** Whether there is a `flight.json`. */
  readonly recorded: boolean
}

/** `/PATH/stats.json` @param showsRemote where clients come from is not for every viewer */
export const pathSummary = (statistics: Statistics, path: string, wallMs: number, showsRemote: boolean): object => {
  const { timeline } = statistics
  const records = statistics.sessions(path)
  const publisherEvidence = rememberNewest()
  return {
    path,
    time: new Date(wallMs).toISOString(),
    server: { loopDelayMs: timeline.ticks === 0 ? 0 : round1(timeline.loopDelayMs(timeline.ticks - 1)) },
    sessions: records.map((record) => summaryOf(timeline, record, records, showsRemote, publisherEvidence)),
  }
}

/**
 * `/PATH/stats/SESSION.json`
 * @param records of the same path
 * @param afterMs only samples after this time, milliseconds since 1970
 */
export const sessionDocument = (
  timeline: Timeline,
  record: SessionRecord,
  records: readonly SessionRecord[],
  { afterMs, showsRemote }: { readonly afterMs: number; readonly showsRemote: boolean },
): object => ({
  path: record.identity.path,
  session: summaryOf(timeline, record, records, showsRemote),
  columns: [{ name: 'time', unit: 'ms since 1970' }, ...COLUMNS.map(({ name, unit }) => ({ name, unit })), { name: 'loopDelayMs', unit: 'ms' }],
  samples: [...rows(timeline, record)].filter(({ wallMs }) => wallMs > afterMs).map(({ wallMs, values }) => [wallMs, ...values]),
})

/** `/PATH/stats/SESSION/flight.json`: the last minute in detail. */
export const flightDocument = (timeline: Timeline, record: SessionRecord, records: readonly SessionRecord[], flight: Flight): object => ({
  path: record.identity.path,
  session: summaryOf(timeline, record, records, true),
  ...flight,
})

/** `/PATH/stats/SESSION.csv`: RFC 4180, a header line, times in UTC, nothing where a value is not known. */
export const sessionCsv = (timeline: Timeline, record: SessionRecord): string => {
  const lines = [['time', ...COLUMNS.map(({ name }) => name), 'loopDelayMs'].join(',')]
  for (const { wallMs, values } of rows(timeline, record)) lines.push(`${new Date(wallMs).toISOString()},${values.map((value) => value ?? '').join(',')}`)
  return `${lines.join('\r\n')}\r\n`
}

const rows = function* (timeline: Timeline, { samples, firstTick }: SessionRecord): Generator<{ wallMs: number; values: (number | undefined)[] }> {
  const skipped = samples.pushed - samples.length
  for (let i = 0; i < samples.length; i++) {
    const tick = firstTick + skipped + i
    yield { wallMs: Math.round(timeline.wallMs(tick)), values: [...samples.row(i), round1(timeline.loopDelayMs(tick))] }
  }
}

const summaryOf = (
  timeline: Timeline,
  record: SessionRecord,
  records: readonly SessionRecord[],
  showsRemote: boolean,
  publisherEvidence = evidenceUpTo,
): SessionSummary => ({
  id: record.identity.id,
  role: record.identity.role,
  protocol: record.identity.protocol,
  remote: showsRemote ? record.remote : '',
  started: new Date(record.identity.startedWallMs).toISOString(),
  ...(record.endedWallMs !== undefined && { ended: new Date(record.endedWallMs).toISOString() }),
  samples: record.samples.length,
  now: record.newest satisfies { readonly [Name in ColumnName]?: number | undefined },
  ...(record.layers && { layers: record.layers.map(({ bitrateBps, ...layer }) => ({ ...layer, bitrateKbps: Math.round(bitrateBps / 1000) })) }),
  verdict: verdictOn(timeline, record, records, publisherEvidence),
  recorded: record.flight !== undefined,
})

/** The publisher is judged by the same seconds as the reader, also after a reader's end. */
const verdictOn = (timeline: Timeline, record: SessionRecord, records: readonly SessionRecord[], publisherEvidence: typeof evidenceUpTo): Verdict => {
  const last = lastTick(record)
  const publisher = records.find((other) => other.identity.role === 'publisher' && other.firstTick <= last && lastTick(other) >= last - 1)
  let loopDelayMs = 0
  for (let tick = Math.max(0, last - EVIDENCE_SECONDS + 1); tick <= last; tick++) loopDelayMs = Math.max(loopDelayMs, timeline.loopDelayMs(tick))
  const isPublisher = record.identity.role === 'publisher'
  return judge({
    publisher: publisherEvidence(isPublisher ? record : publisher, last),
    reader: isPublisher ? undefined : evidenceUpTo(record, last),
    loopDelayMs,
  })
}

const lastTick = ({ firstTick, samples }: SessionRecord): number => firstTick + samples.pushed - 1

/** Most readers of a path are judged by the same seconds of the same publisher. */
const rememberNewest = (): typeof evidenceUpTo => {
  let newest: { record: SessionRecord | undefined; tick: number; evidence: Evidence | undefined } | undefined
  return (record, tick) => {
    if (newest?.record !== record || newest?.tick !== tick) newest = { record, tick, evidence: evidenceUpTo(record, tick) }
    return newest.evidence
  }
}

const evidenceUpTo = (record: SessionRecord | undefined, tick: number): Evidence | undefined => {
  if (!record || record.samples.length === 0) return undefined
  const { samples } = record
  const end = Math.min(samples.length, samples.length - (lastTick(record) - tick))
  const start = Math.max(0, end - EVIDENCE_SECONDS)
  const evidence = gatherEvidence(Array.from({ length: Math.max(0, end - start) }, (_, i) => samples.sample(start + i)))
  return evidence && { ...evidence, reason: record.reason }
}

const round1 = (value: number): number => Math.round(value * 10) / 10
