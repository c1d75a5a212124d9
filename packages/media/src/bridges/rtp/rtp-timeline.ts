import { NTP_ZERO_MS } from '../../protocols/rtp/ntp.ts'
import { TimestampUnwrapper } from '../../protocols/rtp/unwrap.ts'

/** What differs this much from the times of arrival is nonsense, and a jump of timestamps by more is a new start of the sender's clock. */
const MAX_DISAGREEMENT_MS = 10_000

/** Tracks that are less than this off their sender reports are left alone: nobody notices it, but every step can be heard. */
const SYNC_TOLERANCE_MS = 20

/** Where one track stands on the timeline. */
class TrackClock {
  readonly clockRate: number
  readonly unwrapper = new TimestampUnwrapper()
  started = false
  /** Time on the timeline = unwrapped timestamp + offset, in ticks. Takes effect with the next picture or frame. */
  offsetTicks = 0
  /** Of the last packet. */
  timestamp32 = 0
  unwrapped = 0
  alignedTicks = 0
  arrivalMs = 0
  /** The timestamp at the publisher's zero, from RTP-Info. */
  rtpInfo: number | undefined
  /** The newest sender report that came before the first packet. */
  earlyReport: { readonly ntpMs: number; readonly timestamp: number } | undefined

  constructor(clockRate: number) {
    this.clockRate = clockRate
  }

  ticks(ms: number): number {
    return Math.round((ms * this.clockRate) / 1000)
  }

  ms(ticks: number): number {
    return (ticks * 1000) / this.clockRate
  }
}

/**
 * The one timeline of a publisher's tracks, whose RTP timestamps start at random values. Its zero is the first packet of any track, or what RTP-Info
 * says. A track is placed on it by RTP-Info, or else by the arrival of its first packet, and then by the wall clock of RTCP sender reports: the track
 * that reports first is the reference, the others follow it. Corrections only move tracks ahead: where one is ahead of the others, those are moved.
 */
export class RtpTimeline {
  readonly #tracks: readonly TrackClock[]
  /** When the timeline's zero arrived, or would have. */
  #zeroArrivalMs: number | undefined
  #reference: TrackClock | undefined
  /** The sender's wall clock at the timeline's zero, by the reference's newest report. */
  #wallZeroMs = 0

  /** @param clockRates of the RTP timestamps in hertz, by track index */
  constructor(clockRates: readonly number[]) {
    this.#tracks = clockRates.map((rate) => new TrackClock(rate))
  }

  /**
   * Tells the timestamp that the track has at the publisher's zero, RFC 2326 section 12.33. Counts only before the track's first packet.
   * @param rtptime 32 bits
   */
  setRtpInfo(trackIndex: number, rtptime: number): void {
    this.#clock(trackIndex).rtpInfo = rtptime
  }

  /**
   * @param ntpMs the sender's wall clock, in milliseconds since 1970
   * @param rtpTimestamp 32 bits, of the same moment
   */
  onSenderReport(trackIndex: number, ntpMs: number, rtpTimestamp: number): void {
    // A sender without a wall clock may say 0: RFC 3550 section 6.4.1.
    if (ntpMs <= NTP_ZERO_MS) return
    const clock = this.#clock(trackIndex)
    if (clock.started) this.#synchronize(clock, ntpMs, rtpTimestamp, false)
    else clock.earlyReport = { ntpMs, timestamp: rtpTimestamp }
  }

  /**
   * The time of a packet. Packets with the same timestamp in a row, as those of one picture, get the same time.
   * @param timestamp 32 bits
   * @returns ticks of the track's clock since the publisher's zero, not negative. Moves back only as the timestamps do, for pictures that are reordered.
   */
  align(trackIndex: number, nowMs: number, timestamp: number): number {
    const clock = this.#clock(trackIndex)
    if (!clock.started || timestamp !== clock.timestamp32) {
      const unwrapped = clock.unwrapper.unwrap(timestamp)
      if (clock.started) this.#bridgeJump(clock, nowMs, unwrapped)
      clock.timestamp32 = timestamp
      clock.unwrapped = unwrapped
      if (!clock.started) this.#start(clock, nowMs)
      clock.alignedTicks = Math.max(0, unwrapped + clock.offsetTicks)
    }
    clock.arrivalMs = nowMs
    return clock.alignedTicks
  }

