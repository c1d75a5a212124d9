import { ByteWriter } from '../bytes/byte-writer.ts'
import { joinObus } from './av1-obu.ts'
import { parseAv1Sequence } from './av1-sequence.ts'

/**
 * AV1CodecConfigurationRecord, AV1 ISO media file format binding section 2.3.
 * @param sequenceHeader OBU without a size field
 * @throws ProtocolError `av1/sequence`, `av1/obu`
 */
export const encodeAv1Config = (sequenceHeader: Uint8Array): Uint8Array => {
  const info = parseAv1Sequence(sequenceHeader)
  return new ByteWriter(sequenceHeader.length + 8)
    .u8(0x81) // marker, version 1
    .u8((info.profile << 5) | info.level)
    .u8(
      (info.highTier ? 0x80 : 0) |
        (info.bitDepth > 8 ? 0x40 : 0) |
        (info.bitDepth === 12 ? 0x20 : 0) |
        (info.monochrome ? 0x10 : 0) |
        (info.subsamplingX ? 0x08 : 0) |
        (info.subsamplingY ? 0x04 : 0) |
        info.chromaSamplePosition,
    )
    .u8(0) // initial_presentation_delay: not told
    .bytes(joinObus([sequenceHeader]))
    .finish()
}
