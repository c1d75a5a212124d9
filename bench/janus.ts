/**
 * Millrace beside Janus's streaming plugin: the same viewers of the same 2 Mbit/s, CPU time for each packet that the server sends,
 * and the delay that it adds.
 *
 *     node bench/janus.ts [--paced] [viewers…]      default: 50 100 200
 *
 * Needs janus, as Debian has it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startJanus } from './janus/janus-server.ts'
import { Crowd, type Measurement, measurementLine } from './whep/crowd.ts'
import { type Rival, startMillrace } from './whep/rival.ts'

const MEASURE_MS = 12_000

const measure = async (start: (paced: boolean) => Promise<Rival>, count: number): Promise<Measurement> => {
  const rival = await start(values.paced)
  const crowd = new Crowd(rival)
  try {
    await crowd.join(count)
    const measured = await crowd.measure(() => sleep(MEASURE_MS))
    await crowd.leave()
    console.log(`${rival.name.padEnd(9)} ${measurementLine(measured)}`)
    return measured
  } finally {
    await crowd.stop()
    await rival.stop()
  }
}

const { values, positionals } = parseArgs({ options: { paced: { type: 'boolean', default: false } }, allowPositionals: true })
const counts = positionals.map(Number)
if (counts.some((count) => !Number.isInteger(count) || count < 1)) {
  console.error('usage: node bench/janus.ts [--paced] [viewers…], as in node bench/janus.ts 50 200')
  process.exit(2)
}
for (const count of counts.length > 0 ? counts : [50, 100, 200]) {
  const janus = await measure(startJanus, count)
  const millrace = await measure(startMillrace, count)
  console.log(`ratio     ${String(count).padStart(4)} viewers   ${(millrace.usPerPacket / janus.usPerPacket).toFixed(2)}`)
}
