// Proves that the compiler holds the borders between folders: in a copy of the sources it breaks each of them, once per border, and
// expects the error. Without the breaks the copy must compile.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { root } from './lib/root.mjs'

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
  [`${MEDIA}/hub`, `${SERVER}/net`],
  [`${SERVER}/servers/rtsp`, `${SERVER}/servers/rtmp`],
  [`${SERVER}/servers/hls`, `${SERVER}/servers/webrtc`],
  [`${SERVER}/sources/rtsp`, `${SERVER}/servers/rtsp`],
  [`${SERVER}/net`, `${SERVER}/servers/rtsp`],
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
    const target = readdirSync(join(copy, into)).find((file) => file.endsWith('.ts') && !file.startsWith('breaks-'))
    if (!target) throw new Error(`${into} has no file to import`)
    const up = '../'.repeat(from.split('/').length)
    const specifier =
      from.startsWith(MEDIA) && into.startsWith(SERVER) ? `@millrace/server/${into.slice(SERVER.length + 1)}/${target}` : `${up}${into}/${target}`
    add(`${from}/breaks-into-${into.replaceAll('/', '-')}.ts`, `export * from '${specifier}'\n`, AGAINST_ERROR)
  }
  return breaks
}

const main = (copy) => {
  copyTree(copy)
  const projects = [SERVER, ...pureFolders()]
  const sound = compile(copy, projects)
  if (sound.status !== 0) return [`the sources do not compile as they are:\n${sound.output}`]
  const breaks = writeBreaks(copy)
  const { output } = compile(copy, projects)
  const lines = output.split('\n')
  const failures = breaks
    .filter(({ file, error }) => !lines.some((line) => line.startsWith(`${file}(`) && error.test(line)))
    .map(
      ({ file, error }) =>
        `${dirname(file)}: ${basename(file)} should give ${error.source}; it gives ${lines.find((line) => line.startsWith(`${file}(`)) ?? 'no error'}`,
    )
  if (failures.length === 0) console.log(`${breaks.length} borders hold`)
  return failures
}

const copy = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-borders-')))
try {
  const failures = main(copy)
  for (const failure of failures) console.error(failure)
  process.exitCode = failures.length > 0 ? 1 : 0
} finally {
  rmSync(copy, { recursive: true, force: true })
}
