import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { checkPathName } from '@millrace/media/hub/path-name.ts'
import { compilePathPattern, PATTERN_MARK, type PathPattern } from '../config/path-pattern.ts'
import { ALL_OTHERS, NAME_GROUP, type PathConfig } from '../config/sections/paths.ts'
import type { ResolvedPath } from '../net/path-directory.ts'

/** Names whose entry is remembered. Names that nobody configured come from anybody. */
const MAX_REMEMBERED = 2000

export type PathEntriesOptions = {
  readonly entries: Readonly<Record<string, PathConfig>>
  readonly defaults: PathConfig
  /** Paths that are there whatever `paths` says, such as the demo; an entry of the same name goes before. */
  readonly builtIn?: Readonly<Record<string, PathConfig>>
}

/**
 * Which entry of `paths` a name belongs to: the one of this very name, else the first `~regex` that matches all of the name, else `all_others`.
 * Without any entries every name has the defaults.
 */
export class PathEntries {
  readonly #exact: ReadonlyMap<string, PathConfig>
  readonly #patterns: readonly { readonly pattern: PathPattern; readonly config: PathConfig }[]
  readonly #others: PathConfig | undefined
  readonly #remembered = new Map<string, ResolvedPath | undefined>()

  constructor({ entries, defaults, builtIn = {} }: PathEntriesOptions) {
    const all = Object.entries(entries)
    const isPattern = (key: string): boolean => key.startsWith(PATTERN_MARK)
    this.#exact = new Map([...Object.entries(builtIn), ...all.filter(([key]) => !isPattern(key) && key !== ALL_OTHERS)])
    this.#patterns = all.filter(([key]) => isPattern(key)).map(([key, config]) => ({ pattern: compilePathPattern(key), config }))
    this.#others = all.length === 0 ? defaults : entries[ALL_OTHERS]
  }

  /** @returns undefined for what is no name, and for names that no entry fits */
  resolve(name: string): ResolvedPath | undefined {
    if (this.#remembered.has(name)) return this.#remembered.get(name)
    const found = isName(name) ? this.#find(name) : undefined
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(name, found)
    return found
  }

  /** Sources that are pulled all the time. */
  steadySources(): ResolvedPath[] {
    return [...this.#exact].flatMap(([name, config]) => (config.source !== undefined && !config.sourceOnDemand ? [{ name, config, groups: [name] }] : []))
  }

  #find(name: string): ResolvedPath | undefined {
    const exact = this.#exact.get(name)
    if (exact) return { name, config: exact, groups: [name] }
    for (const { pattern, config } of this.#patterns) {
      const groups = pattern.match(name)
      if (groups) return withSource(name, config, groups)
    }
    return this.#others && withSource(name, this.#others, [name])
  }
}

/** Puts what the name gives into the source. A name cannot lead out of the folder that a `file:` source names. */
const withSource = (name: string, config: PathConfig, groups: readonly string[]): ResolvedPath | undefined => {
  if (config.source === undefined) return { name, config, groups }
  const source = config.source.replace(NAME_GROUP, (_, index) => groups[Number(index)] ?? '')
  return dotSegments(source) > dotSegments(config.source) ? undefined : { name, config: { ...config, source }, groups }
}

const dotSegments = (source: string): number => source.split(/[/\\]/).filter((segment) => /^(?:file:)?\.{1,2}$/i.test(segment)).length

const isName = (name: string): boolean => {
  try {
    checkPathName(name)
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}
