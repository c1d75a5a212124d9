import { X509Certificate } from 'node:crypto'
import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { SRTP_PROFILES, type SrtpProfile } from '@millrace/media/protocols/srtp/srtp-profile.ts'
import {
  createSelfSignedCertificate,
  DtlsClient,
  DtlsServer,
  HashAlgorithm,
  NamedCurveAlgorithm,
  SignatureAlgorithm,
  type SrtpProfile as WeriftSrtpProfile,
} from 'werift'
import { checkClientMessage, type HandshakeMessage, serverCheck } from './dtls-checks.ts'
import { DtlsGate, HANDSHAKE_TYPE, RECORD_TYPE } from './dtls-gate.ts'
import { fingerprintLine } from './fingerprint.ts'

/** The server's own, one for all sessions. */
export type DtlsCertificate = {
  readonly certificatePem: string
  readonly keyPem: string
  /** For `a=fingerprint`. */
  readonly fingerprint: string
}

/** What SRTP needs from the handshake, RFC 5764 section 4.2. */
export type DtlsSrtpKeys = {
  readonly profile: SrtpProfile
  readonly localKey: Uint8Array
  readonly localSalt: Uint8Array
  readonly remoteKey: Uint8Array
  readonly remoteSalt: Uint8Array
}

/** Who waits for the handshake and who begins it, RFC 5763 section 5. */
export type DtlsRole = 'server' | 'client'

export type DtlsHandlers = {
  send(datagram: Uint8Array): void
  /** The handshake is done, and the peer is the one that the offer announced. */
  connected(keys: DtlsSrtpKeys): void
  /** The peer closed, or the handshake failed; nothing follows. */
  closed(error: ProtocolError | undefined): void
}

const SIGNATURE_HASH = { hash: HashAlgorithm.sha256_4, signature: SignatureAlgorithm.ecdsa_3 } as const
const CLOSE_NOTIFY = Buffer.from([1, 0])
/** A flight is sent again at most once in this time, in milliseconds, however often the peer asks. */
const RESEND_INTERVAL_MS = 100
const MAX_FLIGHT_DATAGRAMS = 16

/** An ECDSA P-256 certificate, made anew at each start. */
export const makeDtlsCertificate = async (): Promise<DtlsCertificate> => {
  const { certPem, keyPem } = await createSelfSignedCertificate(SIGNATURE_HASH, NamedCurveAlgorithm.secp256r1_23)
  return { certificatePem: certPem, keyPem, fingerprint: fingerprintLine(new X509Certificate(certPem).raw) }
}

/** The last message in the clear before the peer's Finished. */
const LAST_CLEAR = { server: HANDSHAKE_TYPE.CERTIFICATE_VERIFY, client: HANDSHAKE_TYPE.SERVER_HELLO_DONE } as const
/** The flight after our last one: the library's timer for repetitions waits for it. */
const FINAL_FLIGHT = { server: 6, client: 7 } as const

/**
 * A DTLS 1.2 handshake for SRTP, by werift. That library checks neither the peer's certificate nor its signature nor its Finished:
 * `dtls-checks.ts` does. What it may be given at all is the gate's matter.
 */
export class DtlsSession {
  readonly #role: DtlsRole
  readonly #socket: DtlsServer | DtlsClient
  readonly #gate: DtlsGate
  readonly #handlers: DtlsHandlers
  #state: 'handshake' | 'connected' | 'closed' = 'handshake'
  /** The datagrams of our last flight. */
  #flight: Buffer[] = []
  #resentMs = Number.NEGATIVE_INFINITY

