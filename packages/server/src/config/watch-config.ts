import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Log } from '../log/log.ts'

/** Editors write a file in several steps. */
const SETTLE_MS = 250

/**
 * Calls back some time after something happened to a file, or beside it: editors replace the file, and links in its folder are turned elsewhere.
 * @returns stops watching
 */
export const watchConfig = (file: string, onChange: () => void, log: Log): (() => void) => {
  let timer: NodeJS.Timeout | undefined
  let watcher: FSWatcher | undefined
  const giveUp = (error: Error): void => log.warn({}, `the configuration is not watched (${error.message}): send SIGHUP after changes`)
  try {
    watcher = watch(dirname(file), { persistent: false }, () => {
      clearTimeout(timer)
      timer = setTimeout(onChange, SETTLE_MS)
    })
    watcher.on('error', giveUp)
  } catch (error) {
    giveUp(error as Error)
  }
  return () => {
    clearTimeout(timer)
    watcher?.close()
  }
}
