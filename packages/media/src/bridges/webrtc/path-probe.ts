/** How long it is looked whether a path carries more, in milliseconds: what comes through is measured over half a second. */
const PROBE_MS = 900
/** What has to come through for so long before it counts. */
const MEASURED_MS = 700
/** More than what is wanted, as pictures are uneven. */
const MARGIN = 1.1
/** Packets that wait for so long show that it does not, in milliseconds. */
const FULL_PEAK_MS = 60

/**
 * Fills the path up with packets that the viewer has already, to see whether it carries more than is sent, before pictures depend on it.
 * Only what is sent tells: an estimate does not rise far above it.
 */
export class PathProbe {
  readonly #startMs: number
  readonly #bps: number
  readonly #startOctets: number

  /**
   * @param bps what is wanted of the path
   * @param octets sent to the viewer up to now
   */
  constructor(nowMs: number, bps: number, octets: number) {
    this.#startMs = nowMs
    this.#bps = bps * MARGIN
    this.#startOctets = octets
  }

  /** Octets that are to be added now, after what was sent. */
  missing(nowMs: number, octets: number): number {
    return ((nowMs - this.#startMs) * this.#bps) / 8000 - (octets - this.#startOctets)
  }

  /** @param peakMs how long packets waited in the path of late */
  result(nowMs: number, peakMs: number): 'running' | 'wide' | 'narrow' {
    if (peakMs > FULL_PEAK_MS) return 'narrow'
    if (nowMs - this.#startMs < MEASURED_MS) return 'running'
    return nowMs - this.#startMs >= PROBE_MS ? 'wide' : 'running'
  }
}
