import { compilePathPattern, PATTERN_MARK, type PathPattern } from '../config/path-pattern.ts'
import type { Action, Permission } from '../config/sections/auth.ts'

type Rule = { readonly action: Action; readonly path: string; readonly pattern: PathPattern | undefined }

/** What somebody may do. */
export class Permissions {
  readonly #rules: readonly Rule[]

  /** @param permissions an empty path stands for all */
  constructor(permissions: readonly Permission[]) {
    this.#rules = permissions.map(({ action, path }) => ({ action, path, pattern: path.startsWith(PATTERN_MARK) ? compilePathPattern(path) : undefined }))
  }

  allow(action: Action, path: string): boolean {
    return this.#rules.some((rule) => {
      if (rule.action !== action) return false
      // The API and the metrics are of no path.
      if (rule.path === '' || action === 'api' || action === 'metrics') return true
      return rule.pattern ? rule.pattern.match(path) !== undefined : rule.path === path
    })
  }
}
