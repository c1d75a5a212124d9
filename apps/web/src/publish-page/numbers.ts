import { codecLabel } from '@millrace/client/publish-codecs.ts'
import type { PublishStatistics } from '@millrace/client/publish-statistics.ts'
import { make } from '../dom.ts'
import { bitrateWords } from './choices.ts'

const LIMITS: Readonly<Record<string, string>> = { cpu: 'this computer is too slow', bandwidth: 'the network is too slow', other: 'the browser' }

/** Browsers begin with a low rate and climb; until then the network is not to blame. */
const CLIMB_MS = 10_000

/** The live numbers: two samples make a rate. */
export class Numbers {
  readonly #list: HTMLDListElement
  #sinceMs: number | undefined
  #before: { readonly atMs: number; readonly statistics: PublishStatistics } | undefined

  constructor(list: HTMLDListElement) {
    this.#list = list
  }

  /** A new session counts from zero. */
  reset(): void {
    this.#before = undefined
    this.#sinceMs = undefined
  }

  show(atMs: number, statistics: PublishStatistics): void {
    this.#sinceMs ??= atMs
    const isClimbing = atMs - this.#sinceMs < CLIMB_MS
    const before = this.#before
    this.#before = { atMs, statistics }
    const rate = (key: 'videoBytes' | 'audioBytes'): string => {
      const now = statistics[key]
      const then = before?.statistics[key]
      return before === undefined || now === undefined || then === undefined || now < then ? '–' : bitrateWords(((now - then) * 8000) / (atMs - before.atMs))
    }
    const { frameWidth, frameHeight, framesPerSecond, videoCodec, roundTripMs, fractionLost } = statistics
    const limitedBy = statistics.limitedBy === 'bandwidth' && isClimbing ? undefined : statistics.limitedBy
    const rows: [term: string, value: string, warn?: boolean][] = [
      ['Picture', frameWidth === undefined ? '–' : `${frameWidth} × ${frameHeight}, ${framesPerSecond ?? 0}/s`],
      ['Video', `${rate('videoBytes')}${videoCodec ? ` · ${codecLabel(videoCodec.slice('video/'.length))}` : ''}`],
      ['Sound', rate('audioBytes')],
      ['Round trip', roundTripMs === undefined ? '–' : `${Math.round(roundTripMs)} ms`],
      ['Lost', fractionLost === undefined ? '–' : `${(fractionLost * 100).toFixed(1)} %`, (fractionLost ?? 0) > 0.02],
      ['Held back by', limitedBy === undefined ? 'nothing' : (LIMITS[limitedBy] ?? limitedBy), limitedBy !== undefined],
    ]
    this.#list.replaceChildren(...rows.map(([term, value, warn]) => make('div', warn ? { class: 'warn' } : {}, make('dt', {}, term), make('dd', {}, value))))
  }
}