  /** The sender's wall clock at a time of this timeline, both in milliseconds; undefined before the first sender report. */
  wallMs(timeMs: number): number | undefined {
    return this.#reference ? this.#wallZeroMs + timeMs : undefined
  }

  #clock(trackIndex: number): TrackClock {
    const clock = this.#tracks[trackIndex]
    if (!clock) throw new Error(`track ${trackIndex} of a timeline of ${this.#tracks.length}`)
    return clock
  }

  #start(clock: TrackClock, nowMs: number): void {
    clock.started = true
    const arrivedMs = this.#zeroArrivalMs === undefined ? 0 : nowMs - this.#zeroArrivalMs
    let timeMs = arrivedMs
    if (clock.rtpInfo !== undefined) {
      const infoMs = clock.ms((clock.timestamp32 - clock.rtpInfo) | 0)
      if (Math.abs(infoMs - arrivedMs) <= MAX_DISAGREEMENT_MS) timeMs = infoMs
    }
    this.#zeroArrivalMs ??= nowMs - timeMs
    clock.offsetTicks = clock.ticks(timeMs) - clock.unwrapped
    if (clock.earlyReport) this.#synchronize(clock, clock.earlyReport.ntpMs, clock.earlyReport.timestamp, true)
    const missing = -clock.ms(clock.unwrapped + clock.offsetTicks)
    if (missing > 0) {
      clock.offsetTicks = -clock.unwrapped
      this.#moveOthers(clock, missing)
    }
  }

  /** A sender that starts its clock anew goes on where it was, by the time that passed. One that catches up after a stall is not ahead of its arrival. */
  #bridgeJump(clock: TrackClock, nowMs: number, unwrapped: number): void {
    const stepMs = clock.ms(unwrapped - clock.unwrapped)
    const elapsedMs = nowMs - clock.arrivalMs
    const aheadMs = clock.ms(unwrapped + clock.offsetTicks) - (nowMs - (this.#zeroArrivalMs ?? nowMs))
    if (stepMs >= -MAX_DISAGREEMENT_MS && (stepMs <= elapsedMs + MAX_DISAGREEMENT_MS || aheadMs <= MAX_DISAGREEMENT_MS)) return
    clock.offsetTicks = clock.alignedTicks + Math.max(1, clock.ticks(elapsedMs)) - unwrapped
  }

  /** @param mayGoBack nothing of the track was written yet */
  #synchronize(clock: TrackClock, ntpMs: number, rtpTimestamp: number, mayGoBack: boolean): void {
    const sinceMs = clock.ms((rtpTimestamp - clock.timestamp32) | 0)
    if (Math.abs(sinceMs) > MAX_DISAGREEMENT_MS) return
    const wallZeroMs = ntpMs - sinceMs - clock.ms(clock.unwrapped + clock.offsetTicks)
    if (!this.#reference || clock === this.#reference) {
      this.#reference = clock
      this.#wallZeroMs = wallZeroMs
      return
    }
    const behindMs = wallZeroMs - this.#wallZeroMs
    if (Math.abs(behindMs) < SYNC_TOLERANCE_MS || Math.abs(behindMs) > MAX_DISAGREEMENT_MS) return
    if (behindMs > 0 || mayGoBack) clock.offsetTicks += clock.ticks(behindMs)
    else this.#moveOthers(clock, -behindMs)
  }

  /** Moves the timeline under a track that must not go back. */
  #moveOthers(clock: TrackClock, aheadMs: number): void {
    for (const other of this.#tracks) if (other !== clock && other.started) other.offsetTicks += other.ticks(aheadMs)
    if (this.#zeroArrivalMs !== undefined) this.#zeroArrivalMs -= aheadMs
    this.#wallZeroMs -= aheadMs
  }
}
