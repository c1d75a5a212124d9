#!/usr/bin/env node
// `npm start` and `npx millrace`: runs the server on any Node.js from 20 on, with nothing else installed.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { installDependencies } from './lib/dependencies.mjs'
import { root } from './lib/root.mjs'
import { findNode } from './lib/runtime.mjs'
import { buildWebPages } from './lib/web-pages.mjs'

installDependencies()
const node = findNode()
buildWebPages(node)

const server = spawn(node, [join(root, 'packages/server/src/main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => server.kill(signal))
server.on('error', (error) => {
  console.error(`Node.js could not be started: ${error.message}`)
  process.exitCode = 1
})
server.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
