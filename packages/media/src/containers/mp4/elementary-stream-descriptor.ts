import type { ByteWriter } from '../../bytes/byte-writer.ts'

const ES_DESCR_TAG = 0x03
const DECODER_CONFIG_DESCR_TAG = 0x04
const DEC_SPECIFIC_INFO_TAG = 0x05
const SL_CONFIG_DESCR_TAG = 0x06

const OBJECT_TYPE_AUDIO_ISO_14496_3 = 0x40
const STREAM_TYPE_AUDIO = 0x05

/**
 * ES_Descriptor of an AAC track, ISO/IEC 14496-1 section 7.2.6.5.
 * @param config AudioSpecificConfig
 */
export const writeElementaryStreamDescriptor = (out: ByteWriter, config: Uint8Array): void =>
  writeDescriptor(out, ES_DESCR_TAG, () => {
    out.u16(0).u8(0) // ES_ID is 0 in a file; no dependsOn, URL, OCR
    writeDescriptor(out, DECODER_CONFIG_DESCR_TAG, () => {
      out.u8(OBJECT_TYPE_AUDIO_ISO_14496_3)
      out.u8((STREAM_TYPE_AUDIO << 2) | 1) // upStream 0, reserved 1
      out.u24(0).u32(0).u32(0) // bufferSizeDB, maxBitrate, avgBitrate: not known of a live stream
      writeDescriptor(out, DEC_SPECIFIC_INFO_TAG, () => out.bytes(config))
    })
    writeDescriptor(out, SL_CONFIG_DESCR_TAG, () => out.u8(2)) // predefined: MP4
  })

/** Tag and size, ISO/IEC 14496-1 section 8.3.3. The size is written in its four-byte form, which can be filled in afterwards. */
const writeDescriptor = (out: ByteWriter, tag: number, body: () => void): void => {
  out.u8(tag)
  const at = out.length
  out.u32(0)
  body()
  const size = out.length - at - 4
  out.patchU32(at, 0x8080_8000 | ((size >> 7) << 8) | (size & 0x7f))
}
