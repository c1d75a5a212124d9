import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMs, rssBytes } from '../rtmp/proc.ts'
import { stopChild } from '../rtmp/process.ts'
import { type Rival, startProgram } from './rival.ts'
import type { ViewersCommand, ViewersReport } from './viewers.ts'

/** Of so many packets of a viewer one is decrypted and its tag checked; of all of them the header and the sequence. Probes check all. */
export const CHECK_ONE_OF = 8
/**
 * Viewers that measure the delay, in a process that does little else: in the one with all the others a packet waits for its turn.
 * They join between the others, so that all places of the server's loop are measured.
 */
export const PROBES = 5
const SETTLE_MS = 3000

/** What was seen in a while. */
export type Measurement = {
  readonly viewers: number
  readonly seconds: number
  readonly received: number
  readonly lost: number
  readonly faults: number
  readonly cpuMs: number
  readonly usPerPacket: number
  readonly delayP50Ms: number
  readonly delayP99Ms: number
  readonly memoryKbPerViewer: number
}

/** Viewers in a process of their own. */
export class ViewerProcess {
  readonly #child: ChildProcess = startProgram('viewers.ts')

  async tell(command: ViewersCommand): Promise<ViewersReport> {
    const over = new AbortController()
    const { signal } = over
    const ended = once(this.#child, 'exit', { signal }).then(() => Promise.reject(new Error('the viewers ended by themselves')))
    try {
      this.#child.send(command)
      const [report] = (await Promise.race([once(this.#child, 'message', { signal }), ended])) as [ViewersReport]
      return report
    } finally {
      over.abort()
    }
  }

  /** Takes only the time that the others leave, so that what it does itself does not count as delay of theirs. */
  yieldToOthers(): void {
    if (this.#child.pid !== undefined) setPriority(this.#child.pid, constants.priority.PRIORITY_LOW)
  }

  stop(): Promise<void> {
    return stopChild(this.#child)
  }
}

/** All who watch one server: many that only take what comes, and a few probes among them. */
export class Crowd {
  readonly #rival: Rival
  readonly #viewers = new ViewerProcess()
  readonly #probes = new ViewerProcess()
  #rssBefore = 0

  constructor(rival: Rival) {
    this.#rival = rival
  }

  /** @param count with the probes */
  async join(count: number): Promise<void> {
    await sleep(SETTLE_MS)
    const { pid, stream } = this.#rival
    this.#rssBefore = await rssBytes(pid)
    await this.#probes.tell({ type: 'connect', stream, count: 1, checkOneOf: 1 })
    for (let probe = 1; probe < PROBES; probe++) {
      const others = Math.round((count - PROBES) / (PROBES - 1))
      await this.#viewers.tell({ type: 'connect', stream, count: others, checkOneOf: CHECK_ONE_OF })
      await this.#probes.tell({ type: 'connect', stream, count: 1, checkOneOf: 1 })
    }
    await sleep(SETTLE_MS)
  }

  /** @param meanwhile what goes on while it is measured; its end ends the measurement */
  async measure(meanwhile: () => Promise<unknown>): Promise<Measurement> {
    const both = (type: 'reset' | 'report'): Promise<[ViewersReport, ViewersReport]> => Promise.all([this.#viewers.tell({ type }), this.#probes.tell({ type })])
    const { pid } = this.#rival
    await both('reset')
    const startMs = performance.now()
    const cpuBefore = await cpuMs(pid)
    await meanwhile()
    const cpu = (await cpuMs(pid)) - cpuBefore
    const seconds = (performance.now() - startMs) / 1000
    const [crowd, probed] = await both('report')
    const received = crowd.received + probed.received
    const delays = [...probed.delaysMs].sort((a, b) => a - b)
    return {
      viewers: crowd.viewers + probed.viewers,
      seconds,
      received,
      lost: crowd.missing + probed.missing,
      faults: crowd.faults + probed.faults,
      cpuMs: cpu,
      usPerPacket: (cpu * 1000) / received,
      delayP50Ms: percentile(delays, 0.5),
      delayP99Ms: percentile(delays, 0.99),
      memoryKbPerViewer: ((await rssBytes(pid)) - this.#rssBefore) / 1024 / (crowd.viewers + probed.viewers),
    }
  }

  async leave(): Promise<void> {
    await Promise.all([this.#viewers.tell({ type: 'close' }), this.#probes.tell({ type: 'close' })])
  }

  async stop(): Promise<void> {
    await Promise.all([this.#viewers.stop(), this.#probes.stop()])
  }
}

const percentile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

export const measurementLine = (measured: Measurement): string =>
  [
    `${String(measured.viewers).padStart(4)} viewers`,
    `${measured.usPerPacket.toFixed(2)} CPU us/packet`,
    `${(measured.received / measured.seconds / 1000).toFixed(1)}k packets/s`,
    `${(measured.cpuMs / measured.seconds / 10).toFixed(0)} % of a core`,
    `delay p50 ${measured.delayP50Ms.toFixed(2)} ms, p99 ${measured.delayP99Ms.toFixed(2)} ms`,
    `${measured.memoryKbPerViewer.toFixed(0)} kB/viewer`,
    `lost ${measured.lost}`,
    `wrong ${measured.faults}`,
  ].join('   ')
