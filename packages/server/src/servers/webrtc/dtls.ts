import { createHash, createHmac, timingSafeEqual, verify, X509Certificate } from 'node:crypto'
import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { SRTP_PROFILES, type SrtpProfile } from '@millrace/media/protocols/srtp/srtp-profile.ts'
import { createSelfSignedCertificate, DtlsServer, HashAlgorithm, NamedCurveAlgorithm, SignatureAlgorithm, type SrtpProfile as WeriftSrtpProfile } from 'werift'
import { DtlsGate, HANDSHAKE_TYPE, RECORD_TYPE } from './dtls-gate.ts'
import { fingerprintLine, matchesFingerprint } from './fingerprint.ts'

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

export type DtlsHandlers = {
  send(datagram: Uint8Array): void
  /** The handshake is done, and the client is the one that the offer announced. */
  connected(keys: DtlsSrtpKeys): void
  /** The client closed, or the handshake failed; nothing follows. */
  closed(error: ProtocolError | undefined): void
}

const SIGNATURE_HASH = { hash: HashAlgorithm.sha256_4, signature: SignatureAlgorithm.ecdsa_3 } as const
const CLOSE_NOTIFY = Buffer.from([1, 0])
/** A flight is sent again at most once in this time, in milliseconds, however often the client asks. */
const RESEND_INTERVAL_MS = 100
const MAX_FLIGHT_DATAGRAMS = 16

/** An ECDSA P-256 certificate, made anew at each start. */
export const makeDtlsCertificate = async (): Promise<DtlsCertificate> => {
  const { certPem, keyPem } = await createSelfSignedCertificate(SIGNATURE_HASH, NamedCurveAlgorithm.secp256r1_23)
  return { certificatePem: certPem, keyPem, fingerprint: fingerprintLine(new X509Certificate(certPem).raw) }
}

type HandshakeMessage = Parameters<DtlsServer['onHandleHandshakes']>[0][number]

/**
 * The server's side of a DTLS 1.2 handshake for SRTP, by werift. That library checks neither the client's certificate nor its signature
 * nor its Finished: this does. What it may be given at all is the gate's matter.
 */
export class DtlsServerSession {
  readonly #server: DtlsServer
  readonly #gate = new DtlsGate()
  readonly #fingerprints: readonly Fingerprint[]
  readonly #handlers: DtlsHandlers
  #state: 'handshake' | 'connected' | 'closed' = 'handshake'
  /** The datagrams of our last flight. */
  #flight: Buffer[] = []
  #resentMs = Number.NEGATIVE_INFINITY

