/** Of the lateness, what the timestamps hide from the viewer; the rest the viewer sees, and holds sound back for it. */
const HIDDEN = 0.5
const MAX_FACTOR = 1.5
/** A group says how late its pictures become from this length and lateness on, in milliseconds. */
const LEAST_LENGTH_MS = 300
const LEAST_LATE_MS = 100

/**
 * How much later than it was made each picture of a group is where the path is too narrow, as the group before told. A player that sees all
 * of it holds the next key frame, which is in time, back by as much: a freeze in each group. So the time of the pictures is stretched.
 */
export class GroupStretch {
  #startTimestamp = 0
  #lengthMs = 0
  #lateMs = 0

  /**
   * A group begins.
   * @returns by how much its time is to be stretched; 1 if not at all
   */
  begin(timestamp: number): number {
    const isLate = this.#lengthMs >= LEAST_LENGTH_MS && this.#lateMs >= LEAST_LATE_MS
    const factor = isLate ? Math.min(MAX_FACTOR, 1 + (HIDDEN * this.#lateMs) / this.#lengthMs) : 1
    this.#startTimestamp = timestamp
    this.#lengthMs = 0
    this.#lateMs = 0
    return factor
  }

  /** A picture of the group goes out. @param lateMs how long it waited */
  add(timestamp: number, clockRate: number, lateMs: number): void {
    this.#lengthMs = ((timestamp - this.#startTimestamp) * 1000) / clockRate
    this.#lateMs = lateMs
  }
}
