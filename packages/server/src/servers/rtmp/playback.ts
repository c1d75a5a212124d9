import { type RtmpMuxer, type RtmpPlayer, releaseRtmpMuxer, shareRtmpMuxer } from '@millrace/media/bridges/rtmp/from-hub.ts'
import { codecLabel } from '@millrace/media/codecs/codec.ts'
import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { Stream, StreamClient } from '@millrace/media/hub/stream.ts'
import type { Log } from '../../log/log.ts'
import type { SessionCounters, SessionProbe } from '../../net/session-probe.ts'
import type { TcpWriter } from '../../net/tcp-writer.ts'

type Player = { readonly remote: string; readonly user: string; readonly userAgent: string }

/** One player's hold on a stream. */
export class Playback implements RtmpPlayer, SessionProbe, StreamClient {
  readonly protocol = 'rtmp'
  readonly transport = 'tcp'
  readonly remote: string
  readonly user: string
  readonly userAgent: string
  readonly #stream: Stream
  readonly #writer: TcpWriter
  readonly #muxer: RtmpMuxer
  readonly #onEnd: (reason: EndReason) => void
  /** Wanted by the player, and what is so. */
  #paused = false
  #joined = false
  #closed = false

  /** @param onEnd the stream is over */
  constructor(stream: Stream, writer: TcpWriter, { remote, user, userAgent }: Player, onEnd: (reason: EndReason) => void) {
    this.remote = remote
    this.user = user
    this.userAgent = userAgent
    this.#stream = stream
    this.#writer = writer
    this.#onEnd = onEnd
    this.#muxer = shareRtmpMuxer(stream)
  }

  /** Why nothing can be played; undefined if something can. */
  get refusal(): string | undefined {
    if (this.#muxer.carried.length > 0) return undefined
    return `RTMP cannot carry ${labels(this.#muxer.missing)}, and the stream has nothing else: play it by another protocol`
  }

  /** Says what the player will not get. */
  logMissing(log: Log): void {
    const { missing } = this.#muxer
    if (missing.length > 0) log.warn({ missing: missing.map(({ name }) => name) }, `plays without ${labels(missing)}, which RTMP cannot carry`)
  }

  get isActive(): boolean {
    return this.#joined
  }

  readCounters(): SessionCounters {
    const { bytesIn, bytesOut, queue } = this.#writer
    return { bytesIn, bytesOut, dropped: queue.dropped, dropReason: 'slow-reader' }
  }

  set paused(paused: boolean) {
    this.#paused = paused
  }

  /** Makes it so: to be called when the answers to the player's commands are on their way. */
  sync(): void {
    const wanted = !this.#paused && !this.#closed
    if (wanted === this.#joined) return
    this.#joined = wanted
    if (wanted) this.#muxer.addPlayer(this)
    else this.#muxer.removePlayer(this)
  }

  onHeader(bytes: Uint8Array): void {
    this.#writer.writeEssential(bytes)
  }

  onMedia(bytes: Uint8Array, randomAccess: boolean): void {
    this.#writer.write(bytes, randomAccess)
  }

  end(reason: EndReason): void {
    this.#onEnd(reason)
  }

  /** @param reason why, for people */
  close(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.sync()
    this.#stream.removeClient(this, reason)
    releaseRtmpMuxer(this.#stream)
  }
}

const labels = (codecs: RtmpMuxer['missing']): string => codecs.map(codecLabel).join(' and ')
