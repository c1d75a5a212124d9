import { randomBytes } from 'node:crypto'
import { codecNames, HlsMuxer, hlsTracks } from '@millrace/media/bridges/hls/from-hub.ts'
import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { Stream, StreamClient } from '@millrace/media/hub/stream.ts'
import type { Log } from '../../log/log.ts'
import { monotonicMs, wallClockMs } from '../../net/clock.ts'
import { ConditionQueue } from './condition-queue.ts'
import type { HlsOptions } from './hls-options.ts'
import { HlsPlayer } from './hls-player.ts'

/** More at a time are served, but not told apart. */
const MAX_PLAYERS = 1000
/** Beyond two segments, a player that does not ask for so long has gone. Its requests are held back for 8 s at most. */
const PLAYER_SILENCE_MS = 15_000

/** One muxer from the first request for its stream until some time after the last one. To the hub it is one client. */
export class HlsRun implements StreamClient {
  readonly protocol = 'hls'
  /** Whose request started it. */
  readonly remote: string
  readonly stream: Stream
  readonly muxer: HlsMuxer
  readonly waiting = new ConditionQueue()
  /** When it ended, or undefined while it runs. */
  endedMs: number | undefined
  #lastRequestMs = monotonicMs()
  readonly #silenceMs: number
  readonly #players = new Map<string, HlsPlayer>()
  readonly #log: Log

  constructor(stream: Stream, remote: string, path: string, options: HlsOptions, log: Log) {
    this.remote = remote
    this.stream = stream
    this.#silenceMs = PLAYER_SILENCE_MS + 2 * options.segmentDurationMs
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

  /** Those who asked lately. */
  get players(): Iterable<HlsPlayer> {
    return this.#players.values()
  }

  /** @param bytes of media that a player gets */
  asked(key: string, remote: string, bytes: number): void {
    let player = this.#players.get(key)
    if (!player && this.#players.size < MAX_PLAYERS) {
      player = new HlsPlayer(remote)
      this.#players.set(key, player)
      this.#log.debug({ player: remote }, 'a player came')
    }
    player?.asked(bytes)
  }

  forgetSilent(nowMs: number): void {
    for (const [key, player] of this.#players) if (nowMs - player.lastRequestMs > this.#silenceMs) this.#players.delete(key)
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
