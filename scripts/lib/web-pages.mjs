import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fail, root } from './root.mjs'

/** What the pages are built from. The SDK needs nothing of packages/media. */
const SOURCES = ['apps/web', 'packages/client', 'package-lock.json']
const NOT_SOURCES = new Set(['node_modules', 'dist'])

const files = function* (path) {
  const entries = readdirSync(join(root, path), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (NOT_SOURCES.has(entry.name) || entry.name.includes('.test.')) continue
    if (entry.isDirectory()) yield* files(`${path}/${entry.name}`)
    else if (entry.isFile()) yield `${path}/${entry.name}`
  }
}

const sourcesHash = () => {
  const hash = createHash('sha256')
  for (const source of SOURCES) {
    for (const file of source.includes('.') ? [source] : files(source))
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update('\0')
  }
  return hash.digest('hex')
}

/** Builds the web pages if they are missing or older than their sources. */
export const buildWebPages = (node) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'apps/web/package.json'), 'utf8'))
  if (!scripts?.build) return
  const stamp = join(root, '.build/web-pages-hash')
  const hash = sourcesHash()
  const built = existsSync(join(root, 'apps/web/dist/index.html'))
  if (built && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  console.log(`Building the web pages: ${built ? 'their sources changed' : 'they are not built yet'}.`)
  const PATH = [dirname(node), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  const options = { cwd: join(root, 'apps/web'), encoding: 'utf8', shell: true, env: { ...process.env, PATH } }
  const { status, stdout, stderr } = spawnSync(scripts.build, options)
  if (status !== 0) fail(`${stdout}${stderr}\nThe web pages could not be built: see above.`)
  mkdirSync(join(root, '.build'), { recursive: true })
  writeFileSync(stamp, hash)
}
