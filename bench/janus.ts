/**
 * Millrace beside Janus's streaming plugin: the same viewers of the same 2 Mbit/s, CPU time for each packet that the server sends,
 * and the delay that it adds.
 *
 *     node bench/janus.ts [--paced] [viewers…]      default: 50 100 200
 *
 * Needs janus, as Debian has it.
 */
import { startJanus } from './janus/janus-server.ts'
import { type Measurement, measurementLine } from './whep/crowd.ts'
import { measure, readArguments } from './whep/measure.ts'
import { type Rival, startMillrace } from './whep/rival.ts'

const { paced, counts } = readArguments('bench/janus.ts')

const measureRival = async (rival: Rival, count: number): Promise<Measurement> => {
  const measured = await measure(rival, count)
  console.log(`${rival.name.padEnd(9)} ${measurementLine(measured)}`)
  return measured
}

for (const count of counts) {
  const janus = await measureRival(await startJanus(paced), count)
  const millrace = await measureRival(await startMillrace(paced), count)
  console.log(`ratio     ${String(count).padStart(4)} viewers   ${(millrace.usPerPacket / janus.usPerPacket).toFixed(2)}`)
}
