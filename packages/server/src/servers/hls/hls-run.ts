import { randomBytes } from 'node:crypto'
import { codecNames, HlsMuxer, hlsTracks } from '@millrace/media/bridges/hls/from-hub.ts'
import type { Stream } from '@millrace/media/hub/stream.ts'
import type { Log } from '../../log/log.ts'
import { monotonicMs, wallClockMs } from '../../net/clock.ts'
import { ConditionQueue } from './condition-queue.ts'
import type { HlsOptions } from './hls-options.ts'
import { HlsPlayers } from './hls-players.ts'

/** One muxer from the first request for its stream until some time after the last one, and who plays what it makes. */
export class HlsRun {
  readonly stream: Stream
  readonly muxer: HlsMuxer
  readonly waiting = new ConditionQueue()
  readonly players: HlsPlayers
  /** When it ended, or undefined while it runs. */
  endedMs: number | undefined
  #lastRequestMs = monotonicMs()
  readonly #log: Log
  readonly #stopListening: () => void

  constructor(stream: Stream, remote: string, path: string, options: HlsOptions, log: Log) {
    this.stream = stream
    this.#log = log.child({ path, protocol: 'hls', client: remote })
    this.muxer = new HlsMuxer(stream, {
      ...options,
      run: randomBytes(5).toString('hex'),
      wallClockMs,
      onChange: () => this.waiting.check(),
    })
    const { missing } = hlsTracks(stream)
    if (missing.length > 0)
      this.#log.warn({ codecs: missing.map((codec) => codec.name) }, `HLS does not carry ${codecNames(missing)}: the rest of the stream plays`)
    this.#log.info({}, 'HLS starts with its first request')
    this.players = new HlsPlayers(stream, options.segmentDurationMs, options.idleMs)
    this.#stopListening = stream.onEnd((reason) => this.#finish(reason.message))
  }

  get lastRequestMs(): number {
    return this.#lastRequestMs
  }

  touch(): void {
    this.#lastRequestMs = monotonicMs()
  }

  /** Nobody asks any more, or a new run takes over. */
  stop(why: string): void {
    this.#stopListening()
    this.#finish(why)
  }

  /** Players that still load get the end of the playlist. */
  #finish(why: string): void {
    if (this.endedMs !== undefined) return
    this.endedMs = monotonicMs()
    this.muxer.end()
    this.players.close(why)
    this.#log.info({}, `HLS ends: ${why}`)
  }
}
