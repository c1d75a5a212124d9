import { decodeRtpPacket, type RtpPacket } from '../../protocols/rtp/rtp-packet.ts'
import { decodeUlpfec, recoverPacket, type UlpfecPacket } from '../../protocols/rtp/ulpfec.ts'

/** Packets that error correction may need, a power of two; it protects up to 48 that came before it. */
const KEPT_PACKETS = 128
/** Error correction that waits for packets on their way. */
const KEPT_CORRECTIONS = 16

/** Makes single lost packets of one SSRC again, by forward error correction. */
export class FecMender {
  readonly #packets: (Uint8Array | undefined)[] = new Array(KEPT_PACKETS).fill(undefined)
  #corrections: UlpfecPacket[] = []

  /**
   * @param bytes the packet without redundancy around it
   * @returns packets that can be made now
   */
  onPacket(seq: number, bytes: Uint8Array, ssrc: number): RtpPacket[] {
    this.#packets[seq & (KEPT_PACKETS - 1)] = bytes
    return this.#corrections.length === 0 ? [] : this.#mend(ssrc)
  }

  /**
   * @returns packets that can be made now
   * @throws ProtocolError `rtp/ulpfec`
   */
  onCorrection(payload: Uint8Array, ssrc: number): RtpPacket[] {
    this.#corrections.push(decodeUlpfec(payload))
    if (this.#corrections.length > KEPT_CORRECTIONS) this.#corrections.shift()
    return this.#mend(ssrc)
  }

  #mend(ssrc: number): RtpPacket[] {
    const made: RtpPacket[] = []
    this.#corrections = this.#corrections.filter((correction) => {
      const bytes = recoverPacket(correction, (seq) => this.#find(seq), ssrc)
      if (bytes) {
        const packet = decodeRtpPacket(bytes)
        this.#packets[packet.seq & (KEPT_PACKETS - 1)] = bytes
        made.push(packet)
        return false
      }
      return correction.seqs.some((seq) => !this.#find(seq))
    })
    return made
  }

  #find(seq: number): Uint8Array | undefined {
    const bytes = this.#packets[seq & (KEPT_PACKETS - 1)]
    return bytes && (((bytes[2] as number) << 8) | (bytes[3] as number)) === seq ? bytes : undefined
  }
}
