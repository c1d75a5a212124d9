import { changedKeys } from '../config/changed-keys.ts'
import type { ConfigPlan, ConfigTarget } from '../config/config-target.ts'
import type { Config } from '../config/schema.ts'
import type { ConfiguredPaths } from '../paths/configured-paths.ts'
import type { SessionRegistry } from '../sessions/session-registry.ts'
import type { Listeners } from './listeners.ts'
import { pathEntries } from './sources.ts'

/** Keys that the process reads once. */
const FIXED_KEYS: readonly string[] = ['logFormat', 'logFile', 'logFileSize', 'logFileCount', 'dataDir']

export type ReconcilerParts = {
  readonly listeners: Listeners
  readonly paths: ConfiguredPaths
  readonly sessions: SessionRegistry
  /** Takes what needs no restart: limits, access, hooks. Runs before listeners are restarted. */
  update(config: Config): Promise<void> | void
}

/** Brings what runs from one configuration to another, and touches nothing that is the same in both. */
export class Reconciler implements ConfigTarget {
  readonly #parts: ReconcilerParts

  constructor(parts: ReconcilerParts) {
    this.#parts = parts
  }

  plan(before: Config, after: Config): ConfigPlan {
    const { listeners, paths, sessions } = this.#parts
    const restarted = listeners.plan(after)
    const protocols = new Set(restarted.map(({ protocol }) => protocol))
    const { sources, closed, refused } = paths.plan(pathEntries(after))
    const dropped = sessions.list().filter(({ path, role, client }) => {
      if (client.isSource) return false
      return protocols.has(client.protocol) || closed.includes(path) || (role === 'publisher' && refused.includes(path))
    })
    return {
      changes: changedKeys(before, after),
      listeners: restarted.map(({ name }) => name),
      paths: [...new Set([...sources, ...closed, ...refused])],
      sessions: dropped.map(({ id }) => id),
    }
  }

  async apply(before: Config, after: Config): Promise<string[]> {
    const { listeners, paths } = this.#parts
    await this.#parts.update(after)
    const faults = await listeners.apply(after)
    await paths.update(pathEntries(after))
    const fixed = changedKeys(before, after).filter((key) => FIXED_KEYS.includes(key))
    return [...faults, ...fixed.map((key) => `${key} is read at the start only: restart the server for it`)]
  }
}
