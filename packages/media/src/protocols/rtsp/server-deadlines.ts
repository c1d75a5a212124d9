import { ProtocolError } from '../../bytes/protocol-error.ts'
import { DEFAULT_SESSION_TIMEOUT_MS } from './session-header.ts'

/** The first request must have come, and every request must be complete, within this time. */
export const REQUEST_TIMEOUT_MS = 10_000
/** A publisher that sends no packets for so long is gone. */
export const PUBLISHER_TIMEOUT_MS = 10_000
/** Without a request or, over UDP, a receiver report for so long, a session is over. */
export const SESSION_TIMEOUT_MS = DEFAULT_SESSION_TIMEOUT_MS

/** What a client has to do next, so that we know how long to wait for it. */
export type Awaited = 'first-request' | 'request' | 'packets' | 'life-sign' | 'nothing'

/** When a server's session gives its client up. Recording a sign of life costs one assignment. */
export class ServerDeadlines {
  #awaited: Awaited = 'first-request'
  #aliveMs: number
  #packetMs = 0
  #unfinishedMs: number | undefined

  constructor(nowMs: number) {
    this.#aliveMs = nowMs
  }

  await(awaited: Awaited, nowMs: number): void {
    this.#awaited = awaited
    this.#aliveMs = nowMs
    this.#packetMs = nowMs
  }

  /** A request, or a receiver report. */
  alive(nowMs: number): void {
    this.#aliveMs = nowMs
    if (this.#awaited === 'first-request') this.#awaited = 'request'
  }

  packet(nowMs: number): void {
    this.#packetMs = nowMs
  }

  /** @param isUnfinished whether a message has begun and not ended @param isNew whether it is another one than before */
  unfinished(isUnfinished: boolean, isNew: boolean, nowMs: number): void {
    if (!isUnfinished) this.#unfinishedMs = undefined
    else if (isNew || this.#unfinishedMs === undefined) this.#unfinishedMs = nowMs
  }

  /** When the present wait is over; infinite if there is none. */
  get dueMs(): number {
    const unfinished = this.#unfinishedMs === undefined ? Number.POSITIVE_INFINITY : this.#unfinishedMs + REQUEST_TIMEOUT_MS
    return Math.min(unfinished, this.#awaitedDueMs)
  }

  /** @throws ProtocolError `rtsp/timeout`, `rtsp/no-packets` when the wait is over */
  check(nowMs: number): void {
    if (nowMs < this.dueMs) return
    if (this.#awaitedDueMs > nowMs) throw new ProtocolError('rtsp/timeout', `a message was not complete after ${REQUEST_TIMEOUT_MS / 1000} s`)
    if (this.#awaited === 'packets') throw new ProtocolError('rtsp/no-packets', `the publisher sent no packets for ${PUBLISHER_TIMEOUT_MS / 1000} s`)
    if (this.#awaited === 'first-request') throw new ProtocolError('rtsp/timeout', `no request came in the first ${REQUEST_TIMEOUT_MS / 1000} s`)
    throw new ProtocolError('rtsp/timeout', `no request and no receiver report came for ${SESSION_TIMEOUT_MS / 1000} s`)
  }

  get #awaitedDueMs(): number {
    if (this.#awaited === 'nothing') return Number.POSITIVE_INFINITY
    if (this.#awaited === 'packets') return this.#packetMs + PUBLISHER_TIMEOUT_MS
    return this.#aliveMs + (this.#awaited === 'first-request' ? REQUEST_TIMEOUT_MS : SESSION_TIMEOUT_MS)
  }
}
