import { ProtocolError } from '../../bytes/protocol-error.ts'
import { leb128Length, readLeb128, writeLeb128 } from '../../codecs/av1-obu.ts'

/** A payload of the AV1 RTP specification section 4.4: OBUs without size fields, the first and the last of which may be parts. */
export type Av1Payload = {
  /** The first element goes on with the last OBU of the payload before. */
  readonly continues: boolean
  /** The last element goes on in the next payload. */
  readonly continued: boolean
  /** The first payload of a coded video sequence. */
  readonly startsSequence: boolean
  /** Views into the payload; empty ones are left out. */
  readonly elements: readonly Uint8Array[]
}

const CONTINUES = 0x80
const CONTINUED = 0x40
const STARTS_SEQUENCE = 0x08
const FAULT = 'rtp/av1'

/**
 * ```
 * |Z|Y| W |N|-|-|-|   | length (leb128) | element |   …   | element |      without the last length if W tells how many there are
 * ```
 * @throws ProtocolError `rtp/av1`
 */
export const decodeAv1Payload = (payload: Uint8Array): Av1Payload => {
  const header = payload[0]
  if (header === undefined) throw new ProtocolError(FAULT, 'a payload without aggregation header')
  const count = (header >> 4) & 3
  const elements: Uint8Array[] = []
  let at = 1
  for (let i = 1; count === 0 ? at < payload.length : i <= count; i++) {
    const length = i === count ? { value: payload.length - at, length: 0 } : readLeb128(payload, at)
    const start = at + (length?.length ?? 0)
    if (!length || start + length.value > payload.length) {
      throw new ProtocolError(FAULT, `OBU element ${i} at offset ${at} claims more than the ${payload.length - at} bytes that are left`)
    }
    if (length.value > 0) elements.push(payload.subarray(start, start + length.value))
    at = start + length.value
  }
  if (elements.length === 0) throw new ProtocolError(FAULT, 'a payload without OBU elements')
  return { continues: (header & CONTINUES) !== 0, continued: (header & CONTINUED) !== 0, startsSequence: (header & STARTS_SEQUENCE) !== 0, elements }
}

/**
 * RTP payloads for elements, which are cut where they do not fit: for the OBUs of a temporal unit, or anew for a payload that is too long.
 * The marker belongs on the last.
 * @param maxPayload bytes of a payload, at least 64
 */
export const encodeAv1Payloads = ({ continues, continued, startsSequence, elements }: Av1Payload, maxPayload: number): Uint8Array[] => {
  const payloads: Uint8Array[] = []
  const out = new Uint8Array(maxPayload)
  let at = 1
  let wasCut = false
  const finish = (cut: boolean): void => {
    const isFirst = payloads.length === 0
    out[0] = ((isFirst ? continues : wasCut) ? CONTINUES : 0) | (cut ? CONTINUED : 0) | (isFirst && startsSequence ? STARTS_SEQUENCE : 0)
    payloads.push(out.slice(0, at))
    wasCut = cut
    at = 1
  }
  elements.forEach((element, i) => {
    for (let from = 0; from < element.length; ) {
      let size = element.length - from
      const room = maxPayload - at
      if (leb128Length(size) + size > room) size = room - leb128Length(room)
      // Not for a piece of next to nothing.
      if (size < MIN_PIECE_BYTES && size < element.length - from) {
        finish(false)
        continue
      }
      at = writeLeb128(out, at, size)
      out.set(element.subarray(from, from + size), at)
      at += size
      from += size
      if (from < element.length) finish(true)
      else if (i === elements.length - 1) finish(continued)
    }
  })
  return payloads
}

/** Shorter pieces of an OBU are not worth their place at the end of a payload. */
const MIN_PIECE_BYTES = 16
