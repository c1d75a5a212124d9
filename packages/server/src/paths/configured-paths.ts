import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { Hub } from '@millrace/media/hub/hub.ts'
import { checkPathName } from '@millrace/media/hub/path-name.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { configSchema } from '../config/schema.ts'
import { monotonicMs } from '../net/clock.ts'
import type { PathDirectory, ResolvedPath } from '../net/path-directory.ts'
import { PathEntries, type PathEntriesOptions } from './path-entries.ts'
import { PathSources, type StartSource } from './path-sources.ts'

const { pathDefaults } = configSchema.parse({})
const OPEN: PathEntriesOptions = { entries: {}, defaults: pathDefaults }
const noSource: StartSource = () => ({ close: async () => {} })

export type PathsPlan = {
  /** Paths whose source is started, stopped or pulled anew. */
  readonly sources: readonly string[]
  /** Live paths that are not there any more. */
  readonly closed: readonly string[]
  /** Live paths whose publishers have to go, because a source publishes there now. */
  readonly refused: readonly string[]
}

/** What `paths` of the configuration says about names, and the sources behind them. */
export class ConfiguredPaths implements PathDirectory {
  readonly #hub: Hub
  readonly #sources: PathSources
  #entries: PathEntries

  /** No source runs before `update`. */
  constructor(hub: Hub, options: PathEntriesOptions = OPEN, startSource: StartSource = noSource) {
    this.#hub = hub
    this.#sources = new PathSources(hub, startSource)
    this.#entries = new PathEntries(options)
  }

  /** Takes a new configuration. Paths and sources that are the same in it go on. */
  async update(options: PathEntriesOptions): Promise<void> {
    this.#entries = new PathEntries(options)
    this.#endUnwanted()
    await this.#sources.update((name) => this.resolvePath(name), this.#entries.steadySources())
  }

  resolvePath(name: string): ResolvedPath | undefined {
    return this.#entries.resolve(name)
  }

  checkPublish(name: string): void {
    checkPathName(name)
    const path = this.resolvePath(name)
    if (!path) throw new ProtocolError('path/not-configured', `path ${name} is not in the configuration: add it below paths, or all_others for all other names`)
    if (path.config.source !== undefined)
      throw new ProtocolError('path/has-source', `path ${name} is pulled from a source by the server: publish to another one`)
    this.#hub.checkFree(name, monotonicMs())
  }

  async whenAvailable(name: string, signal?: AbortSignal): Promise<Stream | undefined> {
    const stream = this.#hub.find(name)
    if (stream) {
      this.#sources.touch(name)
      return stream
    }
    const path = this.resolvePath(name)
    return path?.config.sourceOnDemand && path.config.source !== undefined ? this.#sources.demand(path, signal) : undefined
  }

  whyUnavailable(name: string): string {
    const path = this.resolvePath(name)
    if (name === '') return 'nobody publishes to an empty path'
    if (!path) return `path ${name} is not in the configuration`
    const { source, sourceOnDemand } = path.config
    if (source === undefined) return `nobody publishes to ${name}`
    if (sourceOnDemand && !this.#sources.has(name)) return `too many sources run already for that of ${name} to be started`
    return `the source of ${name} sends nothing yet: the server's log says why`
  }

  /** What an update would do. */
  plan(options: PathEntriesOptions): PathsPlan {
    const entries = new PathEntries(options)
    const resolve = (name: string) => entries.resolve(name)
    return { sources: this.#sources.plan(resolve, entries.steadySources()), ...this.#unwanted(resolve) }
  }

  /** Paths that are not there any more, and paths with a source, whose publishers have to go. */
  #unwanted(resolve: (name: string) => ResolvedPath | undefined): { closed: string[]; refused: string[] } {
    const closed: string[] = []
    const refused: string[] = []
    for (const { name, publisher } of this.#hub.list()) {
      const path = resolve(name)
      if (!path) closed.push(name)
      else if (path.config.source !== undefined && publisher && !publisher.isSource) refused.push(name)
    }
    return { closed, refused }
  }

  #endUnwanted(): void {
    const { closed, refused } = this.#unwanted((name) => this.resolvePath(name))
    for (const name of closed) {
      const message = `path ${name} is not in the configuration any more`
      this.#hub.find(name)?.end({ code: 'source-removed', message })
      this.#hub.publisherOf(name)?.close(message)
    }
    for (const name of refused) this.#hub.publisherOf(name)?.close(`path ${name} is pulled from a source now`)
  }

  /** Stops sources on demand that nobody watches. Call about once a second. */
  tick(nowMs: number): void {
    this.#sources.tick(nowMs)
  }

  /** Closes all sources. */
  close(): Promise<void> {
    return this.#sources.close()
  }
}
