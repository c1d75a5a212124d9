import { ProtocolError } from '../../bytes/protocol-error.ts'
import { H265_NAL_HEADER_BYTES, H265_NAL_TYPE, h265NalType, isH265ParameterSet } from '../../codecs/h265-nal.ts'

/** Payload structures beside single NAL units, RFC 7798 section 4.4. */
export const H265_PAYLOAD = { AP: 48, FU: 49 } as const

const FU_START = 0x80
const FU_END = 0x40
const FU_TYPE = 0x3f
export const H265_FU_HEADER_BYTES = 3
const LENGTH_BYTES = 2

const isAggregated = (type: number): boolean => isH265ParameterSet(type) || type === H265_NAL_TYPE.PREFIX_SEI

/**
 * RTP payloads for the NAL units of an access unit (RFC 7798 section 4.4, without DONL): parameter sets and SEI in a row become an aggregation
 * packet, what is too long becomes fragmentation units. Access unit delimiters and filler data are left out. The marker belongs on the last payload.
 * @param maxPayload bytes of a payload, at least 64
 */
export const packetizeH265 = (nals: readonly Uint8Array[], maxPayload: number): Uint8Array[] => {
  const payloads: Uint8Array[] = []
  let run: Uint8Array[] = []
  let runBytes = H265_NAL_HEADER_BYTES
  for (const nal of nals) {
    const type = h265NalType(nal)
    if (nal.length < H265_NAL_HEADER_BYTES || type === H265_NAL_TYPE.AUD || type === H265_NAL_TYPE.FILLER) continue
    const bytes = LENGTH_BYTES + nal.length
    const joins = isAggregated(type) && H265_NAL_HEADER_BYTES + bytes <= maxPayload
    if (!joins || runBytes + bytes > maxPayload) {
      flushRun(payloads, run)
      run = []
      runBytes = H265_NAL_HEADER_BYTES
    }
    if (joins) {
      run.push(nal)
      runBytes += bytes
    } else if (nal.length <= maxPayload) payloads.push(nal)
    else fragment(payloads, nal, nal.subarray(H265_NAL_HEADER_BYTES), FU_START | FU_END | type, maxPayload)
  }
  flushRun(payloads, run)
  return payloads
}

/**
 * A payload that is too long as several that say the same.
 * @throws ProtocolError `rtp/h265`
 */
export const splitH265Payload = (payload: Uint8Array, maxPayload: number): Uint8Array[] => {
  const type = h265NalType(payload)
  if (type === H265_PAYLOAD.AP) return packetizeH265(splitAggregate(payload), maxPayload)
  if (type !== H265_PAYLOAD.FU) return packetizeH265([payload], maxPayload)
  const payloads: Uint8Array[] = []
  fragment(payloads, payload, payload.subarray(H265_FU_HEADER_BYTES), payload[2] as number, maxPayload)
  return payloads
}

const flushRun = (payloads: Uint8Array[], run: readonly Uint8Array[]): void => {
  const first = run[0]
  if (first) payloads.push(run.length === 1 ? first : encodeAggregate(run))
}

/**
 * ```
 * | payload header (2) | NALU 1 size | NALU 1 | NALU 2 size | NALU 2 | …    RFC 7798 section 4.4.2
 * ```
 */
const encodeAggregate = (nals: readonly Uint8Array[]): Uint8Array => {
  let length = H265_NAL_HEADER_BYTES
  let forbidden = 0
  let layerId = 0x3f
  let temporalId = 7
  for (const nal of nals) {
    const [first = 0, second = 0] = nal
    length += LENGTH_BYTES + nal.length
    forbidden |= first & 0x80
    layerId = Math.min(layerId, ((first & 1) << 5) | (second >> 3))
    temporalId = Math.min(temporalId, second & 7)
  }
  const payload = new Uint8Array(length)
  payload[0] = forbidden | (H265_PAYLOAD.AP << 1) | (layerId >> 5)
  payload[1] = ((layerId & 0x1f) << 3) | temporalId
  let at = H265_NAL_HEADER_BYTES
  for (const nal of nals) {
    payload[at] = nal.length >> 8
    payload[at + 1] = nal.length
    payload.set(nal, at + LENGTH_BYTES)
    at += LENGTH_BYTES + nal.length
  }
  return payload
}

/**
 * The NAL units of an aggregation packet, as views; those without a header are left out.
 * @throws ProtocolError `rtp/h265`
 */
export const splitAggregate = (payload: Uint8Array): Uint8Array[] => {
  const nals: Uint8Array[] = []
  for (let at = H265_NAL_HEADER_BYTES; at < payload.length; ) {
    const length = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0)
    const start = at + LENGTH_BYTES
    if (start + length > payload.length) {
      throw new ProtocolError(
        'rtp/h265',
        `NAL unit at offset ${at} of an aggregation packet claims ${length} bytes, ${Math.max(0, payload.length - start)} are left`,
      )
    }
    if (length >= H265_NAL_HEADER_BYTES) nals.push(payload.subarray(start, start + length))
    at = start + length
  }
  return nals
}

/**
 * Fragmentation units, RFC 7798 section 4.4.3.
 * @param header of the NAL unit or of a FU of it
 * @param flags start and end bits that the first and the last get, and the NAL unit's type
 */
const fragment = (payloads: Uint8Array[], header: Uint8Array, body: Uint8Array, flags: number, maxPayload: number): void => {
  const room = maxPayload - H265_FU_HEADER_BYTES
  for (let at = 0; at < body.length; at += room) {
    const piece = body.subarray(at, at + room)
    const payload = new Uint8Array(H265_FU_HEADER_BYTES + piece.length)
    payload[0] = ((header[0] as number) & 0x81) | (H265_PAYLOAD.FU << 1)
    payload[1] = header[1] as number
    payload[2] = flags & (FU_TYPE | (at === 0 ? FU_START : 0) | (at + room >= body.length ? FU_END : 0))
    payload.set(piece, H265_FU_HEADER_BYTES)
    payloads.push(payload)
  }
}

export const isH265FuStart = (payload: Uint8Array): boolean => ((payload[2] ?? 0) & FU_START) !== 0
export const isH265FuEnd = (payload: Uint8Array): boolean => ((payload[2] ?? 0) & FU_END) !== 0

/** nal_unit_type of the NAL unit that a FU is a part of. */
export const h265FuType = (payload: Uint8Array): number => (payload[2] ?? 0) & FU_TYPE

/** Header of the NAL unit that a FU is a part of. */
export const h265FuNalHeader = (payload: Uint8Array): Uint8Array => Uint8Array.of(((payload[0] ?? 0) & 0x81) | (h265FuType(payload) << 1), payload[1] ?? 0)
