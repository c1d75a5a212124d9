import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { SrtpSessionKeys } from './key-derivation.ts'
import { makePacketCipher, type PacketCipher } from './packet-cipher.ts'
import { ReplayWindow } from './replay-window.ts'
import type { SrtpCrypto } from './srtp-crypto.ts'
import type { SrtpProfile } from './srtp-profile.ts'

/** SSRCs of one peer that are kept apart. */
export const MAX_SRTP_SOURCES = 32

const RTP_HEADER_BYTES = 12

/** Roll-over counter of the packet that is worked on. */
const ROLL_OVER_BYTES = new Uint8Array(4)
const ROLL_OVER = new DataView(ROLL_OVER_BYTES.buffer)

/** Opens the RTP packets of one direction: RFC 3711 section 3.3. */
export class SrtpReceiver {
  readonly #cipher: PacketCipher
  readonly #sources = new Map<number, ReplayWindow>()

  constructor(profile: SrtpProfile, keys: SrtpSessionKeys, crypto: SrtpCrypto) {
    this.#cipher = makePacketCipher(profile, keys, crypto, 'rtp')
  }

  /**
   * @returns the RTP packet, a copy
   * @throws ProtocolError `srtp/short`, `srtp/forged`, `srtp/replayed`, `srtp/sources`
   */
  unprotect(packet: Uint8Array): Uint8Array {
    const headerBytes = rtpHeaderBytes(packet)
    if (headerBytes + this.#cipher.tagBytes > packet.length) throw new ProtocolError('srtp/short', `SRTP packet of ${packet.length} bytes`)
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
    const ssrc = view.getUint32(8)
    const window = this.#sources.get(ssrc) ?? new ReplayWindow()
    const index = guessIndex(window.newest, view.getUint16(2))
    if (index < 0 || !window.isNew(index)) throw new ProtocolError('srtp/replayed', `SRTP packet ${index} came before or is too old`)
    ROLL_OVER.setUint32(0, Math.floor(index / 0x10000))
    const opened = this.#cipher.open({ ssrc, index }, packet.subarray(0, headerBytes), packet.subarray(headerBytes), ROLL_OVER_BYTES)
    if (!opened) throw new ProtocolError('srtp/forged', 'SRTP packet with a wrong authentication tag')
    if (!this.#sources.has(ssrc)) {
      if (this.#sources.size === MAX_SRTP_SOURCES) throw new ProtocolError('srtp/sources', `more than ${MAX_SRTP_SOURCES} SSRCs from one peer`)
      this.#sources.set(ssrc, window)
    }
    window.accept(index)
    return opened
  }
}

/** The index that is nearest to the newest one and ends with these 16 bits: RFC 3711 section 3.3.1. Negative for what is before the start. */
export const guessIndex = (newest: number, seq16: number): number => {
  if (newest < 0) return seq16
  const forward = (seq16 - newest) & 0xffff
  return forward < 0x8000 ? newest + forward : newest + forward - 0x10000
}

/** Header with CSRCs and extension; more than the packet has if it is cut. */
const rtpHeaderBytes = (packet: Uint8Array): number => {
  const flags = packet[0] ?? 0
  let bytes = RTP_HEADER_BYTES + (flags & 0x0f) * 4
  if (flags & 0x10) bytes += 4 + (((packet[bytes + 2] ?? 0) << 8) | (packet[bytes + 3] ?? 0)) * 4
  return bytes
}
