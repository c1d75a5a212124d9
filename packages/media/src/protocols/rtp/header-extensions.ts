/** Header extensions of RTP packets by their URI: RFC 9143 section 16.2 (mid), RFC 8852 section 3 (rid). */
export const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid'
export const RID_URI = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'
export const REPAIRED_RID_URI = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id'
/** A count over all packets of a transport: draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2. */
export const TRANSPORT_CC_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'

const HAS_EXTENSION = 0x10
const CSRC_COUNT = 0x0f
const FIXED_HEADER_BYTES = 12
const ONE_BYTE_PROFILE = 0xbede
/** The low 4 bits are the application's. */
const TWO_BYTE_PROFILE = 0x1000
/** In the one-byte form nothing after it counts: RFC 8285 section 4.2. */
const STOP_ID = 15

/**
 * Finds an element among the header extensions of an RTP packet, RFC 8285 section 4: the one-byte form, `id|len-1|data`, and the two-byte form,
 * `id|len|data`. An identifier of 0 is padding. What is cut or of another form has no elements.
 * @param bytes an RTP packet in the clear
 * @param id 1 to 255
 * @returns a view of its data
 */
export const findHeaderExtension = (bytes: Uint8Array, id: number): Uint8Array | undefined => {
  const flags = bytes[0] ?? 0
  if ((flags & HAS_EXTENSION) === 0) return undefined
  const profileAt = FIXED_HEADER_BYTES + (flags & CSRC_COUNT) * 4
  let at = profileAt + 4
  const end = at + readU16(bytes, profileAt + 2) * 4
  if (end > bytes.length) return undefined
  const profile = readU16(bytes, profileAt)
  const oneByte = profile === ONE_BYTE_PROFILE
  if (!oneByte && (profile & 0xfff0) !== TWO_BYTE_PROFILE) return undefined
  while (at < end) {
    const first = bytes[at] as number
    if (first === 0) {
      at++
      continue
    }
    const elementId = oneByte ? first >> 4 : first
    if (oneByte && elementId === STOP_ID) return undefined
    const length = oneByte ? (first & 0x0f) + 1 : (bytes[at + 1] ?? 0)
    const dataAt = at + (oneByte ? 1 : 2)
    if (dataAt + length > end) return undefined
    if (elementId === id) return bytes.subarray(dataAt, dataAt + length)
    at = dataAt + length
  }
  return undefined
}

const readU16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
