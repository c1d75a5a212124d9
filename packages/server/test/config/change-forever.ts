// Started by config-store.test.ts: changes a configuration on and on until it is killed. Its arguments: the file, the data folder.
import { readFileSync } from 'node:fs'
import { ConfigStore } from '../../src/config/config-store.ts'
import { parseConfig } from '../../src/config/load-config.ts'
import type { Log } from '../../src/log/log.ts'

const [, , file = '', dataFolder = ''] = process.argv
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }
const text = readFileSync(file, 'utf8')
const plan = { changes: [], listeners: [], paths: [], sessions: [] }
const target = { plan: () => plan, apply: async () => [] }
const store = new ConfigStore({ file, text, config: parseConfig('millrace.yml', text), env: {}, dataFolder, target, log: quiet })

let count = Number(store.document().republishGrace?.toString().slice(0, -2))
process.send?.(count)
for (;;) {
  count++
  // Two keys that have to agree, far from one another in the file.
  const paths = { ...(store.document().paths as object), last: { source: `rtsp://192.0.2.1/${count}` } }
  await store.apply({ ...store.document(), republishGrace: `${count}ms`, paths }, 'test')
  process.send?.(count)
}
