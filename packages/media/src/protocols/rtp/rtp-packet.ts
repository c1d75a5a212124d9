import { ProtocolError } from '../../bytes/protocol-error.ts'

/** An RTP packet, RFC 3550 section 5.1, without CSRCs and most header extensions. */
export type RtpPacket = {
  readonly payloadType: number
  readonly marker: boolean
  /** 16 bits. */
  readonly seq: number
  /** 32 bits. */
  readonly timestamp: number
  readonly ssrc: number
  /** A view into the packet's bytes. */
  readonly payload: Uint8Array
  /** The header extension of that name, where it was looked for: a view, not decoded. */
  readonly dependencyDescriptor?: Uint8Array | undefined
}

/** Bytes of the header without CSRCs and extensions. */
export const RTP_HEADER_BYTES = 12

const VERSION_2 = 0x80
const HAS_PADDING = 0x20
const HAS_EXTENSION = 0x10
const CSRC_COUNT = 0x0f
const MARKER = 0x80

/**
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 * |                           timestamp                           |
 * |           synchronization source (SSRC) identifier            |
 * ```
 * @throws ProtocolError `rtp/truncated`, `rtp/version`, `rtp/padding`
 */
export const decodeRtpPacket = (bytes: Uint8Array): RtpPacket => {
  if (bytes.length < RTP_HEADER_BYTES) throw new ProtocolError('rtp/truncated', `${bytes.length} bytes, an RTP packet has at least ${RTP_HEADER_BYTES}`)
  const flags = bytes[0] as number
  if ((flags & 0xc0) !== VERSION_2) throw new ProtocolError('rtp/version', `RTP version is ${flags >> 6}, 2 is known`)
  let start = RTP_HEADER_BYTES + (flags & CSRC_COUNT) * 4
  if (flags & HAS_EXTENSION) start += 4 + readU16(bytes, start + 2) * 4
  let end = bytes.length
  if (start > end) throw new ProtocolError('rtp/truncated', `the RTP header claims ${start} bytes, the packet has ${end}`)
  if (flags & HAS_PADDING) {
    const padding = bytes[end - 1] as number
    if (padding === 0 || start + padding > end) throw new ProtocolError('rtp/padding', `${padding} bytes of padding in a payload of ${end - start}`)
    end -= padding
  }
  const second = bytes[1] as number
  return {
    payloadType: second & 0x7f,
    marker: (second & MARKER) !== 0,
    seq: readU16(bytes, 2),
    timestamp: readU32(bytes, 4),
    ssrc: readU32(bytes, 8),
    payload: bytes.subarray(start, end),
  }
}

// Plain shifts: a DataView for each packet would be an allocation of its own.
const readU16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
const readU32 = (bytes: Uint8Array, at: number): number => ((readU16(bytes, at) << 16) | readU16(bytes, at + 2)) >>> 0

/**
 * Writes `RTP_HEADER_BYTES` bytes. Numbers are cut to the bits they have on the wire, so counts that do not wrap can be given.
 * @param payloadType 0 to 127
 */
export const writeRtpHeader = (out: Uint8Array, offset: number, payloadType: number, marker: boolean, seq: number, timestamp: number, ssrc: number): void => {
  out[offset] = VERSION_2
  out[offset + 1] = (marker ? MARKER : 0) | payloadType
  out[offset + 2] = seq >>> 8
  out[offset + 3] = seq
  out[offset + 4] = timestamp >>> 24
  out[offset + 5] = timestamp >>> 16
  out[offset + 6] = timestamp >>> 8
  out[offset + 7] = timestamp
  out[offset + 8] = ssrc >>> 24
  out[offset + 9] = ssrc >>> 16
  out[offset + 10] = ssrc >>> 8
  out[offset + 11] = ssrc
}

/** A packet as bytes of its own. Where many are written, use `writeRtpHeader` on a buffer that is there already. */
export const encodeRtpPacket = (packet: RtpPacket): Uint8Array => {
  const bytes = new Uint8Array(RTP_HEADER_BYTES + packet.payload.length)
  writeRtpHeader(bytes, 0, packet.payloadType, packet.marker, packet.seq, packet.timestamp, packet.ssrc)
  bytes.set(packet.payload, RTP_HEADER_BYTES)
  return bytes
}
