/**
 * WHEP viewers of a stream of 2 Mbit/s that comes in by RTSP over TCP: the server's CPU time for each packet that it sends,
 * the delay that it adds, and its memory for each viewer.
 *
 *     node bench/whep.ts [viewers…]      default: 50 100 200
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { cpuMs, rssBytes } from './rtmp/proc.ts'
import { pidOf, stopChild } from './rtmp/process.ts'
import type { ServerPorts } from './whep/millrace-server.ts'
import { Publisher } from './whep/publisher.ts'
import { CHECKED_ONE_OF } from './whep/viewer.ts'
import type { ViewersCommand, ViewersReport } from './whep/viewers.ts'

const SETTLE_MS = 3000
const MEASURE_MS = 12_000

const start = (file: string): ChildProcess => fork(fileURLToPath(new URL(file, import.meta.url)))

const tell = async (child: ChildProcess, command: ViewersCommand): Promise<ViewersReport> => {
  child.send(command)
  const exited = once(child, 'exit').then(() => Promise.reject(new Error('the viewers ended by themselves')))
  const [report] = (await Promise.race([once(child, 'message'), exited])) as [ViewersReport]
  return report
}

const percentile = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(2)

/** @returns whether nothing was lost and nothing was wrong */
const measure = async (count: number): Promise<boolean> => {
  const server = start('whep/millrace-server.ts')
  const viewers = start('whep/viewers.ts')
  let publisher: Publisher | undefined
  try {
    const pid = await pidOf(server)
    const [ports] = (await once(server, 'message')) as [ServerPorts]
    publisher = await Publisher.start(ports.rtsp, 'bench')
    await sleep(SETTLE_MS)
    const rssBefore = await rssBytes(pid)
    await tell(viewers, { type: 'connect', url: `http://127.0.0.1:${ports.http}/bench/whep`, count })
    await sleep(SETTLE_MS)
    await tell(viewers, { type: 'reset' })
    const cpuBefore = await cpuMs(pid)
    await sleep(MEASURE_MS)
    const cpu = (await cpuMs(pid)) - cpuBefore
    const report = await tell(viewers, { type: 'report' })
    const memoryKb = ((await rssBytes(pid)) - rssBefore) / 1024 / count
    const delays = [...report.delaysMs].sort((a, b) => a - b)
    await tell(viewers, { type: 'close' })
    console.log(
      [
        `${String(count).padStart(4)} viewers`,
        `${((cpu * 1000) / report.received).toFixed(2)} CPU us/packet`,
        `${((report.received * 1000) / MEASURE_MS / 1000).toFixed(1)}k packets/s`,
        `${((cpu / MEASURE_MS) * 100).toFixed(0)} % of a core`,
        `delay p50 ${percentile(delays, 0.5)} ms, p99 ${percentile(delays, 0.99)} ms`,
        `${memoryKb.toFixed(0)} kB/viewer`,
        `lost ${report.missing}`,
        `wrong ${report.faults}`,
      ].join('   '),
    )
    return report.missing === 0 && report.faults === 0 && report.viewers === count
  } finally {
    publisher?.stop()
    await Promise.all([stopChild(server), stopChild(viewers)])
  }
}

const counts = process.argv.slice(2).map(Number)
if (counts.some((count) => !Number.isInteger(count) || count < 1)) {
  console.error('usage: node bench/whep.ts [viewers…], as in node bench/whep.ts 50 200')
  process.exit(2)
}
console.log(`header and sequence of every packet are checked, authentication and delay of one packet in ${CHECKED_ONE_OF}`)
for (const count of counts.length > 0 ? counts : [50, 100, 200]) if (!(await measure(count))) process.exitCode = 1
