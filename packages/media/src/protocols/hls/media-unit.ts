/** What the segmenter takes of an access unit; the hub's `Unit` is one. */
export type MediaUnit = {
  /** Ticks of the track's clock; the tracks share one zero. */
  readonly pts: number
  readonly dts: number
  /** Decoding can start here. */
  readonly randomAccess: boolean
  /** H.264: NAL units without start codes. Audio: one frame. */
  readonly data: readonly Uint8Array[]
  /** Monotonic milliseconds. */
  readonly arrivalMs: number
}
