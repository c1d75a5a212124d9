import { ProtocolError } from '../../bytes/protocol-error.ts'
import { NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'

/** Payload structures beside single NAL units, RFC 6184 section 5.2. The interleaved mode's are not used on live streams. */
export const H264_PAYLOAD = { STAP_A: 24, FU_A: 28 } as const

/** Bits of the FU header, section 5.8. */
export const FU_START = 0x80
export const FU_END = 0x40
export const FU_HEADER_BYTES = 2
const STAP_A_LENGTH_BYTES = 2

/** NAL units that may be sent together: small ones in front of a picture. */
const isAggregated = (type: number): boolean => type === NAL_TYPE.SPS || type === NAL_TYPE.PPS || type === NAL_TYPE.SEI

/**
 * RTP payloads for the NAL units of an access unit (packetization-mode 1, RFC 6184 section 5): parameter sets and SEI in a row become a STAP-A,
 * what is too long becomes FU-As. Access unit delimiters and filler data are left out: RTP's timestamp and marker say the same.
 * The marker belongs on the last payload.
 * @param maxPayload bytes of a payload, at least 64
 */
export const packetizeH264 = (nals: readonly Uint8Array[], maxPayload: number): Uint8Array[] => {
  const payloads: Uint8Array[] = []
  let run: Uint8Array[] = []
  let runBytes = 1
  for (const nal of nals) {
    const type = nalType(nal)
    if (nal.length === 0 || type === NAL_TYPE.AUD || type === NAL_TYPE.FILLER) continue
    const bytes = STAP_A_LENGTH_BYTES + nal.length
    const joins = isAggregated(type) && 1 + bytes <= maxPayload
    if (!joins || runBytes + bytes > maxPayload) {
      flushRun(payloads, run)
      run = []
      runBytes = 1
    }
    if (joins) {
      run.push(nal)
      runBytes += bytes
    } else if (nal.length <= maxPayload) payloads.push(nal)
    else fragment(payloads, nal, maxPayload)
  }
  flushRun(payloads, run)
  return payloads
}

const flushRun = (payloads: Uint8Array[], run: readonly Uint8Array[]): void => {
  const first = run[0]
  if (first) payloads.push(run.length === 1 ? first : encodeStapA(run))
}

/**
 * ```
 * |STAP-A NAL HDR | NALU 1 size | NALU 1 | NALU 2 size | NALU 2 | …    RFC 6184 section 5.7.1
 * ```
 */
const encodeStapA = (nals: readonly Uint8Array[]): Uint8Array => {
  let length = 1
  let flags = 0
  for (const nal of nals) {
    length += STAP_A_LENGTH_BYTES + nal.length
    const header = nal[0] as number
    // F is set if any has it; NRI is the highest.
    flags = Math.max(flags & 0x60, header & 0x60) | ((flags | header) & 0x80)
  }
  const payload = new Uint8Array(length)
  payload[0] = flags | H264_PAYLOAD.STAP_A
  let at = 1
  for (const nal of nals) {
    payload[at] = nal.length >> 8
    payload[at + 1] = nal.length
    payload.set(nal, at + STAP_A_LENGTH_BYTES)
    at += STAP_A_LENGTH_BYTES + nal.length
  }
  return payload
}

/**
 * The NAL units of a STAP-A, as views; empty ones are left out.
 * @throws ProtocolError `rtp/h264-stap`
 */
export const splitStapA = (payload: Uint8Array): Uint8Array[] => {
  const nals: Uint8Array[] = []
  for (let at = 1; at < payload.length; ) {
    const length = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0)
    const start = at + STAP_A_LENGTH_BYTES
    if (start + length > payload.length) {
      throw new ProtocolError('rtp/h264-stap', `NAL unit at offset ${at} of a STAP-A claims ${length} bytes, ${Math.max(0, payload.length - start)} are left`)
    }
    if (length > 0) nals.push(payload.subarray(start, start + length))
    at = start + length
  }
  return nals
}

/** FU-As for a NAL unit that is too long for one payload: RFC 6184 section 5.8. */
const fragment = (payloads: Uint8Array[], nal: Uint8Array, maxPayload: number): void => {
  const header = nal[0] as number
  const room = maxPayload - FU_HEADER_BYTES
  for (let at = 1; at < nal.length; at += room) {
    const piece = nal.subarray(at, at + room)
    const payload = new Uint8Array(FU_HEADER_BYTES + piece.length)
    payload[0] = (header & 0xe0) | H264_PAYLOAD.FU_A
    payload[1] = (at === 1 ? FU_START : 0) | (at + room >= nal.length ? FU_END : 0) | (header & 0x1f)
    payload.set(piece, FU_HEADER_BYTES)
    payloads.push(payload)
  }
}

/** Whether a FU-A is the first of its NAL unit. */
export const isFuStart = (payload: Uint8Array): boolean => ((payload[1] ?? 0) & FU_START) !== 0

/** Whether a FU-A is the last of its NAL unit. */
export const isFuEnd = (payload: Uint8Array): boolean => ((payload[1] ?? 0) & FU_END) !== 0
