import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { SrtpSessionKeys } from './key-derivation.ts'
import { makePacketCipher, type PacketCipher } from './packet-cipher.ts'
import { ReplayWindow } from './replay-window.ts'
import type { SrtpCrypto } from './srtp-crypto.ts'
import type { SrtpProfile } from './srtp-profile.ts'
import { MAX_SRTP_SOURCES } from './srtp-receiver.ts'

/** Header and SSRC of the first RTCP packet stay in the clear. */
const CLEAR_BYTES = 8
const INDEX_BYTES = 4
/** First bit of the index word: the packet is encrypted. */
const ENCRYPTED = 0x80000000

/** Protects the RTCP packets of one direction: RFC 3711 section 3.4, RFC 7714 section 9. */
export class SrtcpSender {
  readonly #cipher: PacketCipher
  readonly #tagFirst: boolean
  #index: number

  /** @param firstIndex for tests with published vectors */
  constructor(profile: SrtpProfile, keys: SrtpSessionKeys, crypto: SrtpCrypto, firstIndex = 1) {
    this.#cipher = makePacketCipher(profile, keys, crypto, 'rtcp')
    this.#tagFirst = profile.aead
    this.#index = firstIndex
  }

  /** @param packet compound RTCP, at least a header and an SSRC */
  protect(packet: Uint8Array): Uint8Array {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
    const index = this.#index
    this.#index = (index + 1) % ENCRYPTED
    const trailer = new Uint8Array(INDEX_BYTES)
    new DataView(trailer.buffer).setUint32(0, (ENCRYPTED | index) >>> 0)
    const clear = packet.subarray(0, CLEAR_BYTES)
    const sealed = this.#cipher.seal({ ssrc: view.getUint32(4), index }, clear, packet.subarray(CLEAR_BYTES), trailer)
    const out = new Uint8Array(clear.length + sealed.length + trailer.length)
    out.set(clear)
    // GCM's tag belongs to the ciphertext, HMAC's covers the index: the order differs.
    const head = this.#tagFirst ? sealed.length : sealed.length - this.#cipher.tagBytes
    out.set(sealed.subarray(0, head), CLEAR_BYTES)
    out.set(trailer, CLEAR_BYTES + head)
    out.set(sealed.subarray(head), CLEAR_BYTES + head + INDEX_BYTES)
    return out
  }
}

/** Opens the RTCP packets of one direction. */
export class SrtcpReceiver {
  readonly #cipher: PacketCipher
  readonly #tagFirst: boolean
  readonly #sources = new Map<number, ReplayWindow>()

  constructor(profile: SrtpProfile, keys: SrtpSessionKeys, crypto: SrtpCrypto) {
    this.#cipher = makePacketCipher(profile, keys, crypto, 'rtcp')
    this.#tagFirst = profile.aead
  }

  /**
   * @returns the compound RTCP packet
   * @throws ProtocolError `srtcp/short`, `srtcp/forged`, `srtcp/replayed`, `srtcp/sources`
   */
  unprotect(packet: Uint8Array): Uint8Array {
    const { tagBytes } = this.#cipher
    const end = packet.length
    if (end < CLEAR_BYTES + INDEX_BYTES + tagBytes) throw new ProtocolError('srtcp/short', `SRTCP packet of ${end} bytes`)
    const indexAt = this.#tagFirst ? end - INDEX_BYTES : end - tagBytes - INDEX_BYTES
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
    const ssrc = view.getUint32(4)
    const word = view.getUint32(indexAt)
    // Both ends of WebRTC encrypt (RFC 8827 section 6.5): a packet in the clear is not from our peer.
    if (word < ENCRYPTED) throw new ProtocolError('srtcp/forged', 'SRTCP packet without encryption')
    const index = word - ENCRYPTED
    const window = this.#sources.get(ssrc) ?? new ReplayWindow()
    if (!window.isNew(index)) throw new ProtocolError('srtcp/replayed', `SRTCP packet ${index} came before`)
    const clear = packet.subarray(0, CLEAR_BYTES)
    const trailer = packet.subarray(indexAt, indexAt + INDEX_BYTES)
    const sealed = new Uint8Array(end - CLEAR_BYTES - INDEX_BYTES)
    sealed.set(packet.subarray(CLEAR_BYTES, indexAt))
    if (!this.#tagFirst) sealed.set(packet.subarray(end - tagBytes), indexAt - CLEAR_BYTES)
    const opened = this.#cipher.open({ ssrc, index }, clear, sealed, trailer)
    if (!opened) throw new ProtocolError('srtcp/forged', 'SRTCP packet with a wrong authentication tag')
    if (!this.#sources.has(ssrc)) {
      if (this.#sources.size === MAX_SRTP_SOURCES) throw new ProtocolError('srtcp/sources', `more than ${MAX_SRTP_SOURCES} SSRCs from one peer`)
      this.#sources.set(ssrc, window)
    }
    window.accept(index)
    return opened
  }
}
