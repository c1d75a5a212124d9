import type { InitSegment, Part, Segment } from './segment.ts'

/** Segments kept after they left the playlist, for players that are late: RFC 8216bis section 6.2.2 wants about as long as the playlist. */
const RETAINED_AFTER = 3

/** Most bytes of complete segments; past it the oldest go, though the playlist gets shorter. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024

/** Longest segment in bytes. The segmenter cuts what is longer. */
export const MAX_SEGMENT_BYTES = 32 * 1024 * 1024

/** Not 0: hls.js 1.7 takes segment 0 for none, and loads its parts again and again. */
const FIRST_SEGMENT = 1

type CompleteSegment = Segment & { readonly bytes: Uint8Array }
type OpenSegment = { -readonly [Key in keyof Segment]: Segment[Key] } & { parts: Part[] }

/** The segments that players can have now, and the one that grows. */
export class SegmentWindow {
  /** Rises with every part and segment. */
  version = 0
  ended = false
  readonly #listed: number
  #complete: CompleteSegment[] = []
  #open: OpenSegment | undefined
  #bytes = 0
  #nextSegment = FIRST_SEGMENT
  #nextPart = 0
  #targetDurationS: number
  #droppedDiscontinuities = 0

  /**
   * @param listed segments in the playlist
   * @param segmentDurationMs wanted; the target duration is not below it
   */
  constructor(listed: number, segmentDurationMs: number) {
    this.#listed = listed
    this.#targetDurationS = Math.max(1, Math.ceil(segmentDurationMs / 1000))
  }

  /** Complete segments that the playlist names. */
  get segments(): readonly Segment[] {
    return this.#complete.slice(-this.#listed)
  }

  /** The segment that grows. */
  get open(): Segment | undefined {
    return this.#open
  }

  /** Name of the part that comes next. */
  get nextPart(): number {
    return this.#nextPart
  }

  /** Media sequence number of the segment that comes after the open one, or that is opened next. */
  get nextSegment(): number {
    return this.#nextSegment
  }

  /** Of the discontinuities, those whose segments are no longer listed: EXT-X-DISCONTINUITY-SEQUENCE. */
  get discontinuitySequence(): number {
    const unlisted = this.#complete.slice(0, Math.max(0, this.#complete.length - this.#listed))
    return this.#droppedDiscontinuities + unlisted.filter((segment) => segment.discontinuity).length
  }

  /** EXT-X-TARGETDURATION in seconds. It rises when a publisher sends key frames more rarely than wanted, and does not fall again. */
  get targetDurationS(): number {
    return this.#targetDurationS
  }

  openSegment(init: InitSegment, discontinuity: boolean, dateMs: number): void {
    this.#open = { index: this.#nextSegment++, init, discontinuity, dateMs, parts: [], durationS: 0, byteLength: 0 }
  }

  addPart(bytes: Uint8Array, durationS: number, independent: boolean): void {
    const open = this.#open
    if (!open) throw new Error('no segment is open')
    open.parts.push({ index: this.#nextPart++, durationS, independent, bytes })
    open.durationS += durationS
    open.byteLength += bytes.length
    this.version++
  }

  /** Completes the open segment; one without parts vanishes. */
  closeSegment(): void {
    const open = this.#open
    if (!open) return
    this.#open = undefined
    this.version++
    if (open.parts.length === 0) {
      this.#nextSegment--
      return
    }
    this.#complete.push(joined(open))
    this.#bytes += open.byteLength
    this.#targetDurationS = Math.max(this.#targetDurationS, Math.round(open.durationS))
    while (this.#complete.length > this.#listed + RETAINED_AFTER || (this.#bytes > MAX_WINDOW_BYTES && this.#complete.length > 1)) this.#dropOldest()
  }

  end(): void {
    this.closeSegment()
    this.ended = true
    this.version++
  }

  /** The bytes of a complete segment; undefined if it is gone or not complete. */
  segment(index: number): Uint8Array | undefined {
    return this.#complete.find((segment) => segment.index === index)?.bytes
  }

  part(index: number): Uint8Array | undefined {
    for (const segment of this.#all()) {
      const first = segment.parts[0]
      if (first && index >= first.index && index < first.index + segment.parts.length) return segment.parts[index - first.index]?.bytes
    }
    return undefined
  }

  init(index: number): Uint8Array | undefined {
    for (const segment of this.#all()) if (segment.init.index === index) return segment.init.bytes
    return undefined
  }

  /**
   * Whether a playlist with that segment, or that part of it, can be made: RFC 8216bis section 6.2.5.2.
   * @param part position in the segment; a position past its end is the first part of the segment after it
   */
  has(segmentIndex: number, part: number | undefined): boolean {
    if (part === undefined) return (this.#complete.at(-1)?.index ?? -1) >= segmentIndex
    return this.#all().some((segment) => segment.parts.length > (segment.index === segmentIndex ? part : 0) && segment.index >= segmentIndex)
  }

  /** Highest bit rate of a segment so far, and that of all of them; of what there is while no segment is complete. */
  bitRates(): { peak: number; average: number } {
    const measured = this.#complete.length > 0 ? this.#complete : this.#all()
    let peak = 0
    let bytes = 0
    let seconds = 0
    for (const { byteLength, durationS } of measured) {
      if (durationS <= 0) continue
      peak = Math.max(peak, (byteLength * 8) / durationS)
      bytes += byteLength
      seconds += durationS
    }
    return { peak: Math.ceil(peak), average: seconds > 0 ? Math.ceil((bytes * 8) / seconds) : 0 }
  }

  #all(): Segment[] {
    return this.#open ? [...this.#complete, this.#open] : this.#complete
  }

  #dropOldest(): void {
    const oldest = this.#complete.shift()
    if (!oldest) return
    this.#bytes -= oldest.byteLength
    if (oldest.discontinuity) this.#droppedDiscontinuities++
  }
}

/** One run of bytes for all viewers, in which the parts are views. */
const joined = (open: Segment): CompleteSegment => {
  const bytes = new Uint8Array(open.byteLength)
  let at = 0
  const parts = open.parts.map((part) => {
    bytes.set(part.bytes, at)
    at += part.bytes.length
    return { ...part, bytes: bytes.subarray(at - part.bytes.length, at) }
  })
  return { ...open, parts, bytes }
}
