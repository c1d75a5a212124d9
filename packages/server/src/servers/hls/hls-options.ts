export type HlsOptions = {
  /** Announce parts, so that players stay within a second of live; those that know no parts are not disturbed. */
  readonly lowLatency: boolean
  /** Segments end at the first key frame after this time. */
  readonly segmentDurationMs: number
  readonly partDurationMs: number
  /** Segments in the playlist. */
  readonly segmentCount: number
  /** A stream's segments are made until nobody has asked for them for this long. */
  readonly idleMs: number
}

export const DEFAULT_HLS_OPTIONS: HlsOptions = {
  lowLatency: true,
  segmentDurationMs: 1000,
  partDurationMs: 200,
  segmentCount: 7,
  idleMs: 60_000,
}
