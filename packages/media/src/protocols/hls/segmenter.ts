import { isSamePicture } from '../../codecs/vp9.ts'
import { encodeInitSegment } from '../../containers/mp4/init-segment.ts'
import { encodeFragment, type TrackRun } from '../../containers/mp4/media-segment.ts'
import type { Mp4Codec } from '../../containers/mp4/track.ts'
import type { MediaUnit } from './media-unit.ts'
import { ProgramDate } from './program-date.ts'
import type { InitSegment } from './segment.ts'
import { MAX_SEGMENT_BYTES, SegmentWindow } from './segment-window.ts'
import { sameBytes, TrackBuffer } from './track-buffer.ts'

export type SegmenterOptions = {
  /** Segments are cut at the first key frame after this time. */
  readonly segmentDurationMs: number
  readonly partDurationMs: number
  /** Segments in the playlist. */
  readonly segmentCount: number
  /** Wall clock, in milliseconds since 1970, for a moment of the monotonic clock. */
  wallClockMs(monotonicMs: number): number
}

/** Where the stream's zero lies in the files, in seconds: decoding times before it are not negative then. */
const TIMELINE_START_S = 10

/** A key frame that comes this much before the segment has its duration still ends it: times of a second come rounded to milliseconds, or jitter. */
const SEGMENT_SLACK_S = 0.1

/** Longest segment, in seconds: one without a key frame is cut there anyway. */
const MAX_SEGMENT_S = 20

/** A part may be this much longer than wanted, so that frame rates that do not divide it come close to it. */
const PART_TOLERANCE = 1.05

const MAX_PART_BYTES = 8 * 1024 * 1024

/** A key frame this much after the expected time is one of a new publisher, or of a camera that came back: the timeline starts anew. */
const MAX_GAP_S = 1

/** How long parts wait for the leading track, in seconds, before they are cut by another one's time. */
const LEADER_LATE_S = 1

/** How far an audio track may lie behind before silence is put in its place, in seconds. */
const SILENCE_AFTER_S = 1

/**
 * Cuts units of all tracks into parts and segments of fragmented MP4. The leading track, which is the video if there is one, says where.
 * Decoding times: a track's last sample waits for its successor.
 */
export class Segmenter {
  readonly window: SegmentWindow
  readonly #options: SegmenterOptions
  readonly #leader: number
  readonly #date: ProgramDate
  #codecs: Mp4Codec[]
  #codecsChanged = false
  #buffers: TrackBuffer[] = []
  #init: InitSegment | undefined
  #fragment = 0
  #segmentStartS = 0
  #partStartS = 0

