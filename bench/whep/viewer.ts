import { createHmac, randomBytes, X509Certificate } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { attribute, rtpMaps } from '@millrace/media/protocols/sdp/attributes.ts'
import { decodeSdp } from '@millrace/media/protocols/sdp/sdp.ts'
import { deriveSessionKeys } from '@millrace/media/protocols/srtp/key-derivation.ts'
import { SRTP_PROFILES } from '@millrace/media/protocols/srtp/srtp-profile.ts'
import { guessIndex, SrtpReceiver } from '@millrace/media/protocols/srtp/srtp-receiver.ts'
import { decodeStun, isStun } from '@millrace/media/protocols/stun/decode-stun.ts'
import { encodeStun } from '@millrace/media/protocols/stun/encode-stun.ts'
import { STUN_CLASS, STUN_METHOD } from '@millrace/media/protocols/stun/stun-constants.ts'
import { fingerprintLine } from '@millrace/server/servers/webrtc/fingerprint.ts'
import { nodeSrtpCrypto } from '@millrace/server/servers/webrtc/srtp-crypto.ts'
import { createSelfSignedCertificate, DtlsClient, HashAlgorithm, NamedCurveAlgorithm, SignatureAlgorithm, type SrtpProfile } from 'werift'
import { readStamp, sharedClockMs } from './stamp.ts'

const CONNECT_TIMEOUT_MS = 10_000
const CHECK_INTERVAL_MS = 5000
const SIGNATURE_HASH = { hash: HashAlgorithm.sha256_4, signature: SignatureAlgorithm.ecdsa_3 } as const

/** What a viewer counts. */
export type ViewerCounts = {
  received: number
  checked: number
  /** Gaps in the sequence that nothing filled. */
  missing: number
  /** Packets with a wrong tag, a wrong SSRC or a wrong payload type. */
  faults: number
}

type Certificate = Awaited<ReturnType<typeof createSelfSignedCertificate>>

/** All viewers have the same certificate: making them is not what is measured. */
export const makeCertificate = (): Promise<Certificate> => createSelfSignedCertificate(SIGNATURE_HASH, NamedCurveAlgorithm.secp256r1_23)

/** A player without a decoder: WHEP, ICE, DTLS, SRTP. */
export class Viewer {
  readonly counts: ViewerCounts = { received: 0, checked: 0, missing: 0, faults: 0 }
  readonly #socket: Socket
  readonly #delaysMs: number[]
  readonly #checkOneOf: number
  #timer: NodeJS.Timeout | undefined
  #receiver: SrtpReceiver | undefined
  #newest = -1
  #ssrc = 0
  #payloadType = 0
  #resource = ''
  #onDtls: (datagram: Buffer) => void = () => undefined
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

  static async connect(url: string, certificate: Certificate, delaysMs: number[], checkOneOf: number): Promise<Viewer> {
    const socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    socket.setRecvBufferSize(1024 * 1024)
    const viewer = new Viewer(socket, delaysMs, checkOneOf)
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`a viewer is not connected after ${CONNECT_TIMEOUT_MS / 1000} s`)), CONNECT_TIMEOUT_MS)
    })
    await Promise.race([viewer.#connect(url, certificate), timeout]).finally(() => clearTimeout(timer))
    return viewer
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await fetch(this.#resource, { method: 'DELETE' })
    this.#socket.close()
  }

  async #connect(url: string, certificate: Certificate): Promise<void> {
    const local = { ufrag: randomBytes(6).toString('hex'), password: randomBytes(16).toString('hex') }
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: offer(local, fingerprintLine(new X509Certificate(certificate.certPem).raw)),
    })
    const text = await response.text()
    if (response.status !== 201) throw new Error(`the server refuses a viewer: ${response.status} ${text}`)
    this.#resource = new URL(response.headers.get('location') ?? '', url).href
    const [media] = decodeSdp(text).media
    if (!media) throw new Error('the answer has no media')
    this.#ssrc = Number(attribute(media, 'ssrc')?.split(' ')[0])
    this.#payloadType = rtpMaps(media)[0]?.payloadType ?? -1
    const to = { address: media.connection?.address ?? '', port: media.port }
    this.#socket.on('message', (datagram) => this.#receive(datagram))

    const check = (): void => this.#sendCheck(to, local.ufrag, attribute(media, 'ice-ufrag') ?? '', attribute(media, 'ice-pwd') ?? '')
    this.#timer = setInterval(check, CHECK_INTERVAL_MS)
    const checked = new Promise<void>((resolve) => (this.#onCheck = resolve))
    check()
    await checked
    await this.#handshake(to, certificate)
  }

  #sendCheck(to: { address: string; port: number }, localUfrag: string, ufrag: string, password: string): void {
    const message = {
      class: STUN_CLASS.REQUEST,
      method: STUN_METHOD.BINDING,
      transactionId: randomBytes(12),
      username: `${ufrag}:${localUfrag}`,
      priority: 1,
      useCandidate: true,
      iceControlling: 1n,
    }
    const hmacSha1 = (key: Uint8Array, bytes: Uint8Array): Uint8Array => createHmac('sha1', key).update(bytes).digest()
    this.#socket.send(encodeStun(message, { key: Buffer.from(password), hmacSha1 }), to.port, to.address)
  }

  async #handshake(to: { address: string; port: number }, certificate: Certificate): Promise<void> {
    const client = new DtlsClient({
      transport: {
        type: 'udp',
        address: { address: '', family: 'IPv4', port: 0 },
        closed: false,
        onData: () => undefined,
        send: async (datagram) => this.#socket.send(datagram, to.port, to.address),
        close: async () => undefined,
      },
      cert: certificate.certPem,
      key: certificate.keyPem,
      signatureHash: SIGNATURE_HASH,
      srtpProfiles: SRTP_PROFILES.map(({ id }) => id as SrtpProfile),
      extendedMasterSecret: true,
    })
    this.#onDtls = (datagram) => client.options.transport.onData(datagram, ['', 0])
    const connected = client.onConnect.asPromise()
    await client.connect()
    await connected
    const profile = SRTP_PROFILES.find(({ id }) => id === client.srtp.srtpProfile)
    if (!profile) throw new Error('no SRTP profile was negotiated')
    const keys = client.extractSessionKeys(profile.keyBytes, profile.saltBytes)
    this.#receiver = new SrtpReceiver(profile, deriveSessionKeys(profile, keys.remoteKey, keys.remoteSalt, nodeSrtpCrypto).rtp, nodeSrtpCrypto)
  }

  #receive(datagram: Buffer): void {
    const first = datagram[0] ?? 0
    if (first >= 128) this.#receiveMedia(datagram)
    else if (first >= 20) this.#onDtls(datagram)
    else if (isStun(datagram) && decodeStun(datagram).class === STUN_CLASS.SUCCESS) this.#onCheck()
  }

  #receiveMedia(datagram: Buffer): void {
    const payloadType = (datagram[1] ?? 0) & 0x7f
    // RTCP: RFC 5761 section 4.
    if (payloadType >= 64 && payloadType < 96) return
    const { counts } = this
    if (payloadType !== this.#payloadType || datagram.readUInt32BE(8) !== this.#ssrc) counts.faults++
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

const offer = (ice: { ufrag: string; password: string }, fingerprint: string): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    'a=recvonly',
    'a=rtcp-mux',
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.password}`,
    `a=fingerprint:${fingerprint}`,
    'a=setup:active',
    'a=rtpmap:96 H264/90000',
    'a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    '',
  ].join('\r\n')
