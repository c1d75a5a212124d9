import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { parseSps } from './h264-sps.ts'

/** What an AVCDecoderConfigurationRecord tells. */
export type AvcConfig = {
  /** The first of each; views into the record. */
  readonly sps: Uint8Array
  readonly pps: Uint8Array
  /** Bytes of the length before each NAL unit of a sample. */
  readonly nalLengthSize: 1 | 2 | 4
}

const FAULT = 'h264/avc-config'

/**
 * AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.3.3.1.
 * @throws ProtocolError `h264/avc-config`
 */
export const decodeAvcConfig = (bytes: Uint8Array): AvcConfig => {
  const reader = new ByteReader(bytes, FAULT)
  const version = reader.u8()
  if (version !== 1) throw new ProtocolError(FAULT, `configurationVersion is ${version}, 1 is known`)
  reader.skip(3) // profile, compatibility and level, which the SPS has as well
  const nalLengthSize = (reader.u8() & 3) + 1
  if (nalLengthSize === 3) throw new ProtocolError(FAULT, 'lengthSizeMinusOne is 2, allowed are 0, 1 and 3')
  const sps = firstParameterSet(reader, reader.u8() & 0x1f, 'sequence')
  const pps = firstParameterSet(reader, reader.u8(), 'picture')
  return { sps, pps, nalLengthSize: nalLengthSize as 1 | 2 | 4 }
}

const firstParameterSet = (reader: ByteReader, count: number, what: string): Uint8Array => {
  let first: Uint8Array | undefined
  for (let i = 0; i < count; i++) {
    const set = reader.take(reader.u16())
    if (set.length > 0) first ??= set
  }
  if (!first) throw new ProtocolError(FAULT, `no ${what} parameter set in the record`)
  return first
}

const PROFILES_WITH_FORMAT = [100, 110, 122, 144]

/**
 * The record for one pair of parameter sets, with 4-byte lengths.
 * @throws ProtocolError `h264/sps`
 */
export const encodeAvcConfig = (sps: Uint8Array, pps: Uint8Array): Uint8Array => {
  const info = parseSps(sps)
  const writer = new ByteWriter(sps.length + pps.length + 16)
    .u8(1)
    .bytes(sps.subarray(1, 4))
    .u8(0xff) // reserved, lengthSizeMinusOne = 3
    .u8(0xe1) // reserved, one SPS
    .u16(sps.length)
    .bytes(sps)
    .u8(1)
    .u16(pps.length)
    .bytes(pps)
  if (PROFILES_WITH_FORMAT.includes(info.profileIdc)) {
    writer
      .u8(0xfc | info.chromaFormatIdc)
      .u8(0xf8 | (info.bitDepthLuma - 8))
      .u8(0xf8 | (info.bitDepthChroma - 8))
      .u8(0)
  }
  return writer.finish()
}
