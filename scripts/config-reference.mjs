// Writes what follows from the configuration's schema: millrace.schema.json, and the table of keys in docs/7-configuration.md.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './lib/root.mjs'
import { findNode } from './lib/runtime.mjs'

const node = findNode()
if (process.execPath === node) {
  const { guideWithKeys, schemaFileText } = await import('../packages/server/src/config/published.ts')
  const guide = join(root, 'docs/7-configuration.md')
  writeFileSync(guide, guideWithKeys(readFileSync(guide, 'utf8')))
  writeFileSync(join(root, 'millrace.schema.json'), schemaFileText())
} else {
  process.exitCode = spawnSync(node, [fileURLToPath(import.meta.url)], { stdio: 'inherit' }).status ?? 1
}
