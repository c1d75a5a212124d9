import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pidOf, stopChild } from './process.ts'
import type { Rival } from './rival.ts'

const SERVER = fileURLToPath(new URL('millrace-server.ts', import.meta.url))

/** Millrace's RTMP server in a process of its own. */
export const startMillrace = async (): Promise<Rival> => {
  const child = spawn(process.execPath, [SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = await pidOf(child)
  const [line] = await once(createInterface(child.stdout), 'line')
  return { name: 'millrace', pid, port: Number(line), stop: () => stopChild(child) }
}
