/**
 * Viewers that come and go as fast as they can while 50 others watch: how many join in a second, and what the others see of it.
 * Beside it Janus's streaming plugin, where it is installed.
 *
 *     node bench/whep-joins.ts [joining at once…]      default: 20 50 100
 *
 * The handshakes of those who join are made in JavaScript on the same machine, so that the rate is at most what is left for them.
 */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startJanus } from './janus/janus-server.ts'
import { Crowd, type Measurement, ViewerProcess } from './whep/crowd.ts'
import { type Rival, startMillrace } from './whep/rival.ts'

const WATCHERS = 50
const MEASURE_MS = 10_000

const counts = process.argv.slice(2).map(Number)
if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > 200)) {
  console.error('usage: node bench/whep-joins.ts [joining at once…], 1 to 200, as in node bench/whep-joins.ts 20 100')
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

const measure = async (start: (paced: boolean) => Promise<Rival>): Promise<void> => {
  const rival = await start(false)
  const crowd = new Crowd(rival)
  try {
    await crowd.join(WATCHERS)
    const quiet = await crowd.measure(() => sleep(MEASURE_MS))
    console.log(line(rival.name, 'nobody joins', quiet))
    for (const atOnce of counts.length > 0 ? counts : [20, 50, 100]) {
      const joining = new ViewerProcess()
      joining.yieldToOthers()
      try {
        let joined = 0
        const measured = await crowd.measure(async () => {
          joined = (await joining.tell({ type: 'churn', stream: rival.stream, ms: MEASURE_MS, atOnce })).joined
        })
        const rate = joined / measured.seconds
        console.log(line(rival.name, `${rate.toFixed(0)} join a second, ${atOnce} at once`, measured))
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
