import type { Destination } from '@millrace/media/bridges/webrtc/datagram-out.ts'
import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import type { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import type { DtlsRole } from '@millrace/media/protocols/dtls/record-layer.ts'
import type { DtlsSrtpKeys } from '@millrace/media/protocols/dtls/srtp-keys.ts'
import type { IceCredentials, IceLiteAgent } from '@millrace/media/protocols/ice/ice-lite-agent.ts'
import type { ReceivedStun } from '@millrace/media/protocols/stun/decode-stun.ts'
import { addressKey } from '@millrace/media/protocols/stun/transport-address.ts'
import { DtlsConn, type DtlsShared } from './dtls-conn.ts'
import { makeIceCredentials, makeIceTag } from './ice-credentials.ts'
import type { UdpPort } from './udp-port.ts'

/** From the first datagram of the handshake to its end. */
const HANDSHAKE_TIMEOUT_MS = 10_000

export type PeerLinkOptions = {
  readonly agent: IceLiteAgent<Destination>
  /** Who waits for the handshake and who begins it, RFC 5763 section 5. */
  readonly dtlsRole: DtlsRole
  readonly fingerprints: readonly Fingerprint[]
  readonly dtls: DtlsShared
  /** Who made the offer, until the media's own address is known. */
  readonly remote: string
  readonly port: UdpPort
  /** Values of the `a=candidate` lines that the peer is given. */
  readonly candidates: readonly string[]
  /** What the peer did wrong, and nothing else came of. */
  countFault(code: string): void
  /** The ICE user names of `agent` are others now. */
  restarted(): void
}

export type PeerLinkHandlers = {
  /** The peer is the one that made the offer, and can be reached at `to`. */
  connected(keys: DtlsSrtpKeys, to: Destination): void
  /** The peer is reached at another address from now on. */
  moved(to: Destination): void
  /**
   * Nothing follows.
   * @param reason for the log
   * @param fault of the peer
   */
  closed(reason: string, fault: ProtocolError | undefined): void
}

/** The way to one peer: ICE finds it, DTLS secures it. */
export class PeerLink {
  /** Names the ICE session, as an entity-tag with its quotes: another one after each ICE restart. */
  etag = makeIceTag()
  /** Addresses that its valid checks came from. */
  readonly addresses = new Set<string>()
  readonly #options: PeerLinkOptions
  readonly #handlers: PeerLinkHandlers
  #dtls: DtlsConn | undefined
  #handshakeUntilMs = Number.POSITIVE_INFINITY
  #connected = false
  #closed = false

  constructor(options: PeerLinkOptions, handlers: PeerLinkHandlers) {
    this.#options = options
    this.#handlers = handlers
  }

  get agent(): IceLiteAgent<Destination> {
    return this.#options.agent
  }

  get connected(): boolean {
    return this.#connected
  }

  /** `address:port` of the media once it is known, of the request before. */
  get remote(): string {
    const address = this.agent.remoteAddress
    return address ? addressKey(address) : this.#options.remote
  }

  /** How the media goes; undefined until that is known. */
  get transport(): 'udp' | 'tcp' | undefined {
    const to = this.agent.remoteAddress
    return to && (to.connection ? 'tcp' : 'udp')
  }

  /**
   * Takes the peer's new credentials.
   * @returns ours, and where we are reached
   */
  restartIce(remote: IceCredentials): { readonly ice: IceCredentials; readonly candidates: readonly string[] } {
    const ice = makeIceCredentials()
    this.agent.restart(ice, remote)
    this.etag = makeIceTag()
    this.#options.restarted()
    return { ice, candidates: this.#options.candidates }
  }

  /**
   * @param bytes what `message` was decoded from
   * @returns whether the check was authentic
   */
  handleStun(nowMs: number, message: ReceivedStun, bytes: Uint8Array, from: Destination): boolean {
    const { response, valid } = this.agent.handleRequest(nowMs, message, bytes, from)
    if (response) this.#options.port.send(response, from)
    if (!valid || this.#closed) return valid
    const to = this.agent.remoteAddress
    if (to && this.#connected) this.#handlers.moved(to)
    // A server waits for the peer's hello; a client says it as soon as there is a way.
    else if (to && this.#options.dtlsRole === 'client') this.#handshake(nowMs).start()
    return true
  }

  handleDtls(nowMs: number, datagram: Buffer): void {
    if (!this.#closed) this.#handshake(nowMs).handleDatagram(datagram)
  }

  /** Several times a second. */
  tick(nowMs: number): void {
    if (this.#closed) return
    if (this.agent.isExpired(nowMs)) this.#end(this.#connected ? 'the peer went silent' : 'the peer did not connect', undefined)
    else if (!this.#connected && nowMs > this.#handshakeUntilMs) this.#end('the DTLS handshake took too long', undefined)
  }

  /** Tells the peer that it is over, if there is a way to tell it. The handlers are not called any more. */
  close(): void {
    this.#closed = true
    this.#dtls?.close()
  }

  #handshake(nowMs: number): DtlsConn {
    if (this.#dtls) return this.#dtls
    const { dtlsRole, dtls, fingerprints, port } = this.#options
    this.#handshakeUntilMs = nowMs + HANDSHAKE_TIMEOUT_MS
    this.#dtls = new DtlsConn(dtlsRole, dtls, fingerprints, {
      send: (bytes) => {
        const to = this.agent.remoteAddress
        if (to) port.send(bytes, to)
      },
      connected: (keys) => {
        const to = this.agent.remoteAddress
        if (!to || this.#closed) return
        this.#connected = true
        this.#handlers.connected(keys, to)
      },
      discarded: () => this.#options.countFault('dtls/discarded'),
      closed: (fault) => this.#end(fault ? fault.message : 'the peer closed', fault),
    })
    return this.#dtls
  }

  #end(reason: string, fault: ProtocolError | undefined): void {
    if (this.#closed) return
    this.close()
    this.#handlers.closed(reason, fault)
  }
}
