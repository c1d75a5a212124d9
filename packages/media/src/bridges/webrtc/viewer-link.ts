import { BandwidthEstimator } from '../../protocols/congestion/bandwidth-estimator.ts'
import { ReportEstimator, type ReportedTrack } from '../../protocols/congestion/report-estimator.ts'
import { SendHistory } from '../../protocols/congestion/send-history.ts'
import type { TransportFeedback } from '../../protocols/rtp/transport-feedback.ts'
import { PictureTally } from './picture-tally.ts'

/** What is sent to a viewer now, from all to least. */
export type ViewerLevel = 'full' | 'no-b' | 'group-start' | 'key-frames'

/** What the whole stream takes, in bits per second; more than any estimate while it is not known. */
export type StreamRate = { readonly streamBps: number }

/** Feedback is asked for so long after the start and after each sign of trouble, in milliseconds. */
const WATCH_MS = 20_000
/** A round trip that is longer than the shortest one by more than this means that something waits. */
const RTT_RISE_MS = 50
/** Of the estimate, what pictures may take: the rest is for sound, retransmissions and headers. */
const SHARE = 0.98
/**
 * How long a picture may wait here, in milliseconds, where sound and repetitions overtake it. Pictures of a group follow each other later and
 * later where the path is too narrow, until the next key frame is there and goes ahead; only long groups reach this bound.
 */
const MAX_WAIT_MS = 2500
/** A key frame does not go ahead of pictures that waited less. */
const MAX_WAIT_OVERTAKEN_MS = 150
/** After such a wait pictures that no other one needs are left out. */
const MAX_WAIT_DROPPABLE_MS = 60
const BURST_NARROW_BYTES = 5000
/** While the path shows no bound large pictures are spread all the same, as each burst may overflow some small queue. */
const PACE_UNBOUND_BPS = 80_000_000
/** What leaves at once: more than ordinary pictures have. */
const BURST_BYTES = 64_000
/**
 * At the start nothing is known of the path, and the pictures since the last key frame are more than a small queue holds: they leave at this
 * multiple of the stream's rate, twice as fast after each feedback that all is well, until the path is taken for unbound.
 */
const START_MULTIPLE = 2
const LEAST_START_BPS = 4_000_000
const BURST_START_BYTES = 16_000
/** Nothing is sent for so long at the most, so that a queue in the path gets empty. */
const MAX_DRAIN_MS = 250
/** Packets that waited for so long show what the path carries, in milliseconds. */
const FULL_PEAK_MS = 60
/** Bits per second for retransmissions while the path is too narrow, of the estimate. */
const REPEAT_SHARE = 0.25
/** The estimate has to be above what the stream needs by this much before all is sent again. */
const CLIMB_MARGIN = 1.1
/** Who chooses layers is told of changes of the estimate from this share on. */
const NEWS = 0.03
/** Between two looks at a connection that is slow: it needs a while to show what the first one did. */
const SLOW_INTERVAL_MS = 1000
/** A packet that TCP repeats makes others wait for about so long, which is no queue, in milliseconds. */
const TCP_REPEAT_MS = 300
const HOLD_OFF_MS = 5000
const MAX_HOLD_OFF_MS = 60_000
/** A climb after which the path was too narrow again within this time came too early: the next one waits twice as long. */
const FAILED_CLIMB_MS = 15_000
/** A viewer that sends no transport-wide feedback for so long about so many packets will not, in milliseconds, though it said so. */
const NO_FEEDBACK_MS = 3000
const NO_FEEDBACK_PACKETS = 30

/**
 * The path to one viewer: what it carries, and what is therefore left out. Feedback costs more than it tells while all is well, so
 * packets carry the count that asks for it only at the start and after signs of trouble.
 */
export class ViewerLink {
  /** Packets carry the transport-wide count now. */
  isWatched = false
  /** Pictures have to fit the estimate. */
  isNarrow = false
  /** Octets of pictures sent, with headers and repetitions. */
  octets = 0
  /** Octets that may leave now. */
  paceBytes = BURST_BYTES
  rttMs: number | undefined
  readonly history: SendHistory | undefined
  readonly tally = new PictureTally()
  /** `targetBps` changed by more than a little: who chooses layers looks again. Called while feedback is handled. */
  onTarget: ((nowMs: number) => void) | undefined
  readonly #estimator: BandwidthEstimator | undefined
  /** Of a viewer that sends no transport-wide feedback. */
  #byReports: ReportEstimator | undefined
  /** When feedback came last, or could begin to come, and the count of packets then. */
  #feedbackMs = 0
  #feedbackCount = 0
  /** Bits per second at which pictures leave while the path is not narrow. */
  #paceBps = PACE_UNBOUND_BPS
  #watchUntilMs = 0
  #leastRttMs = Number.POSITIVE_INFINITY
  #pacedMs = Number.NEGATIVE_INFINITY
  #sawDecreaseMs = Number.NEGATIVE_INFINITY
  #climbedMs = Number.NEGATIVE_INFINITY
  #holdOffMs = HOLD_OFF_MS
  #toldBps = Number.POSITIVE_INFINITY
  readonly #stream: StreamRate

