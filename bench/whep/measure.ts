import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Crowd, type Measurement } from './crowd.ts'
import type { Rival } from './rival.ts'

const MEASURE_MS = 12_000

/** What the command line asks for: `[--paced] [viewers…]`. Ends the program, with its usage, if it is something else. */
export const readArguments = (program: string): { paced: boolean; counts: readonly number[] } => {
  const { values, positionals } = parseArgs({ options: { paced: { type: 'boolean', default: false } }, allowPositionals: true })
  const counts = positionals.map(Number)
  if (counts.some((count) => !Number.isInteger(count) || count < 1)) {
    console.error(`usage: node ${program} [--paced] [viewers…], as in node ${program} 50 200`)
    process.exit(2)
  }
  return { paced: values.paced, counts: counts.length > 0 ? counts : [50, 100, 200] }
}

/** So many viewers watch a server for a while; it is stopped afterwards. */
export const measure = async (rival: Rival, count: number): Promise<Measurement> => {
  const crowd = new Crowd(rival)
  try {
    await crowd.join(count)
    const measured = await crowd.measure(() => sleep(MEASURE_MS))
    await crowd.leave()
    return measured
  } finally {
    await crowd.stop()
    await rival.stop()
  }
}
