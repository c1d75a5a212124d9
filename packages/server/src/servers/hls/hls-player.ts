import { randomBytes } from 'node:crypto'
import type { StreamClient } from '@millrace/media/hub/stream.ts'
import type { FastifyRequest } from 'fastify'
import { monotonicMs } from '../../net/clock.ts'
import type { SessionCounters, SessionProbe } from '../../net/session-probe.ts'

const COOKIE = 'millrace-hls'
const COOKIE_VALUE = new RegExp(`(?:^|; ?)${COOKIE}=([\\w-]{16})(?:;|$)`)
/** Of a browser's name, what tells players apart that keep no cookie. */
const MAX_AGENT = 200

/** One who plays by HLS: requests that belong together. */
export class HlsPlayer implements SessionProbe, StreamClient {
  readonly protocol = 'hls'
  /** Of its first request. */
  readonly remote: string
  #bytes = 0
  #lastRequestMs = 0

  constructor(remote: string) {
    this.remote = remote
  }

  get lastRequestMs(): number {
    return this.#lastRequestMs
  }

  readCounters(): SessionCounters {
    return { bytes: this.#bytes }
  }

  /** @param bytes of media that it gets */
  asked(bytes: number): void {
    this.#bytes += bytes
    this.#lastRequestMs = monotonicMs()
  }

  /** The end of the playlist tells it. */
  end(): void {}
}

/** Who asks: by the cookie that the index gave it, otherwise by its address and program. Pages of other sites and some players keep no cookie. */
export const playerKey = (request: FastifyRequest): string =>
  COOKIE_VALUE.exec(request.headers.cookie ?? '')?.[1] ?? `${request.ip} ${(request.headers['user-agent'] ?? '').slice(0, MAX_AGENT)}`

/** `Set-Cookie` for a player that has none yet, for its path and as long as it runs; undefined if it has one. */
export const newPlayerCookie = (request: FastifyRequest): string | undefined => {
  if (COOKIE_VALUE.test(request.headers.cookie ?? '')) return undefined
  const folder = new URL('.', new URL(request.url, 'http://host')).pathname
  return `${COOKIE}=${randomBytes(12).toString('base64url')}; Path=${folder}; HttpOnly; SameSite=Lax`
}
