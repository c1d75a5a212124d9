/**
 * Viewers that come, get their keys and go, so many a second, while 50 others watch: how many do, and what the others see of it.
 * Beside it Janus's streaming plugin, where it is installed.
 *
 *     node bench/whep-joins.ts [joins a second…]      default: 50 100 200
 *
 * Those who join do so from the same machine, with what the server and those who watch leave of it.
 */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startJanus } from './janus/janus-server.ts'
import { Crowd, type Measurement, ViewerProcess } from './whep/crowd.ts'
import { type Rival, startMillrace } from './whep/rival.ts'

const WATCHERS = 50
const MEASURE_MS = 10_000

const rates = process.argv.slice(2).map(Number)
if (rates.some((rate) => !Number.isInteger(rate) || rate < 1 || rate > 500)) {
  console.error('usage: node bench/whep-joins.ts [joins a second…], 1 to 500, as in node bench/whep-joins.ts 50 200')
  process.exit(2)
}

const line = (name: string, what: string, { delayP50Ms, delayP99Ms, lost, cpuMs, seconds }: Measurement): string =>
  [
    name.padEnd(9),
    what.padEnd(32),
    `delay p50 ${delayP50Ms.toFixed(2)} ms, p99 ${delayP99Ms.toFixed(2)} ms`,
    `lost ${lost}`,
    `${(cpuMs / seconds / 10).toFixed(0)} % of a core`,
  ].join('   ')

/** Measures what goes on meanwhile, and prints it. */
const observe = async (rival: Rival, crowd: Crowd, meanwhile: () => Promise<unknown>, what: (measured: Measurement) => string): Promise<Measurement> => {
  await rival.heldUp?.()
  const measured = await crowd.measure(meanwhile)
  const held = await rival.heldUp?.()
  const own = held ? `   of it the server's own work p99 ${held.p99Ms.toFixed(1)} ms, longest ${held.longestMs.toFixed(0)} ms` : ''
  console.log(line(rival.name, what(measured), measured) + own)
  return measured
}

const measure = async (start: (paced: boolean) => Promise<Rival>): Promise<void> => {
  const rival = await start(false)
  const crowd = new Crowd(rival)
  try {
    await crowd.join(WATCHERS)
    for (const asked of rates.length > 0 ? rates : [50, 100, 200]) {
      const quiet = await observe(
        rival,
        crowd,
        () => sleep(MEASURE_MS),
        () => 'nobody joins',
      )
      const joining = new ViewerProcess()
      joining.yieldToOthers()
      try {
        let joined = 0
        const joins = async (): Promise<void> => {
          joined = (await joining.tell({ type: 'churn', stream: rival.stream, ms: MEASURE_MS, perSecond: asked })).joined
        }
        const measured = await observe(rival, crowd, joins, ({ seconds }) => `${(joined / seconds).toFixed(0)} join a second of ${asked} asked`)
        const rate = joined / measured.seconds
        console.log(
          `${rival.name.padEnd(9)} ${((measured.cpuMs / measured.seconds - quiet.cpuMs / quiet.seconds) / rate).toFixed(1)} CPU ms for each who joins`,
        )
      } finally {
        await joining.stop()
      }
    }
    await crowd.leave()
  } finally {
    await crowd.stop()
    await rival.stop()
  }
}

await measure(startMillrace)
if (existsSync('/usr/bin/janus')) await measure(startJanus)
