/** One access unit of a track: a coded picture, or one audio frame. Shared by all readers: never written to. */
export type Unit = {
  /** Presentation time in ticks of the track's clock. All tracks of a stream share one zero. */
  readonly pts: number
  /** Decoding time in ticks; never decreases within a track; `dts <= pts`. */
  readonly dts: number
  /** Decoding can start here. Always true for audio. */
  readonly randomAccess: boolean
  /**
   * H.264 and H.265: the NAL units without start codes, parameter sets included where they were sent. AV1: the OBUs of the temporal unit
   * without size fields, but for temporal delimiters. VP8, VP9 (a superframe counts as one) and audio: exactly one frame.
   */
  readonly data: readonly Uint8Array[]
  /** When its last byte reached the server, in milliseconds of the server's monotonic clock. */
  readonly arrivalMs: number
}

/** Bytes of payload in a unit. */
export const unitBytes = (unit: Unit): number => {
  let bytes = 0
  for (const part of unit.data) bytes += part.length
  return bytes
}
