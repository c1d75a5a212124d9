import type { PacketRing } from '../../hub/packet-ring.ts'
import { compressForJoin, compressForRepeat, type TimeCompression } from './time-compression.ts'

/** A repetition for a PLI is worth it only if it brings the viewer up to now soon. */
const REPEAT_MAX_AGE_MS = 5000
const REPEAT_MAX_PACKETS = 1024

/** Where a viewer that is behind begins, and how the times of what is sent at once are changed. */
export type CatchUpStart = { readonly seq: number; readonly compression: TimeCompression }

/** A viewer joins: with the newest key frame, if there is one. */
export const startForJoin = (ring: PacketRing): CatchUpStart | undefined => {
  const seq = ring.randomAccessSeq
  const newest = ring.get(ring.newestSeq)
  return seq === undefined || !newest ? undefined : { seq, compression: compressForJoin(newest.timestamp) }
}

/**
 * A viewer goes on after a pause: with the newest key frame, or where it was if it had that one.
 * @param nextSeq of the first packet that it does not have
 * @param sentTimestamp of the newest one that it has
 * @returns undefined if there is nothing newer
 */
export const startAfterPause = (ring: PacketRing, nextSeq: number, sentTimestamp: number): (CatchUpStart & { readonly isNewGroup: boolean }) | undefined => {
  const newest = ring.get(ring.newestSeq)
  const first = randomAccess(ring)
  if (!newest || newest.timestamp <= sentTimestamp || !first) return undefined
  const isNewGroup = first.timestamp > sentTimestamp
  return { seq: isNewGroup ? first.seq : nextSeq, compression: compressForJoin(newest.timestamp), isNewGroup }
}

/** What was sent goes out once more: from the newest key frame on, if that is not long ago. */
export const startForRepeat = (ring: PacketRing, nowMs: number): CatchUpStart | undefined => {
  const first = randomAccess(ring)
  const newest = ring.get(ring.newestSeq)
  if (!first || !newest || nowMs - first.arrivalMs > REPEAT_MAX_AGE_MS || newest.seq - first.seq > REPEAT_MAX_PACKETS) return undefined
  return { seq: first.seq, compression: compressForRepeat(first.timestamp, newest.timestamp) }
}

const randomAccess = (ring: PacketRing) => {
  const seq = ring.randomAccessSeq
  return seq === undefined ? undefined : ring.get(seq)
}
