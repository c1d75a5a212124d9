import { monotonicMs, wallClockMs } from '../net/clock.ts'
import type { Running } from '../net/context.ts'
import type { SessionRegistry } from '../sessions/session-registry.ts'
import { LoopWatch } from './loop-watch.ts'
import { Statistics } from './statistics.ts'

const TICK_MS = 1000

/** Samples everybody once a second until it is closed. */
export const startStatistics = (sessions: SessionRegistry): Running & { readonly statistics: Statistics } => {
  const statistics = new Statistics(sessions, wallClockMs)
  const loop = new LoopWatch()
  const timer = setInterval(() => statistics.tick(monotonicMs(), loop.take()), TICK_MS)
  return {
    statistics,
    close: async () => {
      clearInterval(timer)
      loop.close()
    },
  }
}
