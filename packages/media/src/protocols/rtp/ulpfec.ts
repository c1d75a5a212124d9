import { ByteReader } from '../../bytes/byte-reader.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'

/** A packet of forward error correction: the exclusive or of some packets, of which a single one that is missing can be made again. */
export type UlpfecPacket = {
  /** Sequence numbers of the packets that it protects, 16 bits each, rising. */
  readonly seqs: readonly number[]
  /** The first eight bytes of the RTP headers of those without the sequence number, and the lengths behind those headers, combined. */
  readonly firstBytes: readonly [number, number]
  readonly timestamp: number
  readonly length: number
  /** What follows the RTP headers, combined, as far as it is protected. */
  readonly data: Uint8Array
}

const LONG_MASK = 0x40
const RTP_HEADER_BYTES = 12
/** RTP's version, which is not protected: RFC 5109 section 8.2. */
const VERSION_BITS = 0x80

/**
 * The first level of RFC 5109 section 7.3; further levels protect beginnings of packets a second time and are not used by browsers.
 * ```
 * |E|L|P|X|  CC   |M| PT recovery |            SN base            |                  TS recovery                  |
 * |        length recovery        |       protection length       |             mask (16 or 48)             | data
 * ```
 * @throws ProtocolError `rtp/ulpfec`
 */
export const decodeUlpfec = (payload: Uint8Array): UlpfecPacket => {
  const reader = new ByteReader(payload, 'rtp/ulpfec')
  const first = reader.u8()
  const second = reader.u8()
  const seqBase = reader.u16()
  const timestamp = reader.u32()
  const length = reader.u16()
  const protectedBytes = reader.u16()
  const seqs: number[] = []
  for (let byte = 0; byte < (first & LONG_MASK ? 6 : 2); byte++) {
    const mask = reader.u8()
    for (let bit = 0; bit < 8; bit++) if (mask & (0x80 >> bit)) seqs.push((seqBase + byte * 8 + bit) & 0xffff)
  }
  if (seqs.length === 0) throw new ProtocolError('rtp/ulpfec', 'a packet of error correction that protects no packet')
  const start = reader.position
  reader.skip(protectedBytes)
  return { seqs, firstBytes: [first & 0x3f, second], timestamp, length, data: payload.subarray(start, reader.position) }
}

/**
 * Makes the one missing packet again: RFC 5109 section 9.2.
 * @param known the packet with that sequence number as it was sent (RTP header and all behind it); undefined for one that is missing
 * @param ssrc of the missing packet
 * @returns undefined if none is missing, more than one, or the error correction does not protect all of it
 */
export const recoverPacket = (fec: UlpfecPacket, known: (seq: number) => Uint8Array | undefined, ssrc: number): Uint8Array | undefined => {
  let missingSeq: number | undefined
  let [first, second] = fec.firstBytes
  let { timestamp, length } = fec
  const data = new Uint8Array(fec.data)
  for (const seq of fec.seqs) {
    const packet = known(seq)
    if (!packet || packet.length < RTP_HEADER_BYTES) {
      if (missingSeq !== undefined) return undefined
      missingSeq = seq
      continue
    }
    first ^= (packet[0] as number) & 0x3f
    second ^= packet[1] as number
    timestamp ^= (((packet[4] as number) << 24) | ((packet[5] as number) << 16) | ((packet[6] as number) << 8) | (packet[7] as number)) >>> 0
    length ^= packet.length - RTP_HEADER_BYTES
    const end = Math.min(packet.length - RTP_HEADER_BYTES, data.length)
    for (let i = 0; i < end; i++) data[i] = (data[i] as number) ^ (packet[RTP_HEADER_BYTES + i] as number)
  }
  if (missingSeq === undefined || length > data.length) return undefined
  const packet = new Uint8Array(RTP_HEADER_BYTES + length)
  const view = new DataView(packet.buffer)
  packet[0] = VERSION_BITS | first
  packet[1] = second
  view.setUint16(2, missingSeq)
  view.setUint32(4, timestamp >>> 0)
  view.setUint32(8, ssrc)
  packet.set(data.subarray(0, length), RTP_HEADER_BYTES)
  return packet
}
