import { createHmac, randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import type { DtlsSrtpKeys } from '@millrace/media/protocols/dtls/srtp-keys.ts'
import { encodeNack } from '@millrace/media/protocols/rtp/rtcp-feedback.ts'
import { deriveSessionKeys } from '@millrace/media/protocols/srtp/key-derivation.ts'
import { SrtcpSender } from '@millrace/media/protocols/srtp/srtcp.ts'
import { guessIndex, SrtpReceiver } from '@millrace/media/protocols/srtp/srtp-receiver.ts'
import { decodeStun, isStun } from '@millrace/media/protocols/stun/decode-stun.ts'
import { encodeStun } from '@millrace/media/protocols/stun/encode-stun.ts'
import { STUN_CLASS, STUN_METHOD } from '@millrace/media/protocols/stun/stun-constants.ts'
import type { StunMessage } from '@millrace/media/protocols/stun/stun-message.ts'
import { DtlsConn, type DtlsShared } from '@millrace/server/servers/webrtc/dtls-conn.ts'
import { nodeSrtpCrypto } from '@millrace/server/servers/webrtc/srtp-crypto.ts'
import type { RemoteEnd, Signalling } from './signalling.ts'
import { readStamp, sharedClockMs } from './stamp.ts'

const CONNECT_TIMEOUT_MS = 30_000
const CHECK_INTERVAL_MS = 5000
/** A complaining viewer names its newest packets as lost, so often. */
const COMPLAINT_INTERVAL_MS = 20
const COMPLAINT_PACKETS = 200

const hmacSha1 = (key: Uint8Array, bytes: Uint8Array): Uint8Array => createHmac('sha1', key).update(bytes).digest()

/** What a viewer counts. */
export type ViewerCounts = {
  received: number
  checked: number
  /** Gaps in the sequence that nothing filled. */
  missing: number
  /** Packets with a wrong tag, a wrong SSRC or a wrong payload type. */
  faults: number
}

/** A player without a decoder: WHEP, ICE, DTLS, SRTP. */
export class Viewer {
  readonly counts: ViewerCounts = { received: 0, checked: 0, missing: 0, faults: 0 }
  readonly #socket: Socket
  readonly #delaysMs: number[]
  readonly #checkOneOf: number
  readonly #password = randomBytes(16).toString('hex')
  #timer: NodeJS.Timeout | undefined
  #complaints: NodeJS.Timeout | undefined
  #receiver: SrtpReceiver | undefined
  #rtcp: SrtcpSender | undefined
  #newest = -1
  #remote: RemoteEnd | undefined
  #dtls: DtlsConn | undefined
  #onCheck: () => void = () => undefined

  /**
   * @param delaysMs where the delays of the checked packets are put
   * @param checkOneOf of so many packets one is decrypted and its tag checked
   */
  private constructor(socket: Socket, delaysMs: number[], checkOneOf: number) {
    this.#socket = socket
    this.#delaysMs = delaysMs
    this.#checkOneOf = checkOneOf
  }

  /** @param dtls the same for all viewers: making certificates is not what is measured */
  static async connect(signalling: Signalling, dtls: DtlsShared, delaysMs: number[], checkOneOf: number): Promise<Viewer> {
    const socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) })
    await new Promise<void>((resolve) => socket.bind(0, resolve))
    socket.setRecvBufferSize(1024 * 1024)
    const viewer = new Viewer(socket, delaysMs, checkOneOf)
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`a viewer is not connected after ${CONNECT_TIMEOUT_MS / 1000} s`)), CONNECT_TIMEOUT_MS)
    })
    await Promise.race([viewer.#connect(signalling, dtls), timeout]).finally(() => clearTimeout(timer))
    return viewer
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    clearInterval(this.#complaints)
    await this.#remote?.leave()
    this.#socket.close()
  }

  /** From now on it asks for packets again all the time, as if nearly all were lost. */
  complain(): void {
    this.#complaints = setInterval(() => {
      const { ssrc } = this.#remote ?? {}
      if (!this.#rtcp || ssrc === undefined || this.#newest < COMPLAINT_PACKETS) return
      const seqs = Array.from({ length: COMPLAINT_PACKETS }, (_, i) => (this.#newest - i) & 0xffff).reverse()
      this.#send(this.#rtcp.protect(encodeNack({ senderSsrc: 1, mediaSsrc: ssrc, seqs })))
    }, COMPLAINT_INTERVAL_MS)
  }

  async #connect(signalling: Signalling, dtls: DtlsShared): Promise<void> {
    const ufrag = randomBytes(6).toString('hex')
    const { fingerprint } = dtls.certificate
    const remote = await signalling({ ufrag, password: this.#password, fingerprint, port: this.#socket.address().port })
    this.#remote = remote
    this.#socket.on('message', (datagram) => this.#receive(datagram))
    const check = (): void => this.#sendCheck(remote, ufrag)
    this.#timer = setInterval(check, CHECK_INTERVAL_MS)
    const checked = new Promise<void>((resolve) => (this.#onCheck = resolve))
    check()
    await checked
    await this.#handshake(dtls, remote.fingerprints)
  }

  #send(datagram: Uint8Array): void {
    if (this.#remote) this.#socket.send(datagram, this.#remote.port, this.#remote.address)
  }

  #sendCheck({ ufrag, password }: RemoteEnd, localUfrag: string): void {
    const message = {
      class: STUN_CLASS.REQUEST,
      method: STUN_METHOD.BINDING,
      transactionId: randomBytes(12),
      username: `${ufrag}:${localUfrag}`,
      priority: 1,
      useCandidate: true,
      iceControlling: 1n,
    }
    this.#send(encodeStun(message, { key: Buffer.from(password), hmacSha1 }))
  }

  async #handshake(dtls: DtlsShared, fingerprints: RemoteEnd['fingerprints']): Promise<void> {
    const { profile, ...keys } = await new Promise<DtlsSrtpKeys>((resolve, reject) => {
      this.#dtls = new DtlsConn('client', dtls, fingerprints, {
        send: (datagram) => this.#send(datagram),
        connected: resolve,
        closed: (error) => reject(error ?? new Error('the server closed')),
      })
      this.#dtls.start()
    })
    this.#receiver = new SrtpReceiver(profile, deriveSessionKeys(profile, keys.remoteKey, keys.remoteSalt, nodeSrtpCrypto).rtp, nodeSrtpCrypto)
    this.#rtcp = new SrtcpSender(profile, deriveSessionKeys(profile, keys.localKey, keys.localSalt, nodeSrtpCrypto).rtcp, nodeSrtpCrypto)
  }

  #receive(datagram: Buffer): void {
    const first = datagram[0] ?? 0
    if (first >= 128) this.#receiveMedia(datagram)
    else if (first >= 20) this.#dtls?.handleDatagram(datagram)
    else if (isStun(datagram)) this.#receiveStun(decodeStun(datagram))
  }

  #receiveStun(message: StunMessage): void {
    if (message.class === STUN_CLASS.SUCCESS) this.#onCheck()
    if (message.class !== STUN_CLASS.REQUEST || !this.#remote) return
    // Janus checks its viewers, too.
    const { address, port } = this.#remote
    const answer = { class: STUN_CLASS.SUCCESS, method: STUN_METHOD.BINDING, transactionId: message.transactionId, xorMappedAddress: { address, port } }
    this.#send(encodeStun(answer, { key: Buffer.from(this.#password), hmacSha1 }))
  }

  #receiveMedia(datagram: Buffer): void {
    const payloadType = (datagram[1] ?? 0) & 0x7f
    // RTCP: RFC 5761 section 4.
    if (payloadType >= 64 && payloadType < 96) return
    const { counts } = this
    if (payloadType !== this.#remote?.payloadType || datagram.readUInt32BE(8) !== this.#remote.ssrc) counts.faults++
    counts.received++
    const index = guessIndex(this.#newest, datagram.readUInt16BE(2))
    if (index > this.#newest) {
      if (this.#newest >= 0) counts.missing += index - this.#newest - 1
      this.#newest = index
    } else counts.missing--
    if (!this.#receiver || counts.received % this.#checkOneOf !== 0) return
    try {
      const packet = this.#receiver.unprotect(datagram)
      this.#delaysMs.push(sharedClockMs() - readStamp(Buffer.from(packet.buffer, packet.byteOffset + 12)))
      counts.checked++
    } catch {
      counts.faults++
    }
  }
}
