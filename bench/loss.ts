/**
 * What a viewer in Chromium sees behind bad networks: a table of losses, bursts, reordering and a narrow link.
 *
 *     node bench/loss.ts [--seconds N] [words…]      only the rows with one of these words in their names
 *
 * Needs root, for network namespaces.
 */
import { parseArgs } from 'node:util'
import { CONDITIONS } from '../e2e/lab/conditions.ts'
import { isReached, outcomeLine, Trials } from '../e2e/lab/trial.ts'

const { values, positionals } = parseArgs({ options: { seconds: { type: 'string', default: '20' } }, allowPositionals: true })
const seconds = Number(values.seconds)
if (!(seconds >= 1 && seconds <= 600)) {
  console.error('usage: node bench/loss.ts [--seconds 1…600] [words…], as in node bench/loss.ts bursts')
  process.exit(2)
}
const chosen = CONDITIONS.filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
const trials = await Trials.start()
try {
  for (const condition of chosen) {
    const outcome = await trials.run(condition, seconds)
    console.log(`${condition.name.padEnd(40)} ${isReached(outcome, condition.aim) ? 'ok ' : 'BAD'}   ${outcomeLine(outcome)}`)
  }
} finally {
  await trials.stop()
}
