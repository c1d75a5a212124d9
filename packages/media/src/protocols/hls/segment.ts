/** Init segment, named by EXT-X-MAP. */
export type InitSegment = {
  /** Counts from 0. */
  readonly index: number
  readonly bytes: Uint8Array
}

/** Partial segment, named by EXT-X-PART. */
export type Part = {
  /** Counts over all segments, so that the name of the next part is known before it is known which segment it is in. */
  readonly index: number
  readonly durationS: number
  /** Decoding can start here. */
  readonly independent: boolean
  readonly bytes: Uint8Array
}

/** A segment of the media playlist, also while it grows. */
export type Segment = {
  /** Media sequence number. */
  readonly index: number
  readonly init: InitSegment
  /** Decoder and timeline start anew here. */
  readonly discontinuity: boolean
  /** Wall clock at its start, in milliseconds since 1970. */
  readonly dateMs: number
  readonly parts: readonly Part[]
  readonly durationS: number
  readonly byteLength: number
}
