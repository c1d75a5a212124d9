// `npm test`: everything. `npm test -- interop rtsp` runs only the test files whose path has one of these words in it.
import { programTestFiles, repositoryChecks, staticChecks, unitTestFiles } from './lib/checks.mjs'
import { installDependencies } from './lib/dependencies.mjs'
import { finish, testFiles, tests } from './lib/phases.mjs'
import { findNode } from './lib/runtime.mjs'
import { installSystemPrograms } from './lib/system-programs.mjs'
import { buildWebPages } from './lib/web-pages.mjs'

const words = process.argv.slice(2)
/** These measure pictures and delay: nothing else runs beside them. */
const ALONE = /\/(?:chromium-(?:layers|loss|network)|loss|verdict)[\w-]*\.test\.ts$/
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
const programs = chosen([...programTestFiles(), ...testFiles('e2e')])
const besideOthers = programs.filter((file) => !ALONE.test(file))
const inServers = (file) => !file.startsWith('e2e/')
await tests('servers and sources', node, besideOthers.filter(inServers), { concurrency: 2, limitMs: 300_000 })
await tests(
  'end to end',
  node,
  besideOthers.filter((file) => !inServers(file)),
  { concurrency: 2, limitMs: 480_000, names: true },
)
await tests(
  'one at a time',
  node,
  programs.filter((file) => ALONE.test(file)),
  { concurrency: 1, limitMs: 480_000, names: true },
)
finish()
