// Proves that the compiler holds the borders between folders: in a copy of the sources it breaks each of them, once per border, and
// expects the error. Without the breaks the copy must compile.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { root } from './lib/root.mjs'
import { undeclaredImports } from './lib/workspace-imports.mjs'

const MEDIA = 'packages/media/src'
const SERVER = 'packages/server/src'

/** What a pure folder may not use, and the compiler's error for it. */
const IMPURE = {
  'node-import': { code: "import { readFileSync } from 'node:fs'\nexport const broken = readFileSync\n", error: /TS2591: Cannot find name 'node:fs'|TS2307: / },
  buffer: { code: 'export const broken = (): number => Buffer.alloc(1).length\n', error: /TS(?:2591|2580|2304): Cannot find name 'Buffer'/ },
  timer: { code: 'export const broken = (): void => setTimeout(() => {}, 1)\n', error: /TS(?:2304|2584): Cannot find name 'setTimeout'/ },
  process: { code: 'export const broken = (): string => process.cwd()\n', error: /TS(?:2591|2580|2304): Cannot find name 'process'/ },
}

/** Imports against the arrows of the design: from the first folder into the second. */
const AGAINST_THE_ARROWS = [
  [`${MEDIA}/bytes`, `${MEDIA}/codecs`],
  [`${MEDIA}/codecs`, `${MEDIA}/hub`],
  [`${MEDIA}/containers/mp4`, `${MEDIA}/hub`],
  [`${MEDIA}/hub`, `${MEDIA}/protocols/rtp`],
  [`${MEDIA}/hub`, `${MEDIA}/bridges/rtp`],
  [`${MEDIA}/protocols/rtp`, `${MEDIA}/bridges/rtp`],
  [`${MEDIA}/protocols/rtp`, `${MEDIA}/hub`],
  [`${MEDIA}/protocols/stun`, `${MEDIA}/protocols/ice`],
  [`${MEDIA}/bridges/rtmp`, `${MEDIA}/protocols/rtsp`],
  [`${SERVER}/servers/rtsp`, `${SERVER}/servers/rtmp`],
  [`${SERVER}/servers/hls`, `${SERVER}/servers/webrtc`],
  [`${SERVER}/sources/rtsp`, `${SERVER}/servers/rtsp`],
  [`${SERVER}/net`, `${SERVER}/servers/rtsp`],
  [`${SERVER}/stats`, `${SERVER}/servers/webrtc`],
  [`${SERVER}/servers/webrtc`, `${SERVER}/stats`],
]
/** The same by a package's name, which `undeclaredImports` finds. */
const AGAINST_THE_ARROWS_BY_NAME = [
  [`${MEDIA}/hub`, '@millrace/server/net/clock.ts'],
  [`${SERVER}/servers/rtmp`, '@millrace/media/protocols/rtsp/message.ts'],
  [`${SERVER}/net`, '@millrace/media/bridges/webrtc/negotiate.ts'],
]
const AGAINST_ERROR = /TS6307: .*is not listed within the file list of project/

/** The folders below packages/media/src that have a project of their own: all of them are pure. */
const pureFolders = () =>
  readdirSync(join(root, MEDIA), { recursive: true })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('/tsconfig.json'))
    .map((file) => `${MEDIA}/${dirname(file)}`)

/** Copies the sources, with links to the installed packages but for our own workspaces, which link to the copy. */
const copyTree = (copy) => {
  for (const file of ['tsconfig.base.json', 'package.json', 'packages/media/package.json', 'packages/server/package.json']) {
    cpSync(join(root, file), join(copy, file), { recursive: true })
  }
  const filter = (path) => !path.includes('.test.')
  for (const folder of [MEDIA, SERVER]) cpSync(join(root, folder), join(copy, folder), { recursive: true, filter })
  mkdirSync(join(copy, 'node_modules/@millrace'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.') && name !== '@millrace') symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name), 'dir')
  }
  for (const name of ['media', 'server']) symlinkSync(join(copy, 'packages', name), join(copy, 'node_modules/@millrace', name), 'dir')
}

const compile = (copy, projects) => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [tsc, '-b', '--pretty', 'false', ...projects], { cwd: copy, encoding: 'utf8' })
  if (error) throw error
  return { status, output: `${stdout}${stderr}`.replaceAll('\\', '/') }
}

/** One file for each broken border, and the error that it must give. */
const writeBreaks = (copy) => {
  const breaks = []
  const add = (file, code, error) => {
    writeFileSync(join(copy, file), code)
    breaks.push({ file, error })
  }
  for (const folder of pureFolders()) {
    for (const [name, { code, error }] of Object.entries(IMPURE)) add(`${folder}/breaks-${name}.ts`, code, error)
  }
  for (const [from, into] of AGAINST_THE_ARROWS) {
    // A file of its own, which nothing else imports: the compiler names only one of a file's importers.
    const target = `target-of-${from.replaceAll('/', '-')}.ts`
    writeFileSync(join(copy, into, target), 'export const target = 1\n')
    add(`${from}/breaks-into-${into.replaceAll('/', '-')}.ts`, `export * from '${'../'.repeat(from.split('/').length)}${into}/${target}'\n`, AGAINST_ERROR)
  }
  return breaks
}

const main = (copy) => {
  copyTree(copy)
  const projects = [SERVER, ...pureFolders()]
  const sound = compile(copy, projects)
  if (sound.status !== 0) return [`the sources do not compile as they are:\n${sound.output}`]
  const undeclared = undeclaredImports(root)
  if (undeclared.length > 0) return undeclared
  const breaks = writeBreaks(copy)
  const { output } = compile(copy, projects)
  const lines = output.split('\n')
  const failures = breaks
    .filter(({ file, error }) => !lines.some((line) => line.startsWith(`${file}(`) && error.test(line)))
    .map(
      ({ file, error }) =>
        `${dirname(file)}: ${basename(file)} should give ${error.source}; it gives ${lines.find((line) => line.startsWith(`${file}(`)) ?? 'no error'}`,
    )
  failures.push(...breaksByName(copy))
  if (failures.length === 0) console.log(`${breaks.length + AGAINST_THE_ARROWS_BY_NAME.length} borders hold`)
  return failures
}

/** @returns what is wrong: imports by name that were not found */
const breaksByName = (copy) => {
  const files = AGAINST_THE_ARROWS_BY_NAME.map(([from, specifier], index) => {
    const file = `${from}/breaks-by-name-${index}.ts`
    writeFileSync(join(copy, file), `export * from '${specifier}'\n`)
    return file
  })
  const found = undeclaredImports(copy)
  return files.filter((file) => !found.some((fault) => fault.startsWith(`${file}: `))).map((file) => `${file} should be found to import what it may not`)
}

const copy = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-borders-')))
try {
  const failures = main(copy)
  for (const failure of failures) console.error(failure)
  process.exitCode = failures.length > 0 ? 1 : 0
} finally {
  rmSync(copy, { recursive: true, force: true })
}
