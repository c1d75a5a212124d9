import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { decodeTransportFeedback, FMT_TRANSPORT_FEEDBACK, type TransportFeedback } from './transport-feedback.ts'

/** RFC 4585 section 6.1: packet types and their message types. */
export const TRANSPORT_FEEDBACK = 205
export const PAYLOAD_FEEDBACK = 206
const FMT_NACK = 1
const FMT_PLI = 1
const FMT_FIR = 4
const FMT_REMB = 15
/** `REMB` */
const REMB_NAME = 0x52454d42
/** Numbers that fit the mantissa's 18 bits. */
const REMB_MAX_MANTISSA = 0x3ffff

/** The receiver misses packets: RFC 4585 section 6.2.1. */
export type Nack = {
  readonly type: 'nack'
  readonly senderSsrc: number
  readonly mediaSsrc: number
  /** 16-bit sequence numbers, in the order of the message; at most `MAX_NACK_SEQS`. */
  readonly seqs: readonly number[]
}

/** The receiver lost a picture and wants one where decoding can start: RFC 4585 section 6.3.1. */
export type Pli = { readonly type: 'pli'; readonly senderSsrc: number; readonly mediaSsrc: number }

/** A picture where decoding can start is wanted, also by who joins: RFC 5104 section 4.3.1. */
export type Fir = { readonly type: 'fir'; readonly senderSsrc: number; readonly entries: readonly { readonly ssrc: number; readonly commandSeq: number }[] }

/** The bit rate that the receiver takes at most: draft-alvestrand-rmcat-remb-03 section 2.2. */
export type Remb = { readonly type: 'remb'; readonly senderSsrc: number; readonly bitrateBps: number; readonly ssrcs: readonly number[] }

export type Feedback = Nack | Pli | Fir | Remb | TransportFeedback

/** Numbers taken from one NACK; a receiver that misses more needs a new picture anyway. */
export const MAX_NACK_SEQS = 1024

/** @returns undefined for a message type that we do not know */
export const decodeFeedback = (packetType: number, messageType: number, body: Uint8Array): Feedback | undefined => {
  const reader = new ByteReader(body, 'rtcp/truncated')
  if (packetType === TRANSPORT_FEEDBACK && messageType === FMT_NACK) {
    return { type: 'nack', senderSsrc: reader.u32(), mediaSsrc: reader.u32(), seqs: readNackSeqs(reader) }
  }
  if (packetType === TRANSPORT_FEEDBACK && messageType === FMT_TRANSPORT_FEEDBACK) return decodeTransportFeedback(body)
  if (packetType === PAYLOAD_FEEDBACK && messageType === FMT_PLI) return { type: 'pli', senderSsrc: reader.u32(), mediaSsrc: reader.u32() }
  if (packetType === PAYLOAD_FEEDBACK && messageType === FMT_FIR) {
    const senderSsrc = reader.u32()
    reader.skip(4) // media source, unused: the entries name them
    const entries: { ssrc: number; commandSeq: number }[] = []
    while (reader.remaining >= 8) {
      entries.push({ ssrc: reader.u32(), commandSeq: reader.u8() })
      reader.skip(3)
    }
    return { type: 'fir', senderSsrc, entries }
  }
  if (packetType === PAYLOAD_FEEDBACK && messageType === FMT_REMB) return readRemb(reader)
  return undefined
}

/**
 * ```
 * |  'R' 'E' 'M' 'B'                                              |
 * |  Num SSRC     | BR Exp    |  BR Mantissa                      |
 * ```
 * @returns undefined for another one of the application's messages, RFC 4585 section 6.4
 */
const readRemb = (reader: ByteReader): Remb | undefined => {
  const senderSsrc = reader.u32()
  reader.skip(4) // media source, always 0
  if (reader.remaining < 8 || reader.u32() !== REMB_NAME) return undefined
  const count = reader.u8()
  const rate = reader.u24()
  const ssrcs = Array.from({ length: count }, () => reader.u32())
  return { type: 'remb', senderSsrc, bitrateBps: (rate & REMB_MAX_MANTISSA) * 2 ** (rate >> 18), ssrcs }
}

/** Pairs of a packet id and a mask of the 16 packets after it. */
const readNackSeqs = (reader: ByteReader): number[] => {
  const seqs: number[] = []
  while (reader.remaining >= 4 && seqs.length < MAX_NACK_SEQS) {
    const first = reader.u16()
    const mask = reader.u16()
    seqs.push(first)
    for (let i = 0; i < 16; i++) if (mask & (1 << i)) seqs.push((first + i + 1) & 0xffff)
  }
  return seqs.length > MAX_NACK_SEQS ? seqs.slice(0, MAX_NACK_SEQS) : seqs
}

/** @param nack 16-bit sequence numbers, ascending modulo their wrap */
export const encodeNack = (nack: { senderSsrc: number; mediaSsrc: number; seqs: readonly number[] }): Uint8Array => {
  const pairs: { first: number; mask: number }[] = []
  for (const seq of nack.seqs) {
    const last = pairs.at(-1)
    const distance = last ? (seq - last.first) & 0xffff : 0
    if (last && distance >= 1 && distance <= 16) last.mask |= 1 << (distance - 1)
    else pairs.push({ first: seq, mask: 0 })
  }
  const writer = feedback(TRANSPORT_FEEDBACK, FMT_NACK, pairs.length, nack.senderSsrc, nack.mediaSsrc)
  for (const { first, mask } of pairs) writer.u16(first).u16(mask)
  return writer.finish()
}

export const encodePli = (pli: { senderSsrc: number; mediaSsrc: number }): Uint8Array =>
  feedback(PAYLOAD_FEEDBACK, FMT_PLI, 0, pli.senderSsrc, pli.mediaSsrc).finish()

/** @param fir `commandSeq` is counted on (8 bits) for each new request */
export const encodeFir = (fir: { senderSsrc: number; entries: readonly { ssrc: number; commandSeq: number }[] }): Uint8Array => {
  const writer = feedback(PAYLOAD_FEEDBACK, FMT_FIR, fir.entries.length * 2, fir.senderSsrc, 0)
  for (const { ssrc, commandSeq } of fir.entries) writer.u32(ssrc).u8(commandSeq).zeros(3)
  return writer.finish()
}

const feedback = (packetType: number, messageType: number, words: number, senderSsrc: number, mediaSsrc: number): ByteWriter =>
  new ByteWriter(64)
    .u8(0x80 | messageType)
    .u8(packetType)
    .u16(2 + words)
    .u32(senderSsrc)
    .u32(mediaSsrc)

/**
 * The bit rate that the sender of these SSRCs should not exceed: draft-alvestrand-rmcat-remb-03 section 2.2.
 * @param remb at most 255 SSRCs
 */
export const encodeRemb = (remb: { senderSsrc: number; bitrateBps: number; ssrcs: readonly number[] }): Uint8Array => {
  let exponent = 0
  while (Math.floor(remb.bitrateBps / 2 ** exponent) > REMB_MAX_MANTISSA) exponent++
  const mantissa = Math.floor(remb.bitrateBps / 2 ** exponent)
  const writer = feedback(PAYLOAD_FEEDBACK, FMT_REMB, 2 + remb.ssrcs.length, remb.senderSsrc, 0)
    .ascii('REMB')
    .u8(remb.ssrcs.length)
    .u24((exponent << 18) | mantissa)
  for (const ssrc of remb.ssrcs) writer.u32(ssrc)
  return writer.finish()
}
