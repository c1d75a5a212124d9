import type { Socket } from 'node:net'
import { isIPv6 } from 'node:net'
import { monotonicMs } from './clock.ts'

/** How many connections there may be, of all listeners of TCP together. */
export type ConnectionLimits = {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** New ones of one address; as many more may come at once. */
  readonly maxNewPerSecondPerAddress: number
  /** Addresses whose connections count towards the total only, such as that of a reverse proxy. */
  readonly isExempt: (address: string) => boolean
}

export const REFUSALS = ['total', 'address', 'rate'] as const
/** Which limit was reached. */
export type Refusal = (typeof REFUSALS)[number]

/** Addresses that connected in the last seconds; the one that has waited longest gives way. */
const MAX_ADDRESSES = 20_000
const BURST_SECONDS = 2

type Visitor = { open: number; tokens: number; filledMs: number }

/** Holds connection floods off: what is over the limits is closed before a byte of it is read. */
export class ConnectionGuard {
  /** Refused so far. */
  readonly refused: Record<Refusal, number> = { total: 0, address: 0, rate: 0 }
  readonly #visitors = new Map<string, Visitor>()
  readonly #now: () => number
  #limits: ConnectionLimits
  #open = 0

  /** @param now milliseconds that never go back */
  constructor(limits: ConnectionLimits, now: () => number = monotonicMs) {
    this.#limits = limits
    this.#now = now
  }

  /** Connections that there are. */
  get open(): number {
    return this.#open
  }

  /** Those that are there stay, even if they are more now than may be. */
  setLimits(limits: ConnectionLimits): void {
    this.#limits = limits
  }

  /** @returns false if it was one too many, and was closed */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress
    // Gone before it was looked at.
    if (address === undefined) {
      socket.destroy()
      return false
    }
    const visitor = this.#limits.isExempt(address) ? undefined : this.#visitor(visitorKey(address))
    const refusal = this.#refusal(visitor)
    if (refusal) {
      this.refused[refusal]++
      socket.on('error', () => undefined)
      // A reset: closing in order would keep the port's memory for a minute.
      socket.resetAndDestroy()
      return false
    }
    this.#open++
    if (visitor) {
      visitor.open++
      visitor.tokens--
    }
    socket.once('close', () => {
      this.#open--
      if (visitor) visitor.open--
    })
    return true
  }

  #refusal(visitor: Visitor | undefined): Refusal | undefined {
    if (this.#open >= this.#limits.maxConnections) return 'total'
    if (!visitor) return undefined
    if (visitor.open >= this.#limits.maxConnectionsPerAddress) return 'address'
    return visitor.tokens < 1 ? 'rate' : undefined
  }

  #visitor(key: string): Visitor {
    const nowMs = this.#now()
    const rate = this.#limits.maxNewPerSecondPerAddress
    const burst = rate * BURST_SECONDS
    const known = this.#visitors.get(key)
    const visitor = known ?? { open: 0, tokens: burst, filledMs: nowMs }
    visitor.tokens = Math.min(burst, visitor.tokens + ((nowMs - visitor.filledMs) * rate) / 1000)
    visitor.filledMs = nowMs
    this.#visitors.delete(key)
    this.#visitors.set(key, visitor)
    if (!known && this.#visitors.size > MAX_ADDRESSES) this.#forgetOldest()
    return visitor
  }

  #forgetOldest(): void {
    for (const [key, { open }] of this.#visitors) {
      if (open > 0) continue
      this.#visitors.delete(key)
      return
    }
  }
}

/** A household has 2^64 addresses of IPv6: they count as one. */
const visitorKey = (address: string): string => {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? []
  const groups = head.split(':')
  if (tail !== undefined) while (groups.length < 4) groups.push('0')
  return groups.slice(0, 4).join(':')
}
