/**
 * WHEP viewers of a stream of 2 Mbit/s that comes in by RTSP over TCP: the server's CPU time for each packet that it sends,
 * the delay that it adds, and its memory for each viewer.
 *
 *     node bench/whep.ts [--paced] [viewers…]      default: 50 100 200
 *
 * The pictures come in bursts, as encoders send them, so a viewer's packets wait for those of the picture that go to the others:
 * most of the delay is that. With --paced the packets come one by one.
 */
import { CHECK_ONE_OF, measurementLine, PROBES } from './whep/crowd.ts'
import { measure, readArguments } from './whep/measure.ts'
import { startMillrace } from './whep/rival.ts'

const { paced, counts } = readArguments('bench/whep.ts')
console.log(`every packet's header and sequence are checked, the authentication of one in ${CHECK_ONE_OF}; ${PROBES} viewers check all, and measure the delay`)
for (const count of counts) {
  const measured = await measure(await startMillrace(paced), count)
  console.log(measurementLine(measured))
  if (measured.lost > 0 || measured.faults > 0) process.exitCode = 1
}
