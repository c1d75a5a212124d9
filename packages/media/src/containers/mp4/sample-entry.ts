import type { ByteWriter } from '../../bytes/byte-writer.ts'
import { encodeAv1Config } from '../../codecs/av1-config.ts'
import type { AacCodec, OpusCodec } from '../../codecs/codec.ts'
import { encodeAvcConfig } from '../../codecs/h264-avcc.ts'
import { encodeHevcConfig } from '../../codecs/h265-hvcc.ts'
import { encodeVp9Config } from '../../codecs/vp9-config.ts'
import { writeBox, writeFullBox } from './box.ts'
import { writeElementaryStreamDescriptor } from './elementary-stream-descriptor.ts'
import { pictureSize } from './picture-size.ts'
import type { Mp4Codec, Mp4VideoCodec } from './track.ts'

/**
 * The one entry of a track's SampleDescriptionBox.
 * @throws ProtocolError if the parameters cannot be read
 */
export const writeSampleEntry = (out: ByteWriter, codec: Mp4Codec): void => {
  if (codec.name === 'aac') writeAacSampleEntry(out, codec)
  else if (codec.name === 'opus') writeOpusSampleEntry(out, codec)
  else writeVisualSampleEntry(out, codec)
}

/**
 * VisualSampleEntry, ISO/IEC 14496-12 section 12.1.3, with the codec's configuration: ISO/IEC 14496-15 sections 5.4.2.1 and 8.4.1.1,
 * AV1 ISO media file format binding section 2.2, VP codec ISO media file format binding section 2.1.
 */
const writeVisualSampleEntry = (out: ByteWriter, codec: Mp4VideoCodec): void =>
  writeBox(out, VISUAL_TYPES[codec.name], () => {
    const { width, height } = pictureSize(codec)
    out.zeros(6).u16(1) // reserved, data_reference_index
    out.zeros(16) // pre_defined and reserved
    out.u16(width).u16(height)
    out.u32(0x0048_0000).u32(0x0048_0000) // 72 dpi
    out.u32(0).u16(1) // reserved, frame_count
    out.zeros(32) // compressorname
    out.u16(0x18).i16(-1) // depth, pre_defined
    writeConfiguration(out, codec)
  })

const VISUAL_TYPES = { h264: 'avc1', h265: 'hvc1', av1: 'av01', vp9: 'vp09' } as const

const writeConfiguration = (out: ByteWriter, codec: Mp4VideoCodec): void => {
  if (codec.name === 'h264') writeBox(out, 'avcC', () => out.bytes(encodeAvcConfig(codec.sps, codec.pps)))
  else if (codec.name === 'h265') writeBox(out, 'hvcC', () => out.bytes(encodeHevcConfig(codec.vps, codec.sps, codec.pps)))
  else if (codec.name === 'vp9') writeFullBox(out, 'vpcC', 1, 0, () => out.bytes(encodeVp9Config(codec.profile, codec.picture)))
  else writeBox(out, 'av1C', () => out.bytes(encodeAv1Config(codec.sequenceHeader)))
}

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
      const { multistream } = codec
      if (!multistream)
        out.u8(0) // ChannelMappingFamily: mono or stereo
      else out.u8(1).u8(multistream.streams).u8(multistream.coupledStreams).bytes(Uint8Array.from(multistream.mapping))
    }),
  )
