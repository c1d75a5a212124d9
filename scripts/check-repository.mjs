// Checks what no compiler sees: the lock file, what files say of the machine they were written on, their sizes, and docs/coverage.md.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { testFiles } from './lib/phases.mjs'
import { root } from './lib/root.mjs'

const MAX_FILE_BYTES = 1.5 * 1024 * 1024
const MAX_SOURCE_LINES = 500
const SOURCE = /\.(?:ts|mjs|cjs|js|css|html|py)$/

const read = (file) => readFileSync(join(root, file), 'utf8')

/** The files that belong to the repository. */
const repositoryFiles = () => {
  const { stdout, status } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  if (status !== 0) return []
  return stdout.split('\n').filter((file) => file !== '' && existsSync(join(root, file)))
}

/** The lock file must work wherever packages come from, and on every platform. */
const lockFaults = function* () {
  const { packages } = JSON.parse(read('package-lock.json'))
  for (const [path, entry] of Object.entries(packages)) {
    if (/^https?:/.test(entry.resolved ?? ''))
      yield `package-lock.json: ${path} says where it was downloaded from: npm install with the repository's .npmrc leaves that out`
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      // npm ci refuses a lock file that leaves out packages of other platforms.
      if (!packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`])
        yield `package-lock.json: ${name}, which ${path || 'the root'} may need, has no entry`
    }
  }
}

/** Paths of one person's machine say nothing to others. */
const machinePathFaults = function* (file, text) {
  const found = /\/(?:home|Users)\/[\w.-]+\//.exec(text)?.[0] ?? (root.length > 5 && text.includes(`${root}/`) ? root : undefined)
  if (found) yield `${file}: has the path ${found} of one machine`
}

const fileFaults = function* (files) {
  for (const file of files) {
    const { size } = statSync(join(root, file))
    if (size > MAX_FILE_BYTES) yield `${file}: ${size} bytes; ${MAX_FILE_BYTES} at most`
    if (!SOURCE.test(file) && !/\.(?:md|json|yml|service)$/.test(file)) continue
    const text = read(file)
    yield* machinePathFaults(file, text)
    const lines = text.split('\n').length
    if (SOURCE.test(file) && lines > MAX_SOURCE_LINES) yield `${file}: ${lines} lines; ${MAX_SOURCE_LINES} at most, or it is more than one thing`
  }
}

const COVERAGE = 'docs/coverage.md'
const ROWS = { W: 10, S: 8, C: 10, T: 13, R: 10 }
const STATES = ['done', 'in part', 'not yet']

/** The titles of a file's tests, as patterns: what is put together when it runs matches anything. */
const testTitles = (file) =>
  [...read(file).matchAll(/\b(?:describe|it|test)\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g)].map(([, , title]) => {
    const literal = title.replaceAll(/\\(.)/g, '$1').split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/)
    return new RegExp(`^${literal.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')}$`)
  })

const referenceFaults = function* (row, cell, known) {
  for (const [, file, title] of cell.matchAll(/`([^`›]+) › ([^`]+)`/g)) {
    if (!known.has(file)) yield `${COVERAGE}: ${row} names ${file}, which is no test file`
    else if (!testTitles(file).some((pattern) => pattern.test(title))) yield `${COVERAGE}: ${row} names the test “${title}”, which ${file} does not have`
  }
}

const coverageFaults = function* () {
  const rows = [...read(COVERAGE).matchAll(/^\| ([A-Z]\d+) \| ([^|]*) \| (.*) \|$/gm)]
  const known = new Set(['packages', 'apps', 'scripts', 'bench', 'e2e'].flatMap(testFiles))
  for (const [letter, count] of Object.entries(ROWS)) {
    for (let number = 1; number <= count; number++) {
      const found = rows.filter(([, code]) => code === `${letter}${number}`).length
      if (found !== 1) yield `${COVERAGE}: ${letter}${number} has ${found} rows instead of one`
    }
  }
  for (const [, code, state, cell] of rows) {
    if (!(Number(code.slice(1)) <= ROWS[code[0]])) yield `${COVERAGE}: ${code} is no row of the requirements`
    if (!STATES.includes(state.trim())) yield `${COVERAGE}: ${code} is “${state.trim()}”: must be one of ${STATES.join(', ')}`
    if (state.trim() !== 'not yet' && !cell.includes(' › ')) yield `${COVERAGE}: ${code} is ${state.trim()}, but no test shows it`
    yield* referenceFaults(code, cell, known)
  }
}

/** Links between documents lead somewhere. */
const linkFaults = function* (files) {
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    const text = read(file).replaceAll(/```[\s\S]*?```/g, '')
    for (const [, target] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)) {
      if (!existsSync(join(root, file, '..', target))) yield `${file}: the link to ${target} leads nowhere`
    }
  }
}

const files = repositoryFiles()
const faults = [...lockFaults(), ...fileFaults(files), ...coverageFaults(), ...linkFaults(files)]
for (const fault of faults) console.error(fault)
console.log(`${basename(root)}: ${files.length} files checked`)
process.exitCode = faults.length > 0 ? 1 : 0
