import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { ProtocolError } from '../bytes/protocol-error.ts'
import { H265_NAL_TYPE, h265NalType } from './h265-nal.ts'
import { parseH265Sps } from './h265-sps.ts'

/** What an HEVCDecoderConfigurationRecord tells. */
export type HevcConfig = {
  /** The first of each; views into the record. */
  readonly vps: Uint8Array
  readonly sps: Uint8Array
  readonly pps: Uint8Array
  /** Bytes of the length before each NAL unit of a sample. */
  readonly nalLengthSize: 1 | 2 | 4
}

const FAULT = 'h265/hevc-config'

/**
 * HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 8.3.3.1.
 * @throws ProtocolError `h265/hevc-config`
 */
export const decodeHevcConfig = (bytes: Uint8Array): HevcConfig => {
  const reader = new ByteReader(bytes, FAULT)
  const version = reader.u8()
  if (version !== 1) throw new ProtocolError(FAULT, `configurationVersion is ${version}, 1 is known`)
  reader.skip(20) // profile, tier, level and formats, which the SPS has as well
  const nalLengthSize = (reader.u8() & 3) + 1
  if (nalLengthSize === 3) throw new ProtocolError(FAULT, 'lengthSizeMinusOne is 2, allowed are 0, 1 and 3')
  const sets = new Map<number, Uint8Array>()
  for (let arrays = reader.u8(); arrays > 0; arrays--) {
    reader.skip(1) // The type is in each NAL unit as well.
    for (let count = reader.u16(); count > 0; count--) {
      const nal = reader.take(reader.u16())
      if (nal.length > 0 && !sets.has(h265NalType(nal))) sets.set(h265NalType(nal), nal)
    }
  }
  const [vps, sps, pps] = [sets.get(H265_NAL_TYPE.VPS), sets.get(H265_NAL_TYPE.SPS), sets.get(H265_NAL_TYPE.PPS)]
  if (!vps || !sps || !pps) throw new ProtocolError(FAULT, 'not each of a video, a sequence and a picture parameter set is in the record')
  return { vps, sps, pps, nalLengthSize: nalLengthSize as 1 | 2 | 4 }
}

/**
 * HEVCDecoderConfigurationRecord for one set of parameter sets, with 4-byte lengths: ISO/IEC 14496-15 section 8.3.3.1.
 * @throws ProtocolError `h265/sps`
 */
export const encodeHevcConfig = (vps: Uint8Array, sps: Uint8Array, pps: Uint8Array): Uint8Array => {
  const info = parseH265Sps(sps)
  const writer = new ByteWriter(vps.length + sps.length + pps.length + 48)
    .u8(1)
    .u8((info.profileSpace << 6) | (info.highTier ? 0x20 : 0) | info.profileIdc)
    .u32(info.compatibility)
    .bytes(info.constraints)
    .u8(info.levelIdc)
    .u16(0xf000) // min_spatial_segmentation_idc: not told
    .u8(0xfc) // parallelismType: not told
    .u8(0xfc | info.chromaFormatIdc)
    .u8(0xf8 | (info.bitDepthLuma - 8))
    .u8(0xf8 | (info.bitDepthChroma - 8))
    .u16(0) // avgFrameRate: not told
    .u8((info.temporalLayers << 3) | (info.temporalIdNested ? 4 : 0) | 3)
    .u8(3)
  for (const [type, set] of [
    [H265_NAL_TYPE.VPS, vps],
    [H265_NAL_TYPE.SPS, sps],
    [H265_NAL_TYPE.PPS, pps],
  ] as const) {
    writer
      .u8(0x80 | type) // array_completeness
      .u16(1)
      .u16(set.length)
      .bytes(set)
  }
  return writer.finish()
}