  /** @param codecs one per track; at most one video */
  constructor(codecs: readonly Mp4Codec[], options: SegmenterOptions) {
    this.#codecs = [...codecs]
    this.#options = options
    this.#leader = Math.max(
      0,
      codecs.findIndex((codec) => codec.kind === 'video'),
    )
    this.#date = new ProgramDate(options.wallClockMs)
    this.window = new SegmentWindow(options.segmentCount, options.segmentDurationMs)
  }

  /** Codecs of the newest init segment. */
  get codecs(): readonly Mp4Codec[] {
    return this.#codecs
  }

  /** Longest part that is made unless a single picture is longer, in seconds. */
  get partTargetS(): number {
    return (this.#options.partDurationMs / 1000) * PART_TOLERANCE
  }

  /** Pictures a second as the timestamps tell, or undefined while they do not. */
  get frameRate(): number | undefined {
    const leader = this.#buffers[this.#leader]
    return leader && leader.lastDuration > 1 ? leader.track.codec.clockRate / leader.lastDuration : undefined
  }

  /** New parameters of a track's codec. Nothing is written until the next key frame if they differ from the old ones. */
  setCodec(track: number, codec: Mp4Codec): void {
    const before = this.#codecs[track]
    if (before && sameParameters(before, codec)) return
    this.#codecs[track] = codec
    this.#codecsChanged = true
  }

  /**
   * @param track index into the codecs
   * @throws ProtocolError on the first unit after new parameters, if its parameters cannot be read
   */
  push(track: number, unit: MediaUnit): void {
    const codec = this.#codecs[track]
    if (!codec || this.window.ended) return
    const dts = unit.dts + TIMELINE_START_S * codec.clockRate
    if (dts < 0) return
    const leads = track === this.#leader
    if (!this.#init || this.#codecsChanged) {
      if (leads && unit.randomAccess) this.#begin(unit, dts)
      else return
    } else if (leads) {
      if (unit.randomAccess && this.#isGap(dts)) this.#begin(unit, dts)
      else this.#advance(unit, dts)
    }
    this.#buffers[track]?.push(unit, dts)
    if (!leads) this.#advanceWithoutLeader(unit, dts / codec.clockRate)
  }

  /** No unit comes any more. */
  end(): void {
    this.#finishSegment()
    this.window.end()
  }

  #isGap(dts: number): boolean {
    const buffer = this.#buffers[this.#leader]
    return buffer !== undefined && Math.abs(dts - buffer.end) > MAX_GAP_S * buffer.track.codec.clockRate
  }

  /** Starts, or starts anew after a gap or with new parameters. */
  #begin(unit: MediaUnit, dts: number): void {
    const first = !this.#init
    if (!first) {
      if (!this.#isGap(dts)) this.#buffers[this.#leader]?.settle(dts)
      this.#finishSegment()
    }
    const tracks = this.#codecs.map((codec, index) => ({ id: index + 1, codec }))
    if (!this.#init || this.#codecsChanged) this.#init = { index: this.#init ? this.#init.index + 1 : 0, bytes: encodeInitSegment(tracks) }
    this.#codecsChanged = false
    const startS = dts / (this.#codecs[this.#leader] as Mp4Codec).clockRate
    // ffmpeg does not read an init segment that comes later.
    const inBand = this.#init.index > 0
    this.#buffers = tracks.map((track) => new TrackBuffer(track, Math.round(startS * track.codec.clockRate), inBand))
    this.#openSegment(startS, unit.arrivalMs, !first)
  }

  /** Cuts before a unit of the leading track where it is time. */
  #advance(unit: MediaUnit, dts: number): void {
    const buffer = this.#buffers[this.#leader]
    if (!buffer) return
    buffer.settle(dts)
    const rate = buffer.track.codec.clockRate
    const nowS = dts / rate
    const durationS = nowS - this.#segmentStartS
    if ((unit.randomAccess && durationS >= this.#options.segmentDurationMs / 1000 - SEGMENT_SLACK_S) || this.#isTooLong(durationS)) {
      this.#cutPart(nowS)
      this.#openSegment(nowS, unit.arrivalMs, false)
    } else if (nowS + buffer.lastDuration / rate - this.#partStartS > this.partTargetS || this.#waitingBytes() > MAX_PART_BYTES) this.#cutPart(nowS)
  }

  /** Cuts by another track's time when the leading one stalls, so that what has come can be played. */
  #advanceWithoutLeader(unit: MediaUnit, nowS: number): void {
    const cutS = nowS - LEADER_LATE_S
    if (cutS - this.#partStartS <= this.partTargetS && this.#waitingBytes() <= MAX_PART_BYTES) return
    this.#cutPart(Math.max(cutS, this.#partStartS))
    if (this.#isTooLong(cutS - this.#segmentStartS)) this.#openSegment(cutS, unit.arrivalMs - LEADER_LATE_S * 1000, false)
  }

  #isTooLong(durationS: number): boolean {
    return durationS >= MAX_SEGMENT_S || (this.window.open?.byteLength ?? 0) + this.#waitingBytes() > MAX_SEGMENT_BYTES
  }

  #waitingBytes(): number {
    let bytes = 0
    for (const buffer of this.#buffers) bytes += buffer.bytes
    return bytes
  }

  #openSegment(startS: number, arrivalMs: number, discontinuity: boolean): void {
    if (!this.#init) return
    this.window.closeSegment()
    if (discontinuity) this.#date.reset()
    this.window.openSegment(this.#init, discontinuity, this.#date.at(startS, arrivalMs))
    this.#segmentStartS = startS
    this.#partStartS = startS
  }

  /** Writes all that waits. */
  #finishSegment(): void {
    for (const buffer of this.#buffers) buffer.flush()
    const leader = this.#buffers[this.#leader]
    if (leader) this.#cutPart(leader.end / leader.track.codec.clockRate, true)
  }

  /**
   * Makes a part of the samples before `cutS`.
   * @param all also of those after it
   */
  #cutPart(cutS: number, all = false): void {
    const independent = this.#buffers[this.#leader]?.startsWithSync === true
    const runs: TrackRun[] = []
    this.#buffers.forEach((buffer, index) => {
      const rate = buffer.track.codec.clockRate
      if (index !== this.#leader) buffer.bridgeStall(Math.round(cutS * rate), SILENCE_AFTER_S * rate)
      const run = buffer.take(all || index === this.#leader ? Number.POSITIVE_INFINITY : Math.round(cutS * rate))
      if (run) runs.push(run)
    })
    if (runs.length === 0) return
    // The cut lies before the part's start when the leading track comes back late; the clock of the playlist stands until it has caught up.
    const durationS = Math.max(0.001, cutS - this.#partStartS)
    this.window.addPart(encodeFragment(++this.#fragment, runs), durationS, independent)
    this.#partStartS = Math.max(this.#partStartS, cutS)
  }
}

const sameParameters = (a: Mp4Codec, b: Mp4Codec): boolean => {
  if (a.name === 'h264') return b.name === 'h264' && sameBytes(a.sps, b.sps) && sameBytes(a.pps, b.pps)
  if (a.name === 'h265') return b.name === 'h265' && sameBytes(a.vps, b.vps) && sameBytes(a.sps, b.sps) && sameBytes(a.pps, b.pps)
  if (a.name === 'vp9') return b.name === 'vp9' && a.profile === b.profile && isSamePicture(a.picture, b.picture)
  if (a.name === 'av1') return b.name === 'av1' && sameBytes(a.sequenceHeader, b.sequenceHeader)
  if (a.name === 'aac') return b.name === 'aac' && sameBytes(a.config, b.config)
  return b.name === 'opus' && a.channels === b.channels
}