  /** @param canReport the viewer sends transport-wide feedback; without it receiver reports have to tell what the path carries */
  constructor(canReport: boolean, stream: StreamRate) {
    this.#stream = stream
    if (!canReport) {
      this.#byReports = new ReportEstimator()
      return
    }
    this.history = new SendHistory()
    this.#estimator = new BandwidthEstimator()
    const { streamBps } = stream
    this.#paceBps = Math.min(PACE_UNBOUND_BPS, Math.max(LEAST_START_BPS, Number.isFinite(streamBps) ? streamBps * START_MULTIPLE : 0))
  }

  /** Bits per second; undefined while the path has shown no bound. */
  get estimateBps(): number | undefined {
    const estimateBps = (this.#byReports ?? this.#estimator)?.estimateBps
    return estimateBps === undefined || estimateBps === Number.POSITIVE_INFINITY ? undefined : estimateBps
  }

  /** What pictures may take, in bits per second: layers are chosen by it. Infinite while the path has shown no bound, or is wide again. */
  get targetBps(): number {
    return this.isNarrow && this.estimateBps !== undefined ? this.estimateBps * SHARE : Number.POSITIVE_INFINITY
  }

  /** How long packets waited in the path's queue at most of late, in milliseconds. */
  get waitedMs(): number {
    const { peakMs = 0, isPatient = false } = this.#estimator?.trend ?? {}
    return isPatient ? Math.max(0, peakMs - TCP_REPEAT_MS) : peakMs
  }

  /** What was sent of late came through without waiting: so much the path carries. */
  proved(): void {
    const estimator = this.#estimator
    if (estimator) estimator.estimateBps = Math.max(estimator.estimateBps, estimator.receivedBps)
  }

  get level(): ViewerLevel {
    return this.isNarrow ? this.tally.level : 'full'
  }

  /** Why not everything is sent, for people; undefined while everything is. */
  get reason(): string | undefined {
    return this.level === 'full' ? undefined : this.path
  }

  /** What the path does, for people; undefined while it has shown no bound. */
  get path(): string | undefined {
    const { estimateBps } = this
    if (estimateBps === undefined || !this.isNarrow) return undefined
    const sign = (this.#byReports ?? this.#estimator)?.lastDecrease?.why === 'loss' ? 'packets are lost' : 'packets wait'
    const { streamBps } = this.#stream
    // Not known in the first moments of a narrow path.
    const of = Number.isFinite(streamBps) ? ` of ${megabits(streamBps)}` : ''
    return `${sign} on the way to the viewer, which carries about ${megabits(estimateBps)}${of} Mbit/s`
  }

  /** A sign that packets are lost or late, or the start: feedback is wanted for a while. */
  watch(nowMs: number): void {
    if (!this.history) return
    if (!this.isWatched) this.#expectFeedback(nowMs)
    this.isWatched = true
    this.#watchUntilMs = nowMs + WATCH_MS
  }

  /** @param lost the report tells of loss */
  handleReport(nowMs: number, rttMs: number | undefined, lost: boolean): void {
    if (rttMs !== undefined) {
      this.rttMs = rttMs
      this.#leastRttMs = Math.min(this.#leastRttMs, rttMs)
    }
    if (lost || (rttMs !== undefined && rttMs > this.#leastRttMs + RTT_RISE_MS)) this.watch(nowMs)
    else if (nowMs > this.#watchUntilMs && !this.isNarrow) this.isWatched = false
  }

  /** The same, of a track with pictures. */
  handleVideoReport(nowMs: number, track: ReportedTrack): void {
    if (!this.#byReports && this.#lacksFeedback(nowMs)) {
      this.#byReports = new ReportEstimator()
      this.#paceBps = PACE_UNBOUND_BPS
    }
    if (!this.#byReports) return
    this.#byReports.onReport(nowMs, track)
    this.#follow(nowMs, this.#byReports)
  }

  /** What the viewer takes at most, in bits per second: counts where it tells nothing better. */
  handleRemb(nowMs: number, bitrateBps: number): void {
    if (!this.#byReports) return
    this.#byReports.onRemb(nowMs, bitrateBps, this.#stream.streamBps)
    this.#follow(nowMs, this.#byReports)
  }

  #lacksFeedback(nowMs: number): boolean {
    const count = this.history?.next ?? 0
    return this.isWatched && nowMs - this.#feedbackMs > NO_FEEDBACK_MS && count - this.#feedbackCount > NO_FEEDBACK_PACKETS
  }

  #expectFeedback(nowMs: number): void {
    this.#feedbackMs = nowMs
    this.#feedbackCount = this.history?.next ?? 0
  }

  /** @param isByTcp packets come late together where TCP repeats one, which is no queue */
  handleFeedback(nowMs: number, feedback: TransportFeedback, isByTcp = false): void {
    const estimator = this.#estimator
    if (!estimator || !this.history) return
    this.#expectFeedback(nowMs)
    this.#byReports = undefined
    estimator.trend.isPatient = isByTcp
    estimator.onFeedback(nowMs, feedback, this.history, this.rttMs ?? 0)
    if (this.#paceBps < PACE_UNBOUND_BPS && !this.isNarrow) this.#quicken(nowMs, estimator)
    this.#follow(nowMs, estimator)
  }

  /** A connection did not take what it was given: what came through of late is what the path carries. Feedback tells it later, as that waits too. */
  handleSlowness(nowMs: number): void {
    this.watch(nowMs)
    const estimator = this.#estimator
    if (!estimator || estimator.receivedBps === 0 || nowMs - this.#sawDecreaseMs < SLOW_INTERVAL_MS) return
    estimator.slow(nowMs)
    this.#follow(nowMs, estimator)
  }

  #follow(nowMs: number, estimator: BandwidthEstimator | ReportEstimator): void {
    const decreasedMs = estimator.lastDecrease?.atMs ?? Number.NEGATIVE_INFINITY
    if (decreasedMs > this.#sawDecreaseMs) this.#narrow(nowMs, decreasedMs)
    else if (this.isNarrow) this.#climb(nowMs, estimator)
    const { targetBps } = this
    if (targetBps === this.#toldBps || Math.abs(targetBps - this.#toldBps) < this.#toldBps * NEWS) return
    this.#toldBps = targetBps
    this.onTarget?.(nowMs)
  }

  /**
   * Whether a picture is still worth sending.
   * @param lateMs how long it waited here
   * @param need of it: others need it, there is a newer key frame, no other needs it
   */
  hasTimeFor(lateMs: number, need: 'needed' | 'overtaken' | 'droppable'): boolean {
    return lateMs <= (need === 'needed' ? MAX_WAIT_MS : need === 'overtaken' ? MAX_WAIT_OVERTAKEN_MS : MAX_WAIT_DROPPABLE_MS)
  }

  /** What is sent leaves at the pace of the path, so that nothing waits in it; otherwise there is no hurry to be slow. */
  get isPaced(): boolean {
    return this.isNarrow || this.#paceBps < PACE_UNBOUND_BPS
  }

  /** Time went on: more may leave. */
  refill(nowMs: number): void {
    const paceBps = (this.isNarrow ? this.estimateBps : undefined) ?? this.#paceBps
    const burst = this.isNarrow ? BURST_NARROW_BYTES : this.#paceBps < PACE_UNBOUND_BPS ? BURST_START_BYTES : BURST_BYTES
    const bytesPerMs = paceBps / 8000
    // The first time is at the start: the sum is cut to the burst.
    this.paceBytes = Math.min(burst, this.paceBytes + (nowMs - this.#pacedMs) * bytesPerMs)
    this.#pacedMs = nowMs
  }

  /** Bytes per second that retransmissions may take; undefined: their own bound is enough. */
  get repeatBytesPerSecond(): number | undefined {
    return this.isNarrow && this.estimateBps !== undefined ? (this.estimateBps * REPEAT_SHARE) / 8 : undefined
  }

  #narrow(nowMs: number, decreasedMs: number): void {
    this.#sawDecreaseMs = decreasedMs
    this.watch(nowMs)
    // What waits in the path has to leave it first.
    const standingMs = Math.min(MAX_DRAIN_MS, this.#estimator?.trend.standingMs ?? 0)
    // All that there is may fit still.
    if (!this.isNarrow && (this.estimateBps ?? 0) > this.#stream.streamBps * CLIMB_MARGIN) return
    this.paceBytes = Math.min(this.paceBytes, -((this.estimateBps ?? 0) * standingMs) / 8000)
    if (this.isNarrow) return
    this.isNarrow = true
    this.#holdOffMs = nowMs - this.#climbedMs < FAILED_CLIMB_MS ? Math.min(MAX_HOLD_OFF_MS, this.#holdOffMs * 2) : HOLD_OFF_MS
    this.tally.reset(nowMs)
  }

  /** The start: faster while nothing waits in the path, and otherwise what it carries is known. */
  #quicken(nowMs: number, estimator: BandwidthEstimator): void {
    if (estimator.waitedMs < FULL_PEAK_MS) {
      this.#paceBps = Math.min(PACE_UNBOUND_BPS, this.#paceBps * 2)
      return
    }
    const { capacityBps } = estimator
    if (capacityBps === undefined) return
    const { streamBps } = this.#stream
    if (Number.isFinite(streamBps) && capacityBps < streamBps) estimator.bound(nowMs)
    else this.#paceBps = Math.min(this.#paceBps, capacityBps)
  }

  #climb(nowMs: number, estimator: BandwidthEstimator | ReportEstimator): void {
    if (nowMs - this.#sawDecreaseMs < this.#holdOffMs) return
    const fits = estimator.estimateBps >= this.#stream.streamBps * CLIMB_MARGIN
    if (!fits) return
    this.isNarrow = false
    this.#paceBps = PACE_UNBOUND_BPS
    this.#climbedMs = nowMs
  }
}

const megabits = (bps: number): string => (bps / 1_000_000).toFixed(1)
