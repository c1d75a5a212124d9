/**
 * What a viewer in Chromium sees behind bad networks: a table of losses, bursts, reordering and a narrow link.
 *
 *     node bench/loss.ts [--seconds N] [--janus] [words…]      only the rows with one of these words in their names
 *
 * Needs root, for network namespaces. With --janus each path is watched from Janus's streaming plugin, too, one after the other.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { CONDITIONS, type Condition } from '../e2e/lab/conditions.ts'
import { isReached, type LabStream, outcomeLine, Trials } from '../e2e/lab/trial.ts'
import { startJanusForLab } from './janus/janus-lab.ts'

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, janus: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const seconds = Number(values.seconds)
if (!(seconds >= 1 && seconds <= 600)) {
  console.error('usage: node bench/loss.ts [--seconds 1…600] [--janus] [words…], as in node bench/loss.ts bursts')
  process.exit(2)
}
const chosen = CONDITIONS.filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
const trials = await Trials.start()
const janus = values.janus ? await startJanusForLab(trials.lab.serverAddress) : undefined

const show = async (name: string, condition: Condition, stream?: LabStream): Promise<void> => {
  const line = await trials.run(condition, seconds, stream).then(
    (outcome) => `${isReached(outcome, condition.aim) ? 'ok ' : 'BAD'}   ${outcomeLine(outcome)}`,
    (error: Error) => `BAD   ${error.message.split('\n')[0]}`,
  )
  console.log(`${condition.name.padEnd(40)} ${name}${line}   load ${(loadavg()[0] ?? 0).toFixed(0)}`)
}

try {
  for (const condition of chosen) {
    await show(janus ? 'millrace  ' : '', condition)
    // It has UDP alone.
    if (janus && !condition.impairment.noUdp) await show('janus     ', condition, janus)
  }
} finally {
  await janus?.stop()
  await trials.stop()
}
