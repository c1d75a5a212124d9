import type { AppliedChange, ChangePlan, ConfigAccess, ConfigDocument, ConfigVersion } from '../../src/api/seams.ts'
import { ConfigError } from '../../src/config/config-error.ts'

/** A configuration that is nowhere but in memory, and finds `logLevel: loud` wrong. */
export const memoryConfig = (first: ConfigDocument): ConfigAccess => {
  const versions: { entry: ConfigVersion; document: ConfigDocument }[] = []
  let current = first
  const plan = (next: ConfigDocument): ChangePlan => {
    if (next.logLevel === 'loud') throw new ConfigError([{ where: 'logLevel', message: 'logLevel is "loud": must be error, warn, info or debug' }])
    const changes = [...new Set([...Object.keys(current), ...Object.keys(next)])].filter((key) => JSON.stringify(current[key]) !== JSON.stringify(next[key]))
    return { changes, listeners: [], paths: [], sessions: [] }
  }
  const apply = async (next: ConfigDocument, by: string): Promise<AppliedChange> => {
    const done = plan(next)
    current = next
    const version = String(versions.length + 1)
    versions.unshift({ entry: { version, time: new Date().toISOString(), by, changes: done.changes }, document: next })
    return { version, plan: done, faults: [] }
  }
  return {
    document: () => current,
    plan,
    apply,
    history: () => versions.map(({ entry }) => entry),
    rollback: async (version, by) => {
      const found = versions.find(({ entry }) => entry.version === version)
      return found && apply(found.document, by)
    },
  }
}
