import { isDeepStrictEqual } from 'node:util'
import type { ProtocolError } from '../../src/bytes/protocol-error.ts'
import type { DtlsCrypto } from '../../src/protocols/dtls/dtls-crypto.ts'
import { type DtlsOutput, DtlsSession } from '../../src/protocols/dtls/dtls-session.ts'
import type { DtlsRole } from '../../src/protocols/dtls/record-layer.ts'
import type { DtlsSrtpKeys } from '../../src/protocols/dtls/srtp-keys.ts'
import { SRTP_PROFILES, type SrtpProfile } from '../../src/protocols/srtp/srtp-profile.ts'
import { nodeCrypto, type Party, runJob } from './node-crypto.ts'

/** What the network does to a datagram: when each copy arrives, in milliseconds; none if it is lost. May change the bytes. */
export type Network = (datagram: Uint8Array, role: DtlsRole, count: number, nowMs: number) => readonly Arrival[]
type Arrival = { readonly afterMs: number; readonly datagram: Uint8Array }

export const NETWORK_MS = 10
export const JOB_MS = 3

export const faithful = (datagram: Uint8Array): readonly Arrival[] => [{ afterMs: NETWORK_MS, datagram }]

export type SideOptions = {
  readonly party: Party
  /** Whom it takes the other one for. */
  readonly expects: Party
  readonly profiles?: readonly SrtpProfile[]
  readonly crypto?: DtlsCrypto
}

/** Virtual time after which nothing more is waited for. */
const LIMIT_MS = 200_000

type Event = { readonly atMs: number; readonly run: () => void }

/** One side and what it came to. */
export class Side {
  readonly session: DtlsSession
  readonly options: SideOptions
  keys: DtlsSrtpKeys | undefined
  closed = false
  error: ProtocolError | undefined
  readonly sent: Uint8Array[] = []

  constructor(role: DtlsRole, options: SideOptions) {
    this.options = options
    this.session = new DtlsSession(role, {
      crypto: options.crypto ?? nodeCrypto,
      certificate: options.party.certificate,
      acceptsCertificate: (certificate) => isDeepStrictEqual(Buffer.from(certificate), Buffer.from(options.expects.certificate)),
      srtpProfiles: options.profiles ?? SRTP_PROFILES,
    })
  }
}

/** A client and a server with a network between them, in virtual time. */
export class Link {
  nowMs = 0
  readonly client: Side
  readonly server: Side
  readonly #network: Network
  #events: Event[] = []

  constructor(client: SideOptions, server: SideOptions, network: Network = faithful) {
    this.client = new Side('client', client)
    this.server = new Side('server', server)
    this.#network = network
    this.client.session.start(0)
    this.flush('client')
  }

  get connected(): boolean {
    return this.client.keys !== undefined && this.server.keys !== undefined
  }

  /** Until both are connected, one has closed, or nothing more happens. */
  run(until: () => boolean = () => this.connected || this.client.closed || this.server.closed): void {
    while (this.nowMs < LIMIT_MS && !until() && this.#step()) {}
  }

  /** What is on its way arrives, and timers come. */
  settle(): void {
    this.run(() => false)
  }

  flush(role: DtlsRole): void {
    const side = this[role]
    for (let output = side.session.pollOutput(); output; output = side.session.pollOutput()) this.#take(role, side, output)
  }

  #take(role: DtlsRole, side: Side, output: DtlsOutput): void {
    if (output.type === 'connected') side.keys = output.keys
    else if (output.type === 'closed') {
      side.closed = true
      side.error = output.error
    } else if (output.type === 'job') {
      const result = runJob(output.job, side.options.party.key)
      this.#at(JOB_MS, () => {
        side.session.handleJob(this.nowMs, result)
        this.flush(role)
      })
    } else {
      const other = role === 'client' ? 'server' : 'client'
      const copies = this.#network(new Uint8Array(output.datagram), role, side.sent.length, this.nowMs)
      side.sent.push(output.datagram)
      for (const { afterMs, datagram } of copies) {
        this.#at(afterMs, () => {
          this[other].session.handleDatagram(this.nowMs, datagram)
          this.flush(other)
        })
      }
    }
  }

  #at(afterMs: number, run: () => void): void {
    this.#events.push({ atMs: this.nowMs + afterMs, run })
  }

  /** @returns whether something happened */
  #step(): boolean {
    const timers: Event[] = (['client', 'server'] as const).map((role) => ({
      atMs: this[role].session.timeoutAtMs,
      run: () => {
        this[role].session.handleTimeout(this.nowMs)
        this.flush(role)
      },
    }))
    const [next] = [...this.#events, ...timers].sort((a, b) => a.atMs - b.atMs)
    if (!next || next.atMs === Number.POSITIVE_INFINITY) return false
    this.#events = this.#events.filter((event) => event !== next)
    this.nowMs = Math.max(this.nowMs, next.atMs)
    next.run()
    return true
  }
}
