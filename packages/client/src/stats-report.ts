/** What a player tells the server about itself: names and units are those of WebRTC's statistics. */
export type PlayerReport = {
  /** The page's clock, in milliseconds. */
  readonly timeMs: number
  readonly framesReceived?: number
  readonly framesDecoded?: number
  readonly framesDropped?: number
  readonly freezeCount?: number
  readonly totalFreezesDuration?: number
  readonly jitterBufferDelay?: number
  readonly jitterBufferEmittedCount?: number
  readonly packetsLost?: number
  readonly frameWidth?: number
  readonly frameHeight?: number
}

const KEYS = [
  'framesReceived',
  'framesDecoded',
  'framesDropped',
  'freezeCount',
  'totalFreezesDuration',
  'jitterBufferDelay',
  'jitterBufferEmittedCount',
  'packetsLost',
  'frameWidth',
  'frameHeight',
] as const satisfies readonly (keyof PlayerReport)[]

/**
 * @param stats what `getStats` of a receiving peer connection gives
 * @returns undefined while no video comes
 */
export const playerReportOf = (stats: Iterable<readonly [string, object]>, timeMs: number): PlayerReport | undefined => {
  for (const [, entry] of stats) {
    const found = entry as Readonly<Record<string, unknown>>
    if (found.type !== 'inbound-rtp' || found.kind !== 'video') continue
    return { timeMs, ...Object.fromEntries(KEYS.filter((key) => typeof found[key] === 'number').map((key) => [key, found[key]])) }
  }
  return undefined
}

/** Longest reason that is shown. */
const MAX_REASON = 300

/** The answers of a server that does not take reports, or has forgotten the session. */
const FINAL = [401, 403, 404, 405]

type Post = (url: string, body: string) => Promise<{ readonly status: number; json(): Promise<unknown> }>

/** Posts reports to a session's resource, `RESOURCE/report`, until the server does not want them. */
export class StatsReporter {
  readonly #post: Post
  #refusedBy: string | undefined

  constructor(post: Post = postJson) {
    this.#post = post
  }

  /**
   * @param resourceUrl of the WHEP session; undefined before there is one
   * @returns why the server sends less than there is, for people; undefined if it sends all, null if it did not say
   */
  async report(resourceUrl: string | undefined, report: PlayerReport | undefined): Promise<string | undefined | null> {
    if (resourceUrl === undefined || report === undefined || resourceUrl === this.#refusedBy) return null
    try {
      const response = await this.#post(`${resourceUrl}/report`, JSON.stringify(report))
      if (FINAL.includes(response.status)) this.#refusedBy = resourceUrl
      if (response.status === 204) return undefined
      return response.status === 200 ? reducedOf(await response.json()) : null
    } catch {
      // The next one may get through; the picture does not depend on it.
      return null
    }
  }
}

/** `{"reduced":"packets are lost on the way …"}` */
const reducedOf = (answer: unknown): string | undefined =>
  typeof answer === 'object' && answer !== null && 'reduced' in answer && typeof answer.reduced === 'string' ? answer.reduced.slice(0, MAX_REASON) : undefined

const postJson: Post = (url, body) =>
  fetch(url, { method: 'POST', keepalive: true, headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(2000) })
