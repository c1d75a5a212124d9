/**
 * How the timestamps of a catch-up are changed. A viewer that joins gets the pictures since the last key frame at once; with their own
 * timestamps the browser would play them at their own pace, and stay behind by their duration for good. So their time is pressed together,
 * and ends at the newest one. It depends on the timestamp alone: a packet that is sent again has the same one.
 */
export type TimeCompression = {
  /** Newest timestamp of the catch-up; later ones stay as they are. */
  readonly until: number
  /** What `until` becomes. */
  readonly end: number
  /** Ticks that remain of one tick; more than 1 where time is stretched. */
  readonly scale: number
  /** Ticks by which the later ones are moved. */
  readonly shift: number
}

/** A viewer joins: ten seconds become a third of a second, about the time in which they are sent. */
const JOIN_SCALE = 1 / 32

/** Room for a repetition, in ticks of 90 kHz: less than what is between two pictures of 60 a second. */
const REPEAT_TICKS = 1000

export const compressForJoin = (newest: number): TimeCompression => ({ until: newest, end: newest, scale: JOIN_SCALE, shift: 0 })

/** Pictures that were sent before go out once more: after the newest one that was sent, and before the next. */
export const compressForRepeat = (oldest: number, newest: number): TimeCompression => ({
  until: newest,
  end: newest + REPEAT_TICKS,
  scale: (REPEAT_TICKS - 1) / Math.max(REPEAT_TICKS, newest - oldest),
  shift: 0,
})

/** A group begins whose first pictures have times that were sent already, as the time of the group before was stretched. */
export const compressAfterStretch = (start: number, sent: number): TimeCompression => ({ ...compressForRepeat(start, sent), shift: REPEAT_TICKS })

/** What stretched time is later at most, in ticks of 90 kHz: half a second. */
const MAX_STRETCH_TICKS = 45_000

/** @param factor more than 1 */
export const stretchGroup = (start: number, factor: number): TimeCompression => {
  const until = start + MAX_STRETCH_TICKS / (factor - 1)
  return { until, end: until + MAX_STRETCH_TICKS, scale: factor, shift: MAX_STRETCH_TICKS }
}

export const compressedTime = (compression: TimeCompression | undefined, timestamp: number): number =>
  compression === undefined
    ? timestamp
    : timestamp > compression.until
      ? timestamp + compression.shift
      : Math.floor(compression.end - (compression.until - timestamp) * compression.scale)
