import { createSocket, type Socket } from 'node:dgram'
import { until } from '../until.ts'

/** What a path does to datagrams on their way to the client. */
export type PathConditions = {
  /** 0 to 1, of the media. */
  readonly loss: number
  /** Bits per second that get through; undefined for all. */
  readonly rateBps: number | undefined
  /** What would wait longer for its turn is dropped, in milliseconds. */
  readonly queueMs: number
  /** Each datagram is later by up to so much, and may be overtaken, in milliseconds. */
  readonly reorderMs: number
}

export const GOOD_PATH: PathConditions = { loss: 0, rateBps: undefined, queueMs: 300, reorderMs: 0 }

/** A UDP relay to a server, for one client, whose way to the client can be made bad at any time. */
export class PathProxy {
  readonly port: number
  conditions: PathConditions = GOOD_PATH
  /** Datagrams and octets that were given on to the client, and datagrams that were not. */
  passed = 0
  octets = 0
  dropped = 0
  readonly #near: Socket
  readonly #far: Socket
  #client: { address: string; port: number } | undefined
  #freeAtMs = 0
  // A fixed sequence of numbers, so that each run loses alike.
  #random = 1
  #isClosed = false

  private constructor(near: Socket, far: Socket, serverPort: number) {
    this.#near = near
    this.#far = far
    this.port = near.address().port
    near.on('message', (datagram, from) => {
      this.#client = from
      far.send(datagram, serverPort, '127.0.0.1')
    })
    far.on('message', (datagram) => this.#toClient(datagram))
  }

  static async start(serverPort: number): Promise<PathProxy> {
    const bound = [createSocket('udp4'), createSocket('udp4')] as const
    let ready = 0
    for (const socket of bound) {
      socket.bind(0, '127.0.0.1', () => {
        socket.setRecvBufferSize(4 * 1024 * 1024)
        ready++
      })
    }
    await until('the proxy is bound', () => ready === 2)
    return new PathProxy(...bound, serverPort)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#near, this.#far].map((socket) => new Promise<void>((resolve) => socket.close(resolve))))
  }

  #toClient(datagram: Buffer): void {
    const { loss, rateBps, queueMs, reorderMs } = this.conditions
    const nowMs = performance.now()
    const isMedia = (datagram[0] ?? 0) >= 128
    const startMs = Math.max(nowMs, this.#freeAtMs)
    if (isMedia && (this.#next() < loss || (rateBps !== undefined && startMs - nowMs > queueMs))) {
      this.dropped++
      return
    }
    if (rateBps !== undefined) this.#freeAtMs = startMs + (datagram.length * 8000) / rateBps
    const waitMs = (rateBps === undefined ? 0 : this.#freeAtMs - nowMs) + (isMedia ? reorderMs * this.#next() : 0)
    if (waitMs < 1) this.#pass(datagram)
    else setTimeout(() => this.#pass(datagram), waitMs)
  }

  #pass(datagram: Buffer): void {
    if (this.#isClosed || !this.#client) return
    this.passed++
    this.octets += datagram.length
    this.#near.send(datagram, this.#client.port, this.#client.address)
  }

  #next(): number {
    this.#random = (this.#random * 48271) % 0x7fffffff
    return this.#random / 0x7fffffff
  }
}