  constructor(certificate: DtlsCertificate, fingerprints: readonly Fingerprint[], handlers: DtlsHandlers) {
    this.#fingerprints = fingerprints
    this.#handlers = handlers
    this.#server = new DtlsServer({
      transport: {
        type: 'udp',
        address: { address: '', family: 'IPv4', port: 0 },
        closed: false,
        onData: () => undefined,
        send: async (datagram) => this.#send(datagram),
        close: async () => undefined,
      },
      cert: certificate.certificatePem,
      key: certificate.keyPem,
      signatureHash: SIGNATURE_HASH,
      srtpProfiles: SRTP_PROFILES.map(({ id }) => id as WeriftSrtpProfile),
      certificateRequest: true,
      extendedMasterSecret: true,
    })
    const handle = this.#server.onHandleHandshakes
    this.#server.onHandleHandshakes = async (messages) => {
      if (this.#state === 'closed') return
      for (const message of messages) this.#check(message)
      await handle(messages)
    }
    this.#server.onConnect.subscribe(() => this.#connected())
    this.#server.onError.subscribe((error) => this.#fail(error))
    this.#server.onClose.subscribe(() => this.#finish(undefined))
  }

  /** @param nowMs of the monotonic clock */
  handleDatagram(nowMs: number, datagram: Buffer): void {
    if (this.#state === 'closed') return
    try {
      const { records, repeated } = this.#gate.take(datagram)
      for (const record of records) {
        // The client goes on, so it has all that we sent.
        if (this.#state === 'handshake') this.#flight = []
        this.#server.options.transport.onData(record, ['', 0])
      }
      if (repeated && records.length === 0) this.#resend(nowMs)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Tells the client that it is over, if there is a way to tell it. */
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

  /** What a client has to prove, before the library takes the message. */
  #check(message: HandshakeMessage): void {
    const { remoteCertificate } = this.#server.cipher
    if (message.msg_type === HANDSHAKE_TYPE.CERTIFICATE_VERIFY) {
      if (!remoteCertificate || !matchesFingerprint(remoteCertificate, this.#fingerprints)) {
        throw new ProtocolError('dtls/fingerprint', "the client's certificate is not the one whose fingerprint its offer announced")
      }
      if (!isSigned(message.fragment, remoteCertificate, this.#transcript())) {
        throw new ProtocolError('dtls/signature', "the client does not prove that it has its certificate's key")
      }
    } else if (message.msg_type === HANDSHAKE_TYPE.FINISHED) {
      const expected = finishedData(this.#server.cipher.masterSecret, this.#transcript())
      if (message.fragment.length !== expected.length || !timingSafeEqual(message.fragment, expected)) {
        throw new ProtocolError('dtls/finished', "the client's Finished does not fit the handshake")
      }
    }
  }

  /** All handshake messages so far, RFC 6347 section 4.2.6. */
  #transcript(): Buffer {
    return Buffer.concat(this.#server.dtls.sortedHandshakeCache.map((message) => message.serialize()))
  }

  #connected(): void {
    if (this.#state !== 'handshake') return
    const profile = SRTP_PROFILES.find(({ id }) => id === this.#server.srtp.srtpProfile)
    if (!profile) {
      this.#fail(new ProtocolError('dtls/no-srtp', `the client takes none of ${SRTP_PROFILES.map(({ name }) => name).join(', ')}`))
      return
    }
    this.#state = 'connected'
    this.#gate.establish()
    this.#handlers.connected({ profile, ...this.#server.extractSessionKeys(profile.keyBytes, profile.saltBytes) })
  }

  #fail(error: unknown): void {
    if (error instanceof ProtocolError) this.#finish(error)
    // Whatever the library throws, it is what the client sent that it could not take.
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
    // Ends the library's timer for repetitions: it waits for the flight after this one.
    this.#server.dtls.flight = 6
  }

  #encrypt(type: number, content: Buffer): Buffer {
    const { dtls, cipher, sessionType } = this.#server
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

/** CertificateVerify, RFC 5246 section 7.4.8: hash, signature algorithm, length, signature over all messages before it. */
const isSigned = (body: Buffer, certificate: Buffer, transcript: Buffer): boolean => {
  const [hash, algorithm] = body
  const known = algorithm === SignatureAlgorithm.ecdsa_3 || algorithm === SignatureAlgorithm.rsa_1
  if (body.length < 4 || hash !== HashAlgorithm.sha256_4 || !known || body.readUInt16BE(2) !== body.length - 4) return false
  const key = new X509Certificate(certificate).publicKey
  return (key.asymmetricKeyType === 'ec') === (algorithm === SignatureAlgorithm.ecdsa_3) && verify('sha256', transcript, key, body.subarray(4))
}

/** verify_data of the client, RFC 5246 section 7.4.9: 12 bytes of the pseudo-random function. */
const finishedData = (masterSecret: Buffer, transcript: Buffer): Buffer => {
  const seed = Buffer.concat([Buffer.from('client finished'), createHash('sha256').update(transcript).digest()])
  const hmac = (data: Buffer): Buffer => createHmac('sha256', masterSecret).update(data).digest()
  return hmac(Buffer.concat([hmac(seed), seed])).subarray(0, 12)
}
