import { ByteWriter } from '../bytes/byte-writer.ts'
import { H265_NAL_TYPE } from './h265-nal.ts'
import { parseH265Sps } from './h265-sps.ts'

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
