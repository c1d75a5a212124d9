import type { ViewerLevel } from './viewer-link.ts'

/** What was left out is judged over two periods of this length, in milliseconds: longer than usual groups of pictures. */
const PERIOD_MS = 1500

type Period = { sent: number; keyFrames: number; droppedAlone: number; cut: number }

const empty = (): Period => ({ sent: 0, keyFrames: 0, droppedAlone: 0, cut: 0 })

/** Counts what a viewer with a narrow path gets and what is left out. */
export class PictureTally {
  /** Pictures left out since the start that no other one needs, and others. */
  droppedAlone = 0
  cut = 0
  #sinceMs = 0
  #now = empty()
  #before: Period | undefined

  reset(nowMs: number): void {
    this.#sinceMs = nowMs
    this.#now = empty()
    this.#before = undefined
  }

  onPicture(nowMs: number, fate: 'sent' | 'key-frame' | 'dropped-alone' | 'cut'): void {
    if (nowMs - this.#sinceMs >= PERIOD_MS) {
      this.#before = this.#now
      this.#now = empty()
      this.#sinceMs = nowMs
    }
    if (fate === 'sent') this.#now.sent++
    else if (fate === 'key-frame') this.#now.keyFrames++
    else if (fate === 'cut') {
      this.#now.cut++
      this.cut++
    } else {
      this.#now.droppedAlone++
      this.droppedAlone++
    }
  }

  get level(): ViewerLevel {
    const before = this.#before ?? this.#now
    if (before.cut + this.#now.cut > 0) return before.sent + this.#now.sent > 0 ? 'group-start' : 'key-frames'
    return before.droppedAlone + this.#now.droppedAlone > 0 ? 'no-b' : 'full'
  }
}
