import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts'
import { ntpToWallMs, wallMsToNtp } from './ntp.ts'

export const SENDER_REPORT = 200
export const RECEIVER_REPORT = 201
export const SDES = 202
export const BYE = 203

const TRUNCATED = 'rtcp/truncated'
const SDES_CNAME = 1
/** The count field has 5 bits. */
const MAX_COUNT = 31

/** What a receiver saw of one sender, RFC 3550 section 6.4.1. */
export type ReportBlock = {
  readonly ssrc: number
  /** Since the last report, in 256ths. */
  readonly fractionLost: number
  /** Packets lost since the start; 24 bits, negative when there were duplicates. */
  readonly cumulativeLost: number
  /** Highest sequence number, with the count of its wraps in the upper 16 bits. */
  readonly highestSeq: number
  /** In ticks of the RTP clock. */
  readonly jitter: number
  /** Middle 32 bits of the NTP time of the last sender report; 0 if there was none. */
  readonly lastSenderReport: number
  /** Since that report came, in 1/65536 s. */
  readonly delaySinceLastSenderReport: number
}

export type SenderReport = {
  readonly type: 'sender-report'
  readonly ssrc: number
  /** Wall-clock milliseconds since 1970, with fractions. */
  readonly ntpMs: number
  /** Middle 32 bits of the NTP time, for `ReportBlock.lastSenderReport`. */
  readonly compactNtp: number
  readonly rtpTimestamp: number
  readonly packets: number
  readonly octets: number
  readonly reports: readonly ReportBlock[]
}

export type ReceiverReport = { readonly type: 'receiver-report'; readonly ssrc: number; readonly reports: readonly ReportBlock[] }

export type Sdes = { readonly type: 'sdes'; readonly chunks: readonly { readonly ssrc: number; readonly cname: string | undefined }[] }

export type Bye = { readonly type: 'bye'; readonly ssrcs: readonly number[]; readonly reason: string | undefined }

export const decodeSenderReport = (count: number, body: Uint8Array): SenderReport => {
  const reader = new ByteReader(body, TRUNCATED)
  const ssrc = reader.u32()
  const ntp = reader.u64()
  return {
    type: 'sender-report',
    ssrc,
    ntpMs: ntpToWallMs(ntp),
    compactNtp: Number((ntp >> 16n) & 0xffff_ffffn),
    rtpTimestamp: reader.u32(),
    packets: reader.u32(),
    octets: reader.u32(),
    reports: readReportBlocks(reader, count),
  }
}

export const decodeReceiverReport = (count: number, body: Uint8Array): ReceiverReport => {
  const reader = new ByteReader(body, TRUNCATED)
  return { type: 'receiver-report', ssrc: reader.u32(), reports: readReportBlocks(reader, count) }
}

const readReportBlocks = (reader: ByteReader, count: number): ReportBlock[] => {
  const reports: ReportBlock[] = []
  for (let i = 0; i < count; i++) {
    reports.push({
      ssrc: reader.u32(),
      fractionLost: reader.u8(),
      cumulativeLost: (reader.u24() << 8) >> 8,
      highestSeq: reader.u32(),
      jitter: reader.u32(),
      lastSenderReport: reader.u32(),
      delaySinceLastSenderReport: reader.u32(),
    })
  }
  return reports
}

/** RFC 3550 section 6.5; of the items only CNAME is kept. */
export const decodeSdes = (count: number, body: Uint8Array): Sdes => {
  const reader = new ByteReader(body, TRUNCATED)
  const chunks: { ssrc: number; cname: string | undefined }[] = []
  for (let i = 0; i < count; i++) {
    const ssrc = reader.u32()
    let cname: string | undefined
    for (let type = reader.u8(); type !== 0; type = reader.u8()) {
      const text = reader.take(reader.u8())
      if (type === SDES_CNAME) cname = decodeUtf8(text)
    }
    // A chunk ends at a 32-bit boundary; some senders leave the last zeros out.
    reader.skip(Math.min(-reader.position & 3, reader.remaining))
    chunks.push({ ssrc, cname })
  }
  return { type: 'sdes', chunks }
}

/** RFC 3550 section 6.6. */
export const decodeBye = (count: number, body: Uint8Array): Bye => {
  const reader = new ByteReader(body, TRUNCATED)
  const ssrcs: number[] = []
  for (let i = 0; i < count; i++) ssrcs.push(reader.u32())
  const reason = reader.remaining > 0 ? decodeUtf8(reader.take(reader.u8())) : undefined
  return { type: 'bye', ssrcs, reason }
}

/**
 * A compound packet of a sender report without report blocks, and the sender's CNAME.
 * @param report `ntpMs` is the wall clock in milliseconds since 1970 at the moment of `rtpTimestamp`; counts are cut to 32 bits
 */
export const encodeSenderReport = (report: {
  ssrc: number
  ntpMs: number
  rtpTimestamp: number
  packets: number
  octets: number
  cname: string
}): Uint8Array => {
  const writer = new ByteWriter(64)
    .u8(0x80)
    .u8(SENDER_REPORT)
    .u16(6)
    .u32(report.ssrc)
    .u64(wallMsToNtp(report.ntpMs))
    .u32(report.rtpTimestamp)
    .u32(report.packets)
    .u32(report.octets)
  return writeCname(writer, report.ssrc, report.cname).finish()
}

/**
 * A compound packet of a receiver report and the receiver's CNAME.
 * @param report at most 31 blocks
 */
export const encodeReceiverReport = (report: { ssrc: number; reports: readonly ReportBlock[]; cname: string }): Uint8Array => {
  const count = report.reports.length
  if (count > MAX_COUNT) throw new Error(`${count} report blocks do not fit in a receiver report, ${MAX_COUNT} do`)
  const writer = new ByteWriter(64)
    .u8(0x80 | count)
    .u8(RECEIVER_REPORT)
    .u16(1 + count * 6)
    .u32(report.ssrc)
  for (const block of report.reports) {
    writer
      .u32(block.ssrc)
      .u8(block.fractionLost)
      .u24(block.cumulativeLost & 0xff_ffff)
      .u32(block.highestSeq)
      .u32(block.jitter)
      .u32(block.lastSenderReport)
      .u32(block.delaySinceLastSenderReport)
  }
  return writeCname(writer, report.ssrc, report.cname).finish()
}

/** @param bye the reason is cut to 255 bytes */
export const encodeBye = (bye: { ssrc: number; reason?: string }): Uint8Array => {
  const writer = new ByteWriter(64).u8(0x81).u8(BYE).u16(0).u32(bye.ssrc)
  if (bye.reason !== undefined) {
    const reason = encodeUtf8(bye.reason).subarray(0, 255)
    writer.u8(reason.length).bytes(reason)
  }
  writer.zeros(-writer.length & 3)
  return patchLength(writer.finish())
}

const writeCname = (writer: ByteWriter, ssrc: number, cname: string): ByteWriter => {
  const text = encodeUtf8(cname).subarray(0, 255)
  // SSRC, type, length, text, then at least one zero up to a 32-bit boundary.
  const words = 1 + Math.floor((2 + text.length) / 4) + 1
  const padding = (words - 1) * 4 - 2 - text.length
  return writer.u8(0x81).u8(SDES).u16(words).u32(ssrc).u8(SDES_CNAME).u8(text.length).bytes(text).zeros(padding)
}

const patchLength = (message: Uint8Array): Uint8Array => {
  const words = message.length / 4 - 1
  message[2] = words >> 8
  message[3] = words
  return message
}
