import { ProtocolError } from '../bytes/protocol-error.ts'

/** nal_unit_type, ITU-T H.264 table 7-1. */
export const NAL_TYPE = {
  SLICE: 1,
  PARTITION_A: 2,
  PARTITION_C: 4,
  IDR: 5,
  SEI: 6,
  SPS: 7,
  PPS: 8,
  AUD: 9,
  END_OF_SEQUENCE: 10,
  END_OF_STREAM: 11,
  FILLER: 12,
} as const

/** @returns nal_unit_type; 0 (unspecified) for an empty NAL unit */
export const nalType = (nal: Uint8Array): number => (nal[0] ?? 0) & 0x1f

/** Whether the type is of a coded picture's data (VCL), section 7.4.1. */
export const isVcl = (type: number): boolean => type >= NAL_TYPE.SLICE && type <= NAL_TYPE.IDR

export const isParameterSet = (type: number): boolean => type === NAL_TYPE.SPS || type === NAL_TYPE.PPS

/** Whether decoding can start at this access unit: it has an IDR slice. */
export const isRandomAccess = (nals: readonly Uint8Array[]): boolean => {
  for (const nal of nals) if (nalType(nal) === NAL_TYPE.IDR) return true
  return false
}

/**
 * Splits a byte stream (annex B) at its start codes. Bytes before the first start code, zero bytes after a NAL unit and empty NAL units are left out.
 * @returns views into `bytes`
 */
export const splitAnnexB = (bytes: Uint8Array): Uint8Array[] => {
  const nals: Uint8Array[] = []
  let start = -1
  for (let i = 2; i < bytes.length; ) {
    const byte = bytes[i] as number
    // Most bytes are above 1: no start code can end at this byte or at the two that follow.
    if (byte > 1) i += 3
    else if (byte === 1 && bytes[i - 1] === 0 && bytes[i - 2] === 0) {
      if (start >= 0) pushTrimmed(nals, bytes, start, i - 2)
      start = i + 1
      i += 3
    } else i++
  }
  if (start >= 0) pushTrimmed(nals, bytes, start, bytes.length)
  return nals
}

const pushTrimmed = (nals: Uint8Array[], bytes: Uint8Array, start: number, end: number): void => {
  let last = end
  while (last > start && bytes[last - 1] === 0) last--
  if (last > start) nals.push(bytes.subarray(start, last))
}

/** The NAL units as a byte stream, each after a 4-byte start code (annex B). */
export const joinAnnexB = (nals: readonly Uint8Array[]): Uint8Array => join(nals, () => 1)

/** The NAL units, each after its length in 4 bytes (ISO/IEC 14496-15). */
export const joinLengthPrefixed = (nals: readonly Uint8Array[]): Uint8Array => join(nals, (nal) => nal.length)

const join = (nals: readonly Uint8Array[], prefix: (nal: Uint8Array) => number): Uint8Array => {
  let length = 0
  for (const nal of nals) length += 4 + nal.length
  const joined = new Uint8Array(length)
  const view = new DataView(joined.buffer)
  let at = 0
  for (const nal of nals) {
    view.setUint32(at, prefix(nal))
    joined.set(nal, at + 4)
    at += 4 + nal.length
  }
  return joined
}

/**
 * Splits a sample of NAL units with lengths before them (ISO/IEC 14496-15). Empty NAL units are left out.
 * @param lengthSize bytes of each length
 * @returns views into `bytes`
 * @throws ProtocolError `h264/nal-length` when a length reaches past the end
 */
export const splitLengthPrefixed = (bytes: Uint8Array, lengthSize: 1 | 2 | 4): Uint8Array[] => {
  const nals: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + lengthSize > bytes.length) {
      throw new ProtocolError('h264/nal-length', `${bytes.length - at} bytes are left at offset ${at}, too few for a ${lengthSize}-byte NAL unit length`)
    }
    let length = 0
    for (let i = 0; i < lengthSize; i++) length = length * 256 + (bytes[at + i] as number)
    at += lengthSize
    if (length > bytes.length - at) {
      throw new ProtocolError('h264/nal-length', `NAL unit at offset ${at} claims ${length} bytes, ${bytes.length - at} are left`)
    }
    if (length > 0) nals.push(bytes.subarray(at, at + length))
    at += length
  }
  return nals
}

/** The RBSP of a NAL unit: its bytes without the emulation prevention bytes (section 7.4.1). Copies only where there is one. */
export const removeEmulationPrevention = (nal: Uint8Array): Uint8Array => {
  let rbsp: Uint8Array | undefined
  let length = 0
  let zeros = 0
  for (let i = 0; i < nal.length; i++) {
    const byte = nal[i] as number
    if (zeros >= 2 && byte === 3) {
      if (!rbsp) {
        // Not slice(): of a Buffer that is a view, and the NAL unit itself would be written to.
        rbsp = new Uint8Array(nal)
        length = i
      }
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    if (rbsp) rbsp[length++] = byte
  }
  return rbsp ? rbsp.subarray(0, length) : nal
}
