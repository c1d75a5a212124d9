import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

const STOP_TIMEOUT_MS = 5000

/** Ends a child by SIGTERM, and by SIGKILL if it does not go within 5 s. */
export const stopChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

/** @throws Error if the program could not be started */
export const pidOf = async (child: ChildProcess): Promise<number> => {
  await once(child, 'spawn')
  if (child.pid === undefined) throw new Error(`${child.spawnfile} has no process`)
  return child.pid
}
