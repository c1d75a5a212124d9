/**
 * WHEP viewers of a stream of 2 Mbit/s that comes in by RTSP over TCP: the server's CPU time for each packet that it sends,
 * the delay that it adds, and its memory for each viewer.
 *
 *     node bench/whep.ts [--paced] [viewers…]      default: 50 100 200
 *
 * The pictures come in bursts, as encoders send them, so a viewer's packets wait for those of the picture that go to the others:
 * most of the delay is that. With --paced the packets come one by one.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CHECK_ONE_OF, Crowd, measurementLine, PROBES } from './whep/crowd.ts'
import { startMillrace } from './whep/rival.ts'

const MEASURE_MS = 12_000

/** @returns whether nothing was lost and nothing was wrong */
const measure = async (count: number): Promise<boolean> => {
  const rival = await startMillrace(values.paced)
  const crowd = new Crowd(rival)
  try {
    await crowd.join(count)
    const measured = await crowd.measure(() => sleep(MEASURE_MS))
    await crowd.leave()
    console.log(measurementLine(measured))
    return measured.lost === 0 && measured.faults === 0
  } finally {
    await crowd.stop()
    await rival.stop()
  }
}

const { values, positionals } = parseArgs({ options: { paced: { type: 'boolean', default: false } }, allowPositionals: true })
const counts = positionals.map(Number)
if (counts.some((count) => !Number.isInteger(count) || count < 1)) {
  console.error('usage: node bench/whep.ts [--paced] [viewers…], as in node bench/whep.ts 50 200')
  process.exit(2)
}
console.log(`every packet's header and sequence are checked, the authentication of one in ${CHECK_ONE_OF}; ${PROBES} viewers check all, and measure the delay`)
for (const count of counts.length > 0 ? counts : [50, 100, 200]) if (!(await measure(count))) process.exitCode = 1
