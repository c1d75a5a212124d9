import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'

/** Packet type 205 with this message type: draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. */
export const FMT_TRANSPORT_FEEDBACK = 15

/** When each packet of a transport came, by the count that its header extension carries. */
export type TransportFeedback = {
  readonly type: 'transport-feedback'
  readonly senderSsrc: number
  readonly mediaSsrc: number
  /** Counts the feedback, 8 bits. */
  readonly feedbackCount: number
  /** Count of the first packet, 16 bits. */
  readonly baseSeq: number
  /** Of `baseSeq` and those behind it: milliseconds of the receiver's clock, modulo 2^24 * 64 at the message's start; undefined: it did not come. */
  readonly arrivalsMs: readonly (number | undefined)[]
}

/** Packets in one message that are taken; browsers report several times a second. */
export const MAX_FEEDBACK_PACKETS = 4096

const NOT_RECEIVED = 0
const SMALL_DELTA = 1
const LARGE_DELTA = 2
const REFERENCE_MS = 64
/** Deltas are in steps of 250 us. */
const STEPS_PER_MS = 4
const MAX_RUN = 0x1fff
const VECTOR_SYMBOLS = 7

/**
 * ```
 * |                  SSRC of packet sender, of media source       |
 * |      base sequence number     |      packet status count      |
 * |                 reference time                | fb pkt. count |
 * |          packet chunk         |         packet chunk          |  …
 * |  recv delta   |  …
 * ```
 * @throws ProtocolError `rtcp/truncated`, `rtcp/transport-feedback`
 */
export const decodeTransportFeedback = (body: Uint8Array): TransportFeedback => {
  const reader = new ByteReader(body, 'rtcp/truncated')
  const senderSsrc = reader.u32()
  const mediaSsrc = reader.u32()
  const baseSeq = reader.u16()
  const count = reader.u16()
  if (count > MAX_FEEDBACK_PACKETS) throw new ProtocolError('rtcp/transport-feedback', `feedback about ${count} packets, ${MAX_FEEDBACK_PACKETS} are the most`)
  let steps = reader.u24() * REFERENCE_MS * STEPS_PER_MS
  const feedbackCount = reader.u8()
  const symbols: number[] = []
  while (symbols.length < count) readChunk(reader.u16(), count, symbols)
  const arrivalsMs = symbols.map((symbol) => {
    if (symbol === NOT_RECEIVED) return undefined
    if (symbol !== SMALL_DELTA && symbol !== LARGE_DELTA) throw new ProtocolError('rtcp/transport-feedback', 'packet status 3 is reserved')
    steps += symbol === SMALL_DELTA ? reader.u8() : reader.i16()
    return steps / STEPS_PER_MS
  })
  return { type: 'transport-feedback', senderSsrc, mediaSsrc, feedbackCount, baseSeq, arrivalsMs }
}

/** A run of one status, 14 statuses of one bit, or 7 of two: section 3.1.3. */
const readChunk = (chunk: number, count: number, symbols: number[]): void => {
  if ((chunk & 0x8000) === 0) {
    for (let left = Math.min(chunk & MAX_RUN, count - symbols.length); left > 0; left--) symbols.push(chunk >> 13)
    // A run of none would be read for ever.
    if ((chunk & MAX_RUN) === 0) throw new ProtocolError('rtcp/transport-feedback', 'a run of 0 packets')
    return
  }
  const bits = chunk & 0x4000 ? 2 : 1
  for (let shift = 14 - bits; shift >= 0 && symbols.length < count; shift -= bits) symbols.push((chunk >> shift) & (bits === 2 ? 3 : 1))
}

/**
 * @param feedback times are cut to steps of 250 us, and must differ from the one before by less than 8 s; at least one packet
 * @returns the message with its header
 */
export const encodeTransportFeedback = (feedback: Omit<TransportFeedback, 'type'>): Uint8Array => {
  const { arrivalsMs } = feedback
  const first = arrivalsMs.find((arrivalMs) => arrivalMs !== undefined) ?? 0
  const reference = Math.floor(first / REFERENCE_MS)
  let steps = reference * REFERENCE_MS * STEPS_PER_MS
  const deltas = arrivalsMs.map((arrivalMs) => {
    if (arrivalMs === undefined) return undefined
    const delta = Math.floor(arrivalMs * STEPS_PER_MS) - steps
    steps += delta
    return delta
  })
  const symbols = deltas.map((delta) => (delta === undefined ? NOT_RECEIVED : delta >= 0 && delta <= 0xff ? SMALL_DELTA : LARGE_DELTA))
  const writer = new ByteWriter(64)
    .u32(feedback.senderSsrc)
    .u32(feedback.mediaSsrc)
    .u16(feedback.baseSeq)
    .u16(arrivalsMs.length)
    .u24(reference & 0xff_ffff)
    .u8(feedback.feedbackCount)
  for (let at = 0; at < symbols.length; ) {
    const symbol = symbols[at] as number
    let run = 1
    while (run < MAX_RUN && symbols[at + run] === symbol) run++
    if (run >= VECTOR_SYMBOLS || at + run === symbols.length) {
      writer.u16((symbol << 13) | run)
      at += run
      continue
    }
    let chunk = 0xc000
    for (let i = 0; i < VECTOR_SYMBOLS; i++) chunk |= (symbols[at + i] ?? NOT_RECEIVED) << (12 - 2 * i)
    writer.u16(chunk)
    at += VECTOR_SYMBOLS
  }
  for (const delta of deltas) {
    if (delta === undefined) continue
    if (delta >= 0 && delta <= 0xff) writer.u8(delta)
    else writer.u16(delta & 0xffff)
  }
  writer.zeros(-writer.length & 3)
  const body = writer.finish()
  return new ByteWriter(4 + body.length)
    .u8(0x80 | FMT_TRANSPORT_FEEDBACK)
    .u8(205)
    .u16(body.length / 4)
    .bytes(body)
    .finish()
}
