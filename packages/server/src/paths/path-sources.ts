import type { Hub } from '@millrace/media/hub/hub.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import type { PathConfig } from '../config/sections/paths.ts'
import { monotonicMs } from '../net/clock.ts'
import type { Running } from '../net/context.ts'
import type { ResolvedPath } from '../net/path-directory.ts'

/** Sources on demand that run at the same time: who asks for names that a `~regex` fits cannot start more. */
const MAX_ON_DEMAND = 200

/** Pulls a path's source into the hub until it is closed. */
export type StartSource = (path: string, config: PathConfig & { readonly source: string }) => Running

type Source = {
  config: PathConfig
  readonly running: Running
  /** Readers that wait for it to begin. */
  waiting: number
  /** When somebody watched or waited last. */
  neededMs: number
}

/** The sources that run: those that always do, and those that somebody watches. */
export class PathSources {
  readonly #hub: Hub
  readonly #start: StartSource
  readonly #sources = new Map<string, Source>()

  constructor(hub: Hub, start: StartSource) {
    this.#hub = hub
    this.#start = start
  }

  /** Starts what always runs, closes what nobody wants any more, and starts anew what is pulled from elsewhere now. */
  async update(resolve: (name: string) => ResolvedPath | undefined, steady: readonly ResolvedPath[]): Promise<void> {
    const closing: Promise<void>[] = []
    for (const [name, source] of [...this.#sources]) {
      const wanted = resolve(name)?.config
      if (wanted?.source !== undefined && !isRestart(source.config, wanted)) {
        source.config = wanted
        continue
      }
      this.#sources.delete(name)
      const isWatched = this.#isWatched(name, source)
      closing.push(
        source.running.close().then(() => {
          if (wanted?.sourceOnDemand && isWatched) this.#run(name, wanted)
        }),
      )
    }
    await Promise.all(closing)
    for (const { name, config } of steady) this.#run(name, config)
  }

  /** Paths whose source an update would start, stop or pull anew. */
  plan(resolve: (name: string) => ResolvedPath | undefined, steady: readonly ResolvedPath[]): string[] {
    const touched = [...this.#sources].filter(([name, { config }]) => {
      const wanted = resolve(name)?.config
      return wanted?.source === undefined || isRestart(config, wanted)
    })
    const started = steady.filter(({ name }) => !this.#sources.has(name))
    return [...touched.map(([name]) => name), ...started.map(({ name }) => name)]
  }

  /**
   * The stream of a source on demand, when it has begun.
   * @returns undefined if it did not begin in time, or the reader went away
   */
  async demand({ name, config }: ResolvedPath, signal: AbortSignal | undefined): Promise<Stream | undefined> {
    const source = this.#sources.get(name) ?? (this.#onDemand < MAX_ON_DEMAND ? this.#run(name, config) : undefined)
    if (!source) return undefined
    source.waiting++
    try {
      return await this.#begun(name, config.sourceOnDemandStartTimeout, signal)
    } finally {
      source.waiting--
      this.touch(name)
    }
  }

  /** Somebody is about to read. */
  touch(name: string): void {
    const source = this.#sources.get(name)
    if (source) source.neededMs = monotonicMs()
  }

  has(name: string): boolean {
    return this.#sources.has(name)
  }

  /** Stops sources that nobody has watched for a while. Call about once a second. */
  tick(nowMs: number): void {
    for (const [name, source] of this.#sources) {
      if (!source.config.sourceOnDemand) continue
      if (this.#isWatched(name, source)) source.neededMs = nowMs
      else if (nowMs - source.neededMs >= source.config.sourceOnDemandCloseAfter) {
        this.#sources.delete(name)
        void source.running.close()
      }
    }
  }

  async close(): Promise<void> {
    const sources = [...this.#sources.values()]
    this.#sources.clear()
    await Promise.all(sources.map(({ running }) => running.close()))
  }

  get #onDemand(): number {
    return [...this.#sources.values()].filter(({ config }) => config.sourceOnDemand).length
  }

  #run(name: string, config: PathConfig): Source | undefined {
    const { source } = config
    if (source === undefined || this.#sources.has(name)) return this.#sources.get(name)
    const started: Source = { config, running: this.#start(name, { ...config, source }), waiting: 0, neededMs: monotonicMs() }
    this.#sources.set(name, started)
    return started
  }

  #isWatched(name: string, source: Source): boolean {
    return source.waiting > 0 || (this.#hub.find(name)?.clients.size ?? 0) > 0
  }

  #begun(name: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Stream | undefined> {
    return new Promise((resolve) => {
      const end = (): void => {
        stopListening()
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
        resolve(this.#hub.find(name))
      }
      const stopListening = this.#hub.onPathChange((changed) => {
        if (changed === name && this.#hub.find(name)) end()
      })
      const timer = setTimeout(end, timeoutMs)
      signal?.addEventListener('abort', end)
      if (signal?.aborted) end()
    })
  }
}

/** Whether a source has to be pulled anew: the times of sources on demand can change while it runs. */
const isRestart = (before: PathConfig, after: PathConfig): boolean => before.source !== after.source || before.rtspTransport !== after.rtspTransport
