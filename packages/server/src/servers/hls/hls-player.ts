import { randomBytes } from 'node:crypto'
import type { EndReason } from '@millrace/media/hub/end-reason.ts'
import type { Stream, StreamClient } from '@millrace/media/hub/stream.ts'
import { monotonicMs } from '../../net/clock.ts'
import type { SessionCounters, SessionProbe } from '../../net/session-probe.ts'

/** Who asks, as the request has it. */
export type HlsAsker = {
  /** Without port. */
  readonly ip: string
  readonly port: number
  readonly userAgent: string
  /** By whose credentials; empty where none were asked for. */
  readonly user: string
}

/** One who plays by HLS: all requests whose addresses it was given. To the hub it is a reader. */
export class HlsPlayer implements SessionProbe, StreamClient {
  readonly protocol = 'hls'
  readonly transport = 'tcp'
  /** In the addresses of the playlists that it gets; a secret. */
  readonly id = randomBytes(15).toString('base64url')
  readonly remote: string
  readonly userAgent: string
  readonly user: string
  readonly stream: Stream
  /** Bodies of answers. */
  #bytesOut = 0
  #lastRequestMs = monotonicMs()
  /** Why it is not to play any more. */
  #ended: EndReason | undefined

  constructor(stream: Stream, { ip, port, userAgent, user }: HlsAsker) {
    this.remote = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
    this.userAgent = userAgent.slice(0, 256)
    this.user = user
    this.stream = stream
    stream.addClient(this)
  }

  get lastRequestMs(): number {
    return this.#lastRequestMs
  }

  /** It was told to go by an administrator. */
  get kicked(): string | undefined {
    return this.#ended?.code === 'kicked' ? this.#ended.message : undefined
  }

  readCounters(): SessionCounters {
    return { bytesOut: this.#bytesOut }
  }

  /** It asked for something and gets so many bytes. */
  served(bytes: number): void {
    this.#bytesOut += bytes
    this.#lastRequestMs = monotonicMs()
  }

  end(reason: EndReason): void {
    this.#ended = reason
  }

  /** @param why for people */
  leave(why: string): void {
    this.stream.removeClient(this, why)
  }
}
