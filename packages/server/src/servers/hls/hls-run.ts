import { randomBytes } from 'node:crypto'
import { codecNames, HlsMuxer, hlsTracks } from '@millrace/media/bridges/hls/from-hub.ts'
import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { Stream, StreamClient } from '@millrace/media/hub/stream.ts'
import type { Log } from '../../log/log.ts'
import { monotonicMs, wallClockMs } from '../../net/clock.ts'
import type { SessionCounters, SessionProbe } from '../../net/session-probe.ts'
import { ConditionQueue } from './condition-queue.ts'
import type { HlsOptions } from './hls-options.ts'

/** One muxer from the first request for its stream until some time after the last one. To the hub it is one reader. */
export class HlsRun implements SessionProbe, StreamClient {
  readonly protocol = 'hls'
  /** Whose request started it. */
  readonly remote: string
  readonly stream: Stream
  readonly muxer: HlsMuxer
  readonly waiting = new ConditionQueue()
  /** Bytes of media that all its players fetched. */
  bytesOut = 0
  /** When it ended, or undefined while it runs. */
  endedMs: number | undefined
  #lastRequestMs = monotonicMs()
  readonly #log: Log

  constructor(stream: Stream, remote: string, path: string, options: HlsOptions, log: Log) {
    this.remote = remote
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
    stream.addClient(this)
  }

  get lastRequestMs(): number {
    return this.#lastRequestMs
  }

  readCounters(): SessionCounters {
    return { bytesOut: this.bytesOut }
  }

  touch(): void {
    this.#lastRequestMs = monotonicMs()
  }

  /** The stream is over: players that still load get the end of the playlist. */
  end(reason: EndReason): void {
    this.#finish(reason.message)
  }

  /** Nobody asks any more, or a new run takes over. */
  stop(why: string): void {
    this.stream.removeClient(this)
    this.#finish(why)
  }

  #finish(why: string): void {
    if (this.endedMs !== undefined) return
    this.endedMs = monotonicMs()
    this.muxer.end()
    this.#log.info({}, `HLS ends: ${why}`)
  }
}
