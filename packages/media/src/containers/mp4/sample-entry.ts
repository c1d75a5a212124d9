import type { ByteWriter } from '../../bytes/byte-writer.ts'
import type { AacCodec, OpusCodec } from '../../codecs/codec.ts'
import { encodeAvcConfig } from '../../codecs/h264-avcc.ts'
import { parseSps } from '../../codecs/h264-sps.ts'
import { writeBox, writeFullBox } from './box.ts'
import { writeElementaryStreamDescriptor } from './elementary-stream-descriptor.ts'
import type { Mp4Codec, Mp4H264Codec } from './track.ts'

/**
 * The one entry of a track's SampleDescriptionBox.
 * @throws ProtocolError if the SPS cannot be read
 */
export const writeSampleEntry = (out: ByteWriter, codec: Mp4Codec): void => {
  if (codec.name === 'h264') writeAvcSampleEntry(out, codec)
  else if (codec.name === 'aac') writeAacSampleEntry(out, codec)
  else writeOpusSampleEntry(out, codec)
}

/** AVCSampleEntry, ISO/IEC 14496-15 section 5.4.2.1, on VisualSampleEntry, ISO/IEC 14496-12 section 12.1.3. */
const writeAvcSampleEntry = (out: ByteWriter, codec: Mp4H264Codec): void =>
  writeBox(out, 'avc1', () => {
    const { width, height } = parseSps(codec.sps)
    out.zeros(6).u16(1) // reserved, data_reference_index
    out.zeros(16) // pre_defined and reserved
    out.u16(width).u16(height)
    out.u32(0x0048_0000).u32(0x0048_0000) // 72 dpi
    out.u32(0).u16(1) // reserved, frame_count
    out.zeros(32) // compressorname
    out.u16(0x18).i16(-1) // depth, pre_defined
    writeBox(out, 'avcC', () => out.bytes(encodeAvcConfig(codec.sps, codec.pps)))
  })

/** AudioSampleEntry, ISO/IEC 14496-12 section 12.2.3. */
const writeAudioSampleEntry = (out: ByteWriter, type: string, channels: number, sampleRate: number, config: () => void): void =>
  writeBox(out, type, () => {
    out.zeros(6).u16(1) // reserved, data_reference_index
    out.zeros(8)
    out.u16(channels).u16(16) // samplesize
    out.u32(0)
    // 16.16: rates that do not fit are told by the decoder configuration alone.
    out.u16(sampleRate < 0x1_0000 ? sampleRate : 0).u16(0)
    config()
  })

/** MP4AudioSampleEntry, ISO/IEC 14496-14 section 5.6. */
const writeAacSampleEntry = (out: ByteWriter, codec: AacCodec): void =>
  writeAudioSampleEntry(out, 'mp4a', codec.channels, codec.clockRate, () =>
    writeFullBox(out, 'esds', 0, 0, () => writeElementaryStreamDescriptor(out, codec.config)),
  )

/**
 * OpusSampleEntry with OpusSpecificBox, "Encapsulation of Opus in ISO Base Media File Format" sections 4.3.1 and 4.3.2.
 * PreSkip is 0: a live stream is entered in its middle, and its timestamps already count the encoder's delay.
 */
const writeOpusSampleEntry = (out: ByteWriter, codec: OpusCodec): void =>
  writeAudioSampleEntry(out, 'Opus', codec.channels, 48_000, () =>
    writeBox(out, 'dOps', () => {
      out.u8(0).u8(codec.channels) // Version, OutputChannelCount
      out.u16(0).u32(48_000).u16(0) // PreSkip, InputSampleRate, OutputGain
      out.u8(0) // ChannelMappingFamily: mono or stereo
    }),
  )
