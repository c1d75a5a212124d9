/**
 * One viewer of 50 asks for packets again all the time, as from a network that loses nearly all: what the others see of it.
 * The measurements alternate, without it and with it, since other work of the machine moves the delay too.
 *
 *     node bench/whep-bad-viewer.ts [viewers]      default: 50
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Crowd, type Measurement, ViewerProcess } from './whep/crowd.ts'
import { startMillrace } from './whep/rival.ts'

const MEASURE_MS = 5000
const ROUNDS = 5

const count = Number(process.argv[2] ?? 50)
if (!Number.isInteger(count) || count < 10) {
  console.error('usage: node bench/whep-bad-viewer.ts [viewers], 10 or more')
  process.exit(2)
}
const median = (measured: readonly Measurement[], of: (one: Measurement) => number): number =>
  measured.map(of).sort((a, b) => a - b)[Math.floor(measured.length / 2)] ?? Number.NaN
const show = (name: string, measured: readonly Measurement[]): void => {
  const figure = (of: (one: Measurement) => number): string => median(measured, of).toFixed(2)
  const lost = measured.reduce((sum, one) => sum + one.lost, 0)
  console.log(
    `${name.padEnd(14)} median of ${measured.length}: p50 ${figure((one) => one.delayP50Ms)} ms   p99 ${figure((one) => one.delayP99Ms)} ms   lost ${lost}`,
  )
}

const rival = await startMillrace(false)
const crowd = new Crowd(rival)
try {
  await crowd.join(count - 1)
  const without: Measurement[] = []
  const withOne: Measurement[] = []
  for (let round = 0; round < ROUNDS; round++) {
    without.push(await crowd.measure(() => sleep(MEASURE_MS)))
    const bad = new ViewerProcess()
    try {
      await bad.tell({ type: 'connect', stream: rival.stream, count: 1, checkOneOf: Number.MAX_SAFE_INTEGER })
      await sleep(2000)
      await bad.tell({ type: 'complain' })
      await bad.tell({ type: 'reset' })
      withOne.push(await crowd.measure(() => sleep(MEASURE_MS)))
      const { received } = await bad.tell({ type: 'report' })
      console.log(`round ${round + 1}: the bad viewer got ${(received / (MEASURE_MS / 1000)).toFixed(0)} packets/s, others are sent 210`)
      await bad.tell({ type: 'close' })
    } finally {
      await bad.stop()
    }
  }
  show('without it', without)
  show('with it', withOne)
  const grown = median(withOne, (one) => one.delayP99Ms) / median(without, (one) => one.delayP99Ms) - 1
  console.log(`p99 of the others: ${grown < 0 ? '' : '+'}${(grown * 100).toFixed(0)} %`)
} finally {
  await crowd.stop()
  await rival.stop()
}
