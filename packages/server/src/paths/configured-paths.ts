import type { Hub } from '@millrace/media/hub/hub.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { configSchema } from '../config/schema.ts'
import type { PathConfig } from '../config/sections/paths.ts'
import type { PathDirectory, ResolvedPath } from '../net/path-directory.ts'

const DEFAULTS: PathConfig = { rtspTransport: 'auto' }

/** What `paths` of the configuration says about names, and the sources behind them. */
export class ConfiguredPaths implements PathDirectory {
  readonly #hub: Hub
  readonly #entries: Readonly<Record<string, PathConfig>>

  constructor(hub: Hub, entries: Readonly<Record<string, PathConfig>> = configSchema.parse({}).paths) {
    this.#hub = hub
    this.#entries = entries
  }

  resolvePath(name: string): ResolvedPath | undefined {
    return { name, config: this.#entries[name] ?? DEFAULTS, groups: [name] }
  }

  async whenAvailable(name: string, _signal?: AbortSignal): Promise<Stream | undefined> {
    return this.#hub.find(name)
  }

  whyUnavailable(name: string): string {
    return `nobody publishes to ${name}`
  }
}
