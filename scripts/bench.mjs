// `npm run bench -- whep …`: runs bench/whep.ts under the pinned Node.js.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { installDependencies } from './lib/dependencies.mjs'
import { fail, root } from './lib/root.mjs'
import { findNode } from './lib/runtime.mjs'

const [name, ...args] = process.argv.slice(2)
const known = readdirSync(join(root, 'bench'))
  .filter((file) => /^[\w-]+\.ts$/.test(file))
  .map((file) => file.slice(0, -3))
if (!name || !known.includes(name)) fail(`usage: npm run bench -- NAME [options], where NAME is one of: ${known.join(', ') || '(none yet)'}`)
installDependencies()
const child = spawn(findNode(), [join(root, 'bench', `${name}.ts`), ...args], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 1))
