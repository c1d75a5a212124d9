import { BitReader } from '../bytes/bit-reader.ts'
import { ProtocolError } from '../bytes/protocol-error.ts'
import type { AacCodec } from './codec.ts'

/** Samples of each channel in one AAC frame. */
export const AAC_FRAME_SAMPLES = 1024

/** Audio object types, ISO/IEC 14496-3 table 1.17. */
export const AAC_OBJECT_TYPE = { LC: 2, SBR: 5, PS: 29 } as const

const FAULT = 'aac/config'

/** samplingFrequencyIndex, table 1.18. */
const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]
const EXPLICIT_RATE = 15
const ESCAPED_OBJECT_TYPE = 31

/** channelConfiguration, table 1.19; 0 is told by a program_config_element. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8]

/** What an AudioSpecificConfig tells about the core stream. */
export type AudioSpecificConfig = {
  /** Of the core: 2 for AAC-LC, also below SBR and PS. */
  readonly objectType: number
  /** Of the core, in hertz: with SBR half of what is heard. */
  readonly sampleRate: number
  readonly channels: number
}

/**
 * AudioSpecificConfig, ISO/IEC 14496-3 section 1.6.2.1.
 * @throws ProtocolError `aac/config`
 */
export const parseAudioSpecificConfig = (bytes: Uint8Array): AudioSpecificConfig => {
  const reader = new BitReader(bytes, FAULT)
  let objectType = readObjectType(reader)
  const sampleRate = readSampleRate(reader)
  const channelConfiguration = reader.bits(4)
  if (objectType === AAC_OBJECT_TYPE.SBR || objectType === AAC_OBJECT_TYPE.PS) {
    readSampleRate(reader) // extensionSamplingFrequency
    objectType = readObjectType(reader)
  }
  const channels = channelConfiguration === 0 ? readProgramChannels(reader) : CHANNELS[channelConfiguration]
  if (!channels) throw new ProtocolError(FAULT, `channelConfiguration ${channelConfiguration} names no known channel layout`)
  return { objectType, sampleRate, channels }
}

/**
 * The short form, without extensions.
 * @param objectType 1 to 30
 * @param sampleRate in hertz
 * @param channels 1 to 6, or 8
 * @throws ProtocolError `aac/config` for a number of channels without channelConfiguration
 */
export const encodeAudioSpecificConfig = (objectType: number, sampleRate: number, channels: number): Uint8Array => {
  const channelConfiguration = CHANNELS.indexOf(channels, 1)
  if (channelConfiguration < 0) throw new ProtocolError(FAULT, `no channelConfiguration has ${channels} channels`)
  const index = SAMPLE_RATES.indexOf(sampleRate)
  // 5 bits object type, 4 index, [24 rate], 4 channels, 3 of GASpecificConfig that are zero
  if (index >= 0) {
    const bits = (objectType << 11) | (index << 7) | (channelConfiguration << 3)
    return Uint8Array.of(bits >> 8, bits & 0xff)
  }
  const low = (sampleRate << 7) | (channelConfiguration << 3)
  return Uint8Array.of(
    (objectType << 3) | (EXPLICIT_RATE >> 1),
    ((EXPLICIT_RATE & 1) << 7) | ((sampleRate >> 17) & 0x7f),
    (low >> 16) & 0xff,
    (low >> 8) & 0xff,
    low & 0xff,
  )
}

/**
 * @param config AudioSpecificConfig
 * @throws ProtocolError `aac/config`
 */
export const aacCodec = (config: Uint8Array): AacCodec => {
  const { sampleRate, channels } = parseAudioSpecificConfig(config)
  return { kind: 'audio', name: 'aac', clockRate: sampleRate, channels, config }
}

const readObjectType = (reader: BitReader): number => {
  const type = reader.bits(5)
  return type === ESCAPED_OBJECT_TYPE ? 32 + reader.bits(6) : type
}

const readSampleRate = (reader: BitReader): number => {
  const index = reader.bits(4)
  const rate = index === EXPLICIT_RATE ? reader.bits(24) : SAMPLE_RATES[index]
  if (!rate) throw new ProtocolError(FAULT, `sampling frequency index ${index} is reserved`)
  return rate
}

/** Counts the channels of GASpecificConfig's program_config_element, section 4.5.1.2. */
const readProgramChannels = (reader: BitReader): number => {
  reader.skip(1) // frameLengthFlag
  if (reader.flag()) reader.skip(14) // coreCoderDelay
  reader.skip(1) // extensionFlag
  reader.skip(4 + 2 + 4) // element_instance_tag, object_type, sampling_frequency_index
  const front = reader.bits(4)
  const side = reader.bits(4)
  const back = reader.bits(4)
  const lowFrequency = reader.bits(2)
  reader.skip(3 + 4) // num_assoc_data_elements, num_valid_cc_elements
  if (reader.flag()) reader.skip(4) // mono_mixdown
  if (reader.flag()) reader.skip(4) // stereo_mixdown
  if (reader.flag()) reader.skip(3) // matrix_mixdown
  let channels = lowFrequency
  for (let i = 0; i < front + side + back; i++) {
    channels += reader.flag() ? 2 : 1 // is_cpe
    reader.skip(4)
  }
  return channels
}
