import type { Stream } from '@millrace/media/hub/stream.ts'
import { monotonicMs } from '../../net/clock.ts'
import { type HlsAsker, HlsPlayer } from './hls-player.ts'

/** Players of one stream. Above it they are not told apart any more. */
const MAX_PLAYERS = 10_000
/** Players ask again within a segment's duration or two. */
const LEAST_IDLE_MS = 15_000
const IDLE_SEGMENTS = 3

/** Who plays one stream. */
export class HlsPlayers {
  readonly #stream: Stream
  readonly #idleMs: number
  readonly #byId = new Map<string, HlsPlayer>()
  /** Those whose requests do not say which one they are, by address and program. */
  readonly #nameless = new Map<string, HlsPlayer>()

  /** @param segmentMs how long segments are */
  constructor(stream: Stream, segmentMs: number, mostIdleMs: number) {
    this.#stream = stream
    this.#idleMs = Math.min(mostIdleMs, Math.max(LEAST_IDLE_MS, IDLE_SEGMENTS * segmentMs))
  }

  /** @param id from the address; a new player if nobody has it */
  open(id: string | undefined, asker: HlsAsker): HlsPlayer {
    const known = id === undefined ? undefined : this.#byId.get(id)
    if (known) return known
    if (this.#byId.size >= MAX_PLAYERS) return this.find(undefined, asker)
    const player = new HlsPlayer(this.#stream, asker)
    this.#byId.set(player.id, player)
    return player
  }

  /** Whose request it is. One without id is of whom this address and program had before. */
  find(id: string | undefined, asker: HlsAsker): HlsPlayer {
    const known = id === undefined ? undefined : this.#byId.get(id)
    if (known) return known
    const key = `${asker.ip} ${asker.userAgent}`.slice(0, 300)
    const nameless = this.#nameless.get(key)
    if (nameless) return nameless
    const player = new HlsPlayer(this.#stream, asker)
    if (this.#nameless.size < MAX_PLAYERS) this.#nameless.set(key, player)
    else player.leave('too many players')
    return player
  }

  /** Forgets those that have not asked lately. */
  sweep(): void {
    const nowMs = monotonicMs()
    for (const players of [this.#byId, this.#nameless]) {
      for (const [key, player] of players) {
        if (nowMs - player.lastRequestMs <= this.#idleMs) continue
        players.delete(key)
        player.leave('it has asked for nothing lately')
      }
    }
  }

  /** @param why for people */
  close(why: string): void {
    for (const players of [this.#byId, this.#nameless]) {
      for (const player of players.values()) player.leave(why)
      players.clear()
    }
  }
}
