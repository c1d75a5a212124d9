// `npm run check`: format, lint, types, and the unit tests, which need no other programs.
import { repositoryChecks, staticChecks, unitTestFiles } from './lib/checks.mjs'
import { installDependencies } from './lib/dependencies.mjs'
import { finish, tests } from './lib/phases.mjs'
import { findNode } from './lib/runtime.mjs'

installDependencies()
const node = findNode()
await staticChecks(node)
await repositoryChecks(node)
await tests('unit tests', node, unitTestFiles(), { limitMs: 300_000 })
finish()
