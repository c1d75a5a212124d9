import type { ColumnName, Sample } from './columns.ts'
import type { Evidence } from './verdict.ts'

/** Seconds that a verdict looks back. */
export const EVIDENCE_SECONDS = 10

/** Sums up a session's newest samples, oldest first; undefined if there are none. */
export const gatherEvidence = (samples: readonly Sample[]): Evidence | undefined => {
  if (samples.length === 0) return undefined
  const values = (name: ColumnName): number[] => samples.flatMap((sample) => sample[name] ?? [])
  const sum = (name: ColumnName): number | undefined => {
    const known = values(name)
    return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0)
  }
  const highest = (name: ColumnName): number | undefined => {
    const known = values(name)
    return known.length === 0 ? undefined : Math.max(...known)
  }
  const isSilent = (sample: Sample): boolean => sample.bitrateKbps === 0 && (sample.packets ?? 0) === 0
  const lastSound = samples.findLastIndex((sample) => !isSilent(sample))
  const firstSound = samples.findIndex((sample) => !isSilent(sample))
  return {
    seconds: samples.length,
    bitrateKbps: (sum('bitrateKbps') ?? 0) / samples.length,
    silentSeconds: samples.length - 1 - lastSound,
    gaps: firstSound < 0 ? 0 : samples.slice(firstSound, lastSound).filter(isSilent).length,
    packets: sum('packets'),
    lost: lostOf(sum('lost'), sum('playerLost')),
    repeated: sum('repeated'),
    dropped: sum('dropped'),
    rttMs: highest('rttMs'),
    jitterMs: highest('jitterMs'),
    estimateKbps: values('estimateKbps').at(-1),
    framesReceived: sum('framesReceived'),
    framesDecoded: sum('framesDecoded'),
    framesDropped: sum('framesDropped'),
    freezes: sum('freezes'),
    frozenMs: sum('frozenMs'),
  }
}

/** What the player counts and what its reports to the sender say are the same losses, seen at different times. */
const lostOf = (reported: number | undefined, byPlayer: number | undefined): number | undefined =>
  reported === undefined ? byPlayer : Math.max(reported, byPlayer ?? 0)
