import { z } from 'zod'
import type { Sample } from './columns.ts'

const counter = z.number().min(0).max(Number.MAX_SAFE_INTEGER)

/** What a player tells about itself: names and units of WebRTC's statistics of the incoming video (`inbound-rtp`). */
export const playerReportSchema = z.object({
  /** The player's own clock in milliseconds; it must rise. */
  timeMs: counter,
  framesReceived: counter.optional(),
  framesDecoded: counter.optional(),
  framesDropped: counter.optional(),
  freezeCount: counter.optional(),
  /** Seconds. */
  totalFreezesDuration: counter.optional(),
  /** Seconds, summed up over all that left the buffer. */
  jitterBufferDelay: counter.optional(),
  jitterBufferEmittedCount: counter.optional(),
  /** Negative when there were more duplicates than losses. */
  packetsLost: z.number().int().optional(),
  frameWidth: counter.optional(),
  frameHeight: counter.optional(),
})

export type PlayerReport = z.infer<typeof playerReportSchema>

export const MAX_REPORT_BYTES = 4096
/** One report a second, with room for timers that are not exact. */
const MIN_INTERVAL_MS = 900
/** Rates are not known any more when the player is silent for so long: hidden pages report seldom. */
const SILENT_MS = 6000

/** Makes samples of one player's reports. */
export class PlayerMeter {
  #last: PlayerReport | undefined
  #lastMs = Number.NEGATIVE_INFINITY
  /** Per second, as of the last two reports. */
  #rates: Sample = {}
  /** Since the last sample. */
  #freezes = 0
  #frozenMs = 0
  #lost = 0

  /** @returns false if it came too early after the one before */
  push(nowMs: number, report: PlayerReport): boolean {
    if (nowMs - this.#lastMs < MIN_INTERVAL_MS) return false
    const last = this.#last
    if (last && report.timeMs > last.timeMs) {
      const rise = (key: Exclude<keyof PlayerReport, 'timeMs'>): number | undefined => {
        const now = report[key]
        return now === undefined ? undefined : Math.max(0, now - (last[key] ?? 0))
      }
      const perSecond = (key: 'framesReceived' | 'framesDecoded' | 'framesDropped'): number | undefined => {
        const risen = rise(key)
        return risen === undefined ? undefined : (risen * 1000) / (report.timeMs - last.timeMs)
      }
      const emitted = rise('jitterBufferEmittedCount') ?? 0
      this.#rates = {
        framesReceived: perSecond('framesReceived'),
        framesDecoded: perSecond('framesDecoded'),
        framesDropped: perSecond('framesDropped'),
        jitterBufferMs: emitted === 0 ? undefined : ((rise('jitterBufferDelay') ?? 0) * 1000) / emitted,
        frameHeight: report.frameHeight,
      }
      this.#freezes += rise('freezeCount') ?? 0
      this.#frozenMs += (rise('totalFreezesDuration') ?? 0) * 1000
      this.#lost += rise('packetsLost') ?? 0
    }
    this.#last = report
    this.#lastMs = nowMs
    return true
  }

  /** What the player reported, for one sample. */
  take(nowMs: number): Sample {
    if (nowMs - this.#lastMs > SILENT_MS) return {}
    const sample = { ...this.#rates, freezes: this.#freezes, frozenMs: this.#frozenMs, playerLost: this.#lost }
    this.#freezes = 0
    this.#frozenMs = 0
    this.#lost = 0
    return sample
  }
}
