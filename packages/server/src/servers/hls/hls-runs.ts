import { hlsTracks } from '@millrace/media/bridges/hls/from-hub.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { ServerContext } from '../../net/context.ts'
import type { HlsOptions } from './hls-options.ts'
import { HlsRun } from './hls-run.ts'

/** How long the end of a playlist can be read, in milliseconds: players ask again after a segment's duration or two. */
const ENDED_KEPT_MS = 30_000

/** Runs of one path: the one that runs, and the one before it, whose players read the end. */
const MAX_RUNS_PER_PATH = 2

const SWEEP_MS = 1000

/** The muxers that run or ended lately, by path. */
export class HlsRuns {
  readonly #context: ServerContext
  readonly #options: HlsOptions
  readonly #runs = new Map<string, readonly HlsRun[]>()
  #sweeper: NodeJS.Timeout | undefined

  constructor(context: ServerContext, options: HlsOptions) {
    this.#context = context
    this.#options = options
  }

  /**
   * The run of a stream, started if there is none.
   * @returns undefined if HLS carries none of its tracks
   */
  open(path: string, stream: Stream, remote: string): HlsRun | undefined {
    const runs = this.#runs.get(path) ?? []
    const current = runs.find((run) => run.stream === stream && !run.muxer.ended)
    if (current) {
      current.touch()
      return current
    }
    if (hlsTracks(stream).carried.length === 0) return undefined
    for (const run of runs) run.stop('a new run takes over')
    const run = new HlsRun(stream, remote, path, this.#options, this.#context.log)
    this.#runs.set(path, [run, ...runs].slice(0, MAX_RUNS_PER_PATH))
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref()
    return run
  }

  /** A run by its name, for what its playlists name. */
  find(path: string, name: string): HlsRun | undefined {
    const run = this.#runs.get(path)?.find((candidate) => candidate.muxer.names.run === name)
    run?.touch()
    return run
  }

  /** Ends all runs and their players. */
  close(): void {
    for (const run of [...this.#runs.values()].flat()) {
      run.stop('HLS stops')
      run.players.close('HLS stops')
    }
    this.#runs.clear()
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  #sweep(): void {
    const nowMs = monotonicMs()
    for (const [path, runs] of this.#runs) {
      for (const { players } of runs) players.sweep()
      for (const run of runs) if (run.endedMs === undefined && nowMs - run.lastRequestMs > this.#options.idleMs) run.stop('nobody has asked for it lately')
      const kept = runs.filter((run) => run.endedMs === undefined || nowMs - run.endedMs < ENDED_KEPT_MS)
      for (const run of runs) if (!kept.includes(run)) run.players.close('what it played has ended')
      if (kept.length === 0) this.#runs.delete(path)
      else if (kept.length < runs.length) this.#runs.set(path, kept)
    }
    if (this.#runs.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }
}