  /** A client begins at once: there has to be a way to the peer. */
  constructor(role: DtlsRole, certificate: DtlsCertificate, fingerprints: readonly Fingerprint[], handlers: DtlsHandlers) {
    this.#role = role
    this.#handlers = handlers
    this.#gate = new DtlsGate(LAST_CLEAR[role])
    const options = {
      transport: {
        type: 'udp',
        address: { address: '', family: 'IPv4', port: 0 },
        closed: false,
        onData: () => undefined,
        send: async (datagram: Buffer) => this.#send(datagram),
        close: async () => undefined,
      },
      cert: certificate.certificatePem,
      key: certificate.keyPem,
      signatureHash: SIGNATURE_HASH,
      srtpProfiles: SRTP_PROFILES.map(({ id }) => id as WeriftSrtpProfile),
      certificateRequest: role === 'server',
      extendedMasterSecret: true,
    }
    let check: (message: HandshakeMessage) => void
    if (role === 'server') {
      const server = new DtlsServer(options)
      check = (message) => checkClientMessage(server, fingerprints, message)
      this.#socket = server
    } else {
      const client = new DtlsClient(options)
      check = serverCheck(client, fingerprints)
      this.#socket = client
      client.connect().catch((error) => this.#fail(error))
    }
    const handle = this.#socket.onHandleHandshakes
    this.#socket.onHandleHandshakes = async (messages) => {
      if (this.#state === 'closed') return
      for (const message of messages) check(message)
      await handle(messages)
    }
    this.#socket.onConnect.subscribe(() => this.#connected())
    this.#socket.onError.subscribe((error) => this.#fail(error))
    this.#socket.onClose.subscribe(() => this.#finish(undefined))
  }

  /** @param nowMs of the monotonic clock */
  handleDatagram(nowMs: number, datagram: Buffer): void {
    if (this.#state === 'closed') return
    try {
      const { records, repeated } = this.#gate.take(datagram)
      for (const record of records) {
        // The peer goes on, so it has all that we sent.
        if (this.#state === 'handshake') this.#flight = []
        this.#socket.options.transport.onData(record, ['', 0])
      }
      if (repeated && records.length === 0) this.#resend(nowMs)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Tells the peer that it is over, if there is a way to tell it. */
  close(): void {
    if (this.#state === 'connected') this.#handlers.send(this.#encrypt(RECORD_TYPE.ALERT, CLOSE_NOTIFY))
    this.#stop()
  }

  #send(datagram: Buffer): void {
    if (this.#state === 'closed') return
    // The library's own timer sends the same buffers again.
    if (this.#flight.length < MAX_FLIGHT_DATAGRAMS && !this.#flight.includes(datagram)) this.#flight.push(datagram)
    this.#handlers.send(datagram)
  }

  #resend(nowMs: number): void {
    if (nowMs - this.#resentMs < RESEND_INTERVAL_MS) return
    this.#resentMs = nowMs
    for (const datagram of this.#flight) this.#handlers.send(datagram)
  }

  #connected(): void {
    if (this.#state !== 'handshake') return
    const profile = SRTP_PROFILES.find(({ id }) => id === this.#socket.srtp.srtpProfile)
    if (!profile) {
      this.#fail(new ProtocolError('dtls/no-srtp', `the peer takes none of ${SRTP_PROFILES.map(({ name }) => name).join(', ')}`))
      return
    }
    this.#state = 'connected'
    this.#gate.establish()
    this.#handlers.connected({ profile, ...this.#socket.extractSessionKeys(profile.keyBytes, profile.saltBytes) })
  }

  #fail(error: unknown): void {
    if (error instanceof ProtocolError) this.#finish(error)
    // Whatever the library throws, it is what the peer sent that it could not take.
    else this.#finish(new ProtocolError('dtls/handshake', `the DTLS handshake failed: ${error instanceof Error ? error.message : String(error)}`))
  }

  #finish(error: ProtocolError | undefined): void {
    if (this.#state === 'closed') return
    this.#stop()
    this.#handlers.closed(error)
  }

  #stop(): void {
    this.#state = 'closed'
    this.#flight = []
    this.#socket.dtls.flight = FINAL_FLIGHT[this.#role]
  }

  #encrypt(type: number, content: Buffer): Buffer {
    const { dtls, cipher, sessionType } = this.#socket
    const sequenceNumber = ++dtls.recordSequenceNumber
    const header = { type, version: 0xfefd, epoch: dtls.epoch, sequenceNumber }
    const body = cipher.cipher.encrypt(sessionType, content, header)
    const record = Buffer.alloc(13 + body.length)
    record[0] = type
    record.writeUInt16BE(header.version, 1)
    record.writeUInt16BE(header.epoch, 3)
    record.writeUIntBE(sequenceNumber, 5, 6)
    record.writeUInt16BE(body.length, 11)
    body.copy(record, 13)
    return record
  }
}
