// `npm test`: everything. `npm test -- interop rtsp` runs only the test files whose path has one of these words in it.
import { programTestFiles, repositoryChecks, staticChecks, unitTestFiles } from './lib/checks.mjs'
import { installDependencies } from './lib/dependencies.mjs'
import { finish, testFiles, tests } from './lib/phases.mjs'
import { findNode } from './lib/runtime.mjs'
import { installSystemPrograms } from './lib/system-programs.mjs'
import { buildWebPages } from './lib/web-pages.mjs'

const words = process.argv.slice(2)
/** These measure pictures and delay, or what a process takes: nothing else runs beside them. */
const ALONE = /\/(?:crowd|loss|start|verdict)[\w-]*\.test\.ts$/
const chosen = (files) => (words.length === 0 ? files : files.filter((file) => words.some((word) => file.includes(word))))

installDependencies()
installSystemPrograms()
const node = findNode()
if (words.length === 0) {
  await staticChecks(node)
  await repositoryChecks(node)
}
buildWebPages(node)
await tests('unit tests', node, chosen(unitTestFiles()), { limitMs: 300_000 })
await tests('servers and sources', node, chosen(programTestFiles()), { concurrency: 2, limitMs: 300_000 })
const endToEnd = chosen(testFiles('e2e'))
const besideOthers = endToEnd.filter((file) => !ALONE.test(file))
const alone = endToEnd.filter((file) => ALONE.test(file))
await tests('end to end', node, besideOthers, { concurrency: 2, limitMs: 480_000, names: true })
await tests('end to end, one at a time', node, alone, { concurrency: 1, limitMs: 480_000, names: true })
finish()
