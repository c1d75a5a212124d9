import { ProtocolError } from '../../bytes/protocol-error.ts'

/** What the RTP payloads of H.264 (RFC 6184, non-interleaved) and H.265 (RFC 7798, without DONL) have each of their own; the rest is the same. */
export type NalFormat = {
  /** Code of the fault of an aggregation packet that is broken. */
  readonly fault: string
  /** Bytes of a NAL unit's header. A fragmentation unit has one more: its flags, and the NAL unit's type. */
  readonly headerBytes: number
  readonly typeMask: number
  /** Types of payloads: the lowest of a single NAL unit, which all lie below the aggregation packet's, and a fragmentation unit's. */
  readonly lowestType: number
  readonly aggregateType: number
  readonly fragmentType: number
  /** Types of NAL units. */
  readonly delimiterType: number
  readonly fillerType: number
  /** Of what comes in front of the picture that it tells about. */
  readonly seiType: number
  isParameterSet(type: number): boolean
  /** Whether it is of a coded picture's data. */
  isVcl(type: number): boolean
  typeOf(nal: Uint8Array): number
  /** Writes the header of `nal` with another type. */
  writeHeader(out: Uint8Array, nal: Uint8Array, type: number): void
  writeAggregateHeader(out: Uint8Array, nals: readonly Uint8Array[]): void
}

/** Bits of a fragmentation unit's flags. */
export const FU_START = 0x80
export const FU_END = 0x40
const LENGTH_BYTES = 2

/** Parameter sets and SEI: small NAL units in front of a picture, which may be sent together. */
export const isAggregated = (format: NalFormat, type: number): boolean => format.isParameterSet(type) || type === format.seiType

/** Delimiters and filler data: RTP's timestamp and marker say the same. */
export const isLeftOut = (format: NalFormat, type: number): boolean => type === format.delimiterType || type === format.fillerType

/**
 * RTP payloads for the NAL units of an access unit: parameter sets and SEI in a row become an aggregation packet, what is too long becomes
 * fragmentation units. The marker belongs on the last payload.
 * @param maxPayload bytes of a payload, at least 64
 */
export const packetizeNals = (format: NalFormat, nals: readonly Uint8Array[], maxPayload: number): Uint8Array[] => {
  const { headerBytes } = format
  const payloads: Uint8Array[] = []
  let run: Uint8Array[] = []
  let runBytes = headerBytes
  for (const nal of nals) {
    const type = format.typeOf(nal)
    if (nal.length < headerBytes || isLeftOut(format, type)) continue
    const bytes = LENGTH_BYTES + nal.length
    const joins = isAggregated(format, type) && headerBytes + bytes <= maxPayload
    if (!joins || runBytes + bytes > maxPayload) {
      flushRun(format, payloads, run)
      run = []
      runBytes = headerBytes
    }
    if (joins) {
      run.push(nal)
      runBytes += bytes
    } else if (nal.length <= maxPayload) payloads.push(nal)
    else fragment(format, payloads, nal, nal.subarray(headerBytes), FU_START | FU_END | type, maxPayload)
  }
  flushRun(format, payloads, run)
  return payloads
}

const flushRun = (format: NalFormat, payloads: Uint8Array[], run: readonly Uint8Array[]): void => {
  const first = run[0]
  if (first) payloads.push(run.length === 1 ? first : encodeAggregate(format, run))
}

/**
 * ```
 * | payload header | NALU 1 size | NALU 1 | NALU 2 size | NALU 2 | …    RFC 6184 section 5.7.1, RFC 7798 section 4.4.2
 * ```
 */
const encodeAggregate = (format: NalFormat, nals: readonly Uint8Array[]): Uint8Array => {
  const payload = new Uint8Array(nals.reduce((length, nal) => length + LENGTH_BYTES + nal.length, format.headerBytes))
  format.writeAggregateHeader(payload, nals)
  let at = format.headerBytes
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
 * @throws ProtocolError the format's `fault`
 */
export const splitAggregate = (format: NalFormat, payload: Uint8Array): Uint8Array[] => {
  const nals: Uint8Array[] = []
  for (let at = format.headerBytes; at < payload.length; ) {
    const length = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0)
    const start = at + LENGTH_BYTES
    if (start + length > payload.length) {
      const left = Math.max(0, payload.length - start)
      throw new ProtocolError(format.fault, `NAL unit at offset ${at} of an aggregation packet claims ${length} bytes, ${left} are left`)
    }
    if (length >= format.headerBytes) nals.push(payload.subarray(start, start + length))
    at = start + length
  }
  return nals
}

/** The first NAL unit of an aggregation packet and what follows it. */
export const firstOfAggregate = (format: NalFormat, payload: Uint8Array): Uint8Array => payload.subarray(format.headerBytes + LENGTH_BYTES)

/**
 * Fragmentation units: RFC 6184 section 5.8, RFC 7798 section 4.4.3.
 * @param payloads where they are added
 * @param header of the NAL unit or of a fragmentation unit of it
 * @param flags start and end bits that the first and the last get, and the NAL unit's type
 */
export const fragment = (format: NalFormat, payloads: Uint8Array[], header: Uint8Array, body: Uint8Array, flags: number, maxPayload: number): void => {
  const { headerBytes, typeMask, fragmentType } = format
  const room = maxPayload - headerBytes - 1
  for (let at = 0; at < body.length; at += room) {
    const piece = body.subarray(at, at + room)
    const payload = new Uint8Array(headerBytes + 1 + piece.length)
    format.writeHeader(payload, header, fragmentType)
    payload[headerBytes] = flags & (typeMask | (at === 0 ? FU_START : 0) | (at + room >= body.length ? FU_END : 0))
    payload.set(piece, headerBytes + 1)
    payloads.push(payload)
  }
}

/** Whether a fragmentation unit is the first of its NAL unit. */
export const isFuStart = ({ headerBytes }: NalFormat, payload: Uint8Array): boolean => ((payload[headerBytes] ?? 0) & FU_START) !== 0

/** Whether a fragmentation unit is the last of its NAL unit. */
export const isFuEnd = ({ headerBytes }: NalFormat, payload: Uint8Array): boolean => ((payload[headerBytes] ?? 0) & FU_END) !== 0

/** nal_unit_type of the NAL unit that a fragmentation unit is a part of. */
export const fuType = ({ headerBytes, typeMask }: NalFormat, payload: Uint8Array): number => (payload[headerBytes] ?? 0) & typeMask
