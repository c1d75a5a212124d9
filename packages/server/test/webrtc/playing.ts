/// <reference lib="dom" />
import type { Page } from 'playwright-core'

/** What a player's statistics say about a span of time. */
export type Playing = {
  readonly received: number
  readonly decoded: number
  /** Longest time without a decoded picture, in milliseconds, to a twentieth of a second. */
  readonly longestGapMs: number
  readonly freezes: number
  readonly freezesMs: number
  readonly keyFrames: number
  readonly retransmitted: number
  readonly nacks: number
  readonly plis: number
}

/** Watches a page that `watch` opened play for some time. */
export const observe = (page: Page, seconds: number): Promise<Playing> =>
  page.evaluate(async (spanMs) => {
    const peer = Reflect.get(globalThis, 'millracePeer') as RTCPeerConnection
    const video = async (): Promise<Record<string, number>> => {
      const found: Record<string, number> = {}
      for (const entry of (await peer.getStats()).values()) if (entry.type === 'inbound-rtp' && entry.kind === 'video') Object.assign(found, entry)
      return found
    }
    const before = await video()
    let last = before
    let lastMs = performance.now()
    let longestGapMs = 0
    for (const endMs = lastMs + spanMs; performance.now() < endMs; ) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      const now = await video()
      const nowMs = performance.now()
      longestGapMs = Math.max(longestGapMs, nowMs - lastMs)
      if (now.framesDecoded !== last.framesDecoded) lastMs = nowMs
      last = now
    }
    const grown = (name: string): number => (last[name] ?? 0) - (before[name] ?? 0)
    return {
      received: grown('framesReceived'),
      decoded: grown('framesDecoded'),
      longestGapMs: Math.round(longestGapMs),
      freezes: grown('freezeCount'),
      freezesMs: Math.round(grown('totalFreezesDuration') * 1000),
      keyFrames: grown('keyFramesDecoded'),
      retransmitted: grown('retransmittedPacketsReceived'),
      nacks: grown('nackCount'),
      plis: grown('pliCount'),
    }
  }, seconds * 1000)
