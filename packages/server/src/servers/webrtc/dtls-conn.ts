import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'
import type { ProtocolError } from '@millrace/media/bytes/protocol-error.ts'
import { DtlsSession } from '@millrace/media/protocols/dtls/dtls-session.ts'
import type { DtlsRole } from '@millrace/media/protocols/dtls/record-layer.ts'
import type { DtlsSrtpKeys } from '@millrace/media/protocols/dtls/srtp-keys.ts'
import { SRTP_PROFILES, type SrtpProfile } from '@millrace/media/protocols/srtp/srtp-profile.ts'
import { monotonicMs } from '../../net/clock.ts'
import { type DtlsCertificate, makeDtlsCertificate } from './dtls-certificate.ts'
import { nodeDtlsCrypto } from './dtls-crypto.ts'
import { DtlsJobs } from './dtls-jobs.ts'
import { matchesFingerprint } from './fingerprint.ts'
import { TurnBudget } from './turn-budget.ts'

/** Of one peer, while this turn's budget is spent; more are dropped, as a network would. */
const MAX_WAITING_DATAGRAMS = 64

/** What all connections share. */
export type DtlsShared = {
  readonly certificate: DtlsCertificate
  readonly jobs: DtlsJobs
  readonly turns: TurnBudget
  /** In our order of preference. */
  readonly srtpProfiles: readonly SrtpProfile[]
}

export const makeDtlsShared = async (srtpProfiles: readonly SrtpProfile[] = SRTP_PROFILES): Promise<DtlsShared> => {
  const certificate = makeDtlsCertificate()
  return { certificate, jobs: new DtlsJobs(certificate.key), turns: new TurnBudget(), srtpProfiles }
}

export type DtlsHandlers = {
  send(datagram: Uint8Array): void
  /** The handshake is done, and the peer is the one that the offer announced. */
  connected(keys: DtlsSrtpKeys): void
  /** The peer closed, or the handshake failed; nothing follows. */
  closed(error: ProtocolError | undefined): void
  /** Records of a datagram were dropped, as they were no good. */
  discarded?(): void
}

/** Gives a DTLS session its datagrams, its timer and the thread pool. Handlers are called within the budget that handshakes have in a turn. */
export class DtlsConn {
  readonly #session: DtlsSession
  readonly #shared: DtlsShared
  readonly #handlers: DtlsHandlers
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #waiting = 0
  #isClosed = false

  /** @param fingerprints of the peer's certificate, as its offer has them */
  constructor(role: DtlsRole, shared: DtlsShared, fingerprints: readonly Fingerprint[], handlers: DtlsHandlers) {
    const { certificate, srtpProfiles } = shared
    const acceptsCertificate = (theirs: Uint8Array): boolean => matchesFingerprint(theirs, fingerprints)
    this.#session = new DtlsSession(role, { crypto: nodeDtlsCrypto, certificate: certificate.der, acceptsCertificate, srtpProfiles })
    this.#shared = shared
    this.#handlers = handlers
  }

  /** A client's begins by this, once there is a way to the peer. */
  start(): void {
    this.#run((nowMs) => this.#session.start(nowMs))
  }

  handleDatagram(datagram: Uint8Array): void {
    if (this.#waiting === MAX_WAITING_DATAGRAMS) return
    this.#waiting++
    // It may wait, and the memory is somebody else's.
    const copy = new Uint8Array(datagram)
    this.#run((nowMs) => {
      this.#waiting--
      this.#session.handleDatagram(nowMs, copy)
    })
  }

  /** Tells the peer that it is over, if there is a way to tell it. The handlers but `send` are not called any more. */
  close(): void {
    if (this.#isClosed) return
    this.#stop()
    this.#session.close()
    for (let output = this.#session.pollOutput(); output; output = this.#session.pollOutput()) {
      if (output.type === 'send') this.#handlers.send(output.datagram)
    }
  }

  #run(step: (nowMs: number) => void): void {
    this.#shared.turns.run(() => {
      if (this.#isClosed) return
      const before = this.#session.discarded
      step(monotonicMs())
      if (this.#session.discarded > before) this.#handlers.discarded?.()
      this.#flush()
    })
  }

  #flush(): void {
    for (let output = this.#session.pollOutput(); output; output = this.#session.pollOutput()) {
      if (output.type === 'send') this.#handlers.send(output.datagram)
      else if (output.type === 'connected') this.#handlers.connected(output.keys)
      else if (output.type === 'job') this.#shared.jobs.run(output.job, (result) => this.#run((nowMs) => this.#session.handleJob(nowMs, result)))
      else {
        this.#stop()
        this.#handlers.closed(output.error)
      }
    }
    this.#arm()
  }

  /** A timer that comes too early is armed anew: the time is put off more often than it comes. */
  #arm(): void {
    const { timeoutAtMs } = this.#session
    if (this.#isClosed || timeoutAtMs >= this.#timerAtMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = timeoutAtMs
    this.#timer = setTimeout(
      () => {
        this.#timerAtMs = Number.POSITIVE_INFINITY
        this.#run((nowMs) => this.#session.handleTimeout(nowMs))
      },
      Math.max(0, timeoutAtMs - monotonicMs()),
    )
  }

  #stop(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }
}
