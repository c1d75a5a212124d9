// `npm test`: everything. `npm test -- interop rtsp` runs only the test files whose path has one of these words in it.
import { programTestFiles, repositoryChecks, staticChecks, unitTestFiles } from './lib/checks.mjs'
import { installDependencies } from './lib/dependencies.mjs'
import { finish, testFiles, tests } from './lib/phases.mjs'
import { findNode } from './lib/runtime.mjs'
import { installSystemPrograms } from './lib/system-programs.mjs'
import { buildWebPages } from './lib/web-pages.mjs'

const words = process.argv.slice(2)
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
await tests('end to end', node, chosen(testFiles('e2e')), { concurrency: 1, limitMs: 720_000, names: true })
finish()
