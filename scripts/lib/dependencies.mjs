import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail, root } from './root.mjs'

const readPackages = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
  } catch {
    return undefined
  }
}

/**
 * Why what is installed does not fit the lock file, or undefined if it does. npm writes what it installed, when it has finished,
 * to node_modules/.package-lock.json.
 * @param wanted `packages` of package-lock.json
 * @param installed `packages` of node_modules/.package-lock.json, or undefined if there is none
 */
export const staleness = (wanted, installed) => {
  if (!installed) return 'dependencies are not installed yet'
  for (const [path, { version, optional, link }] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue
    const found = installed[path]
    // Optional packages are those of other platforms, too.
    if (!found && optional) continue
    if (!found || (!link && found.version !== version)) return `${path.replace(/^.*node_modules\//, '')} is not installed as package-lock.json has it`
  }
  return undefined
}

/** Installs what package-lock.json names, if it is missing or differs. */
export const installDependencies = () => {
  const wanted = readPackages(join(root, 'package-lock.json'))
  if (!wanted) fail('package-lock.json cannot be read: get it back with git checkout package-lock.json')
  const reason = staleness(wanted, readPackages(join(root, 'node_modules/.package-lock.json')))
  if (!reason) return
  console.log(`Installing: ${reason} (about 130 MB, once).`)
  const { status, error } = npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  if (status !== 0) fail(`npm ci failed${error ? ` (${error.message})` : ''}: see above. Millrace needs npm and a way to its packages for the first start.`)
}

/** Runs the npm that started us, else the one on the PATH. */
const npm = (args) => {
  const script = process.env.npm_execpath
  // Under npm the first `node` on the PATH is the pinned one in node_modules, which the installation replaces: npm's own runs it.
  const ownNode = process.env.npm_node_execpath ?? process.execPath
  const options = { cwd: root, stdio: 'inherit' }
  if (script && existsSync(script) && !/yarn|pnpm/.test(script)) return spawnSync(ownNode, [script, ...args], options)
  return spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { ...options, shell: process.platform === 'win32' })
}
