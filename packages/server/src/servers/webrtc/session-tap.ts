import type { DatagramOut, Destination } from '@millrace/media/bridges/webrtc/datagram-out.ts'
import type { SrtpSessionKeys } from '@millrace/media/protocols/srtp/key-derivation.ts'
import { SrtcpReceiver, SrtcpSender } from '@millrace/media/protocols/srtp/srtcp.ts'
import type { SrtpProfile } from '@millrace/media/protocols/srtp/srtp-profile.ts'
import { addressKey } from '@millrace/media/protocols/stun/transport-address.ts'
import type { SessionRecorder } from '../../net/session-probe.ts'
import { nodeSrtpCrypto } from './srtp-crypto.ts'

/** Where a session can be listened to while it runs. While nobody does it costs a look at `recorder` for each packet. */
export class SessionTap {
  recorder: SessionRecorder | null = null
  #sdp: { readonly offer: string; readonly answer: string } | undefined
  #connected = ''

  /** What the session began with, told to those who listen later. */
  learnSdp(offer: string, answer: string): void {
    this.#sdp = { offer, answer }
  }

  record(recorder: SessionRecorder | null): void {
    this.recorder = recorder
    if (!recorder) return
    if (this.#sdp) {
      recorder.note('offer', this.#sdp.offer)
      recorder.note('answer', this.#sdp.answer)
    }
    if (this.#connected !== '') recorder.note('connected', this.#connected)
  }

  /** DTLS is through. */
  connected(profile: SrtpProfile, to: Destination): void {
    this.#connected = `${describe(to)}, ${profile.name}`
    this.recorder?.note('connected', this.#connected)
  }

  /** A valid ICE check came. */
  checked(from: Destination): void {
    this.recorder?.note('ice-check', describe(from))
  }

  /** The peer begins anew with ICE. */
  restarted(): void {
    this.recorder?.note('ice-restart', '')
  }

  closed(reason: string): void {
    this.recorder?.note('closed', reason)
  }
}

const describe = (to: Destination): string => `${addressKey(to)} by ${to.connection ? 'TCP' : 'UDP'}`

/** Sends, counts, and shows what it sends. */
export class TappedOut implements DatagramOut {
  bytesOut = 0
  readonly #out: DatagramOut
  readonly #tap: SessionTap

  constructor(out: DatagramOut, tap: SessionTap) {
    this.#out = out
    this.#tap = tap
  }

  get memory(): DatagramOut['memory'] {
    return this.#out.memory
  }

  reserve(): number {
    return this.#out.reserve()
  }

  sendReserved(at: number, length: number, to: Destination): void {
    if (this.#tap.recorder !== null) this.#tap.recorder.rtp('out', this.#out.memory.bytes, at, length)
    this.bytesOut += length
    this.#out.sendReserved(at, length, to)
  }

  send(bytes: Uint8Array, to: Destination): void {
    this.bytesOut += bytes.length
    this.#out.send(bytes, to)
  }
}

/** Protects RTCP, and shows it before. */
export class TappedSrtcpSender extends SrtcpSender {
  readonly #tap: SessionTap

  constructor(profile: SrtpProfile, keys: SrtpSessionKeys, tap: SessionTap) {
    super(profile, keys, nodeSrtpCrypto)
    this.#tap = tap
  }

  override protect(packet: Uint8Array): Uint8Array {
    this.#tap.recorder?.rtcp('out', packet)
    return super.protect(packet)
  }
}

/** Opens RTCP, and shows what was in it. */
export class TappedSrtcpReceiver extends SrtcpReceiver {
  readonly #tap: SessionTap

  constructor(profile: SrtpProfile, keys: SrtpSessionKeys, tap: SessionTap) {
    super(profile, keys, nodeSrtpCrypto)
    this.#tap = tap
  }

  override unprotect(packet: Uint8Array): Uint8Array {
    const opened = super.unprotect(packet)
    this.#tap.recorder?.rtcp('in', opened)
    return opened
  }
}
