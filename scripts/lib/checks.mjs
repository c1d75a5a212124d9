import { join } from 'node:path'
import { check, testFiles } from './phases.mjs'
import { root } from './root.mjs'

const bin = (path) => join(root, 'node_modules', path)

/** Format, lint and types: what every change has to pass. */
export const staticChecks = async (node) => {
  await check('format and lint', node, [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'])
  await check('types', node, [bin('typescript/bin/tsc'), '-b'])
}

/** The checks of the repository itself. */
export const repositoryChecks = async (node) => {
  await check('borders between folders', node, ['scripts/check-borders.mjs'])
  await check('repository', node, ['scripts/check-repository.mjs'])
}

const all = () => ['packages', 'apps', 'scripts', 'bench'].flatMap(testFiles)
/** Servers and sources are tested against real programs. */
const isWithPrograms = (file) => /^packages\/server\/src\/(?:servers|sources)\//.test(file)

/** Tests that need nothing but the repository. */
export const unitTestFiles = () => all().filter((file) => !isWithPrograms(file))

/** Tests of servers and sources, some with real programs. */
export const programTestFiles = () => all().filter(isWithPrograms)
