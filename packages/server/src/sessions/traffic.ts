/** What went through, since the start. */
export type Traffic = { bytesIn: number; bytesOut: number; lost: number; dropped: Map<string, number>; sessions: number }

export const noTraffic = (): Traffic => ({ bytesIn: 0, bytesOut: 0, lost: 0, dropped: new Map(), sessions: 0 })

type Counted = {
  readonly counters: { readonly lost?: number | undefined; readonly dropped?: number | undefined; readonly dropReason?: string | undefined }
  readonly bytesIn: number
  readonly bytesOut: number
}

/** Adds what one session has counted. */
export const addTraffic = (total: Traffic, { counters, bytesIn, bytesOut }: Counted): void => {
  const { lost = 0, dropped = 0, dropReason = 'slow-reader' } = counters
  total.bytesIn += bytesIn
  total.bytesOut += bytesOut
  total.lost += lost
  total.sessions++
  if (dropped > 0) total.dropped.set(dropReason, (total.dropped.get(dropReason) ?? 0) + dropped)
}

/** Adds what was summed up already. */
export const mergeTraffic = (total: Traffic, other: Traffic): void => {
  total.bytesIn += other.bytesIn
  total.bytesOut += other.bytesOut
  total.lost += other.lost
  total.sessions += other.sessions
  for (const [reason, count] of other.dropped) total.dropped.set(reason, (total.dropped.get(reason) ?? 0) + count)
}
