/**
 * WHEP viewers of a stream of 2 Mbit/s that comes in by RTSP over TCP: the server's CPU time for each packet that it sends,
 * the delay that it adds, and its memory for each viewer.
 *
 *     node bench/whep.ts [--paced] [viewers…]      default: 50 100 200
 *
 * The pictures come in bursts, as encoders send them, so a viewer's packets wait for those of the picture that go to the others:
 * most of the delay is that. With --paced the packets come one by one.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cpuMs, rssBytes } from './rtmp/proc.ts'
import { pidOf, stopChild } from './rtmp/process.ts'
import type { ServerPorts } from './whep/millrace-server.ts'
import { Publisher } from './whep/publisher.ts'
import type { ViewersCommand, ViewersReport } from './whep/viewers.ts'

/** Of so many packets of a viewer one is decrypted and its tag checked; of all of them the header and the sequence. Probes check all. */
const CHECK_ONE_OF = 8
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

/**
 * Viewers that measure the delay, in a process that does little else: in the one with all the others a packet waits for its turn.
 * They join between the others, so that all places of the server's loop are measured.
 */
const PROBES = 5

/** @returns whether nothing was lost and nothing was wrong */
const measure = async (count: number): Promise<boolean> => {
  const server = start('whep/millrace-server.ts')
  const viewers = start('whep/viewers.ts')
  const probes = start('whep/viewers.ts')
  let publisher: Publisher | undefined
  try {
    const pid = await pidOf(server)
    const [ports] = (await once(server, 'message')) as [ServerPorts]
    publisher = await Publisher.start(ports.rtsp, 'bench', values.paced)
    await sleep(SETTLE_MS)
    const rssBefore = await rssBytes(pid)
    const url = `http://127.0.0.1:${ports.http}/bench/whep`
    await tell(probes, { type: 'connect', url, count: 1, checkOneOf: 1 })
    for (let probe = 1; probe < PROBES; probe++) {
      await tell(viewers, { type: 'connect', url, count: Math.round((count - PROBES) / (PROBES - 1)), checkOneOf: CHECK_ONE_OF })
      await tell(probes, { type: 'connect', url, count: 1, checkOneOf: 1 })
    }
    await sleep(SETTLE_MS)
    await Promise.all([tell(viewers, { type: 'reset' }), tell(probes, { type: 'reset' })])
    const cpuBefore = await cpuMs(pid)
    await sleep(MEASURE_MS)
    const cpu = (await cpuMs(pid)) - cpuBefore
    const [crowd, probed] = await Promise.all([tell(viewers, { type: 'report' }), tell(probes, { type: 'report' })])
    const served = crowd.viewers + probed.viewers
    const received = crowd.received + probed.received
    const lost = crowd.missing + probed.missing
    const faults = crowd.faults + probed.faults
    const memoryKb = ((await rssBytes(pid)) - rssBefore) / 1024 / served
    const delays = [...probed.delaysMs].sort((a, b) => a - b)
    await Promise.all([tell(viewers, { type: 'close' }), tell(probes, { type: 'close' })])
    console.log(
      [
        `${String(served).padStart(4)} viewers`,
        `${((cpu * 1000) / received).toFixed(2)} CPU us/packet`,
        `${((received * 1000) / MEASURE_MS / 1000).toFixed(1)}k packets/s`,
        `${((cpu / MEASURE_MS) * 100).toFixed(0)} % of a core`,
        `delay p50 ${percentile(delays, 0.5)} ms, p99 ${percentile(delays, 0.99)} ms`,
        `${memoryKb.toFixed(0)} kB/viewer`,
        `lost ${lost}`,
        `wrong ${faults}`,
      ].join('   '),
    )
    return lost === 0 && faults === 0
  } finally {
    publisher?.stop()
    await Promise.all([stopChild(server), stopChild(viewers), stopChild(probes)])
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
