import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { Codec } from '../../codecs/codec.ts'
import { parseSps } from '../../codecs/h264-sps.ts'
import { type AmfObject, type AmfValue, EcmaArray, encodeAmf0, isAmfObject } from '../../containers/flv/amf0.ts'
import { SOUND_FORMAT, VIDEO_CODEC_ID } from '../../containers/flv/codec-id.ts'

/** Which kinds of track a publisher's onMetaData promises, as far as this server can take them. */
export type AnnouncedTracks = { readonly video: boolean; readonly audio: boolean }

/**
 * @param values of a data message: `@setDataFrame`, `onMetaData`, properties; the first may be missing
 * @returns undefined if it is not onMetaData, or one that names no codec
 */
export const announcedTracks = (values: readonly AmfValue[]): AnnouncedTracks | undefined => {
  const [name, properties] = values[0] === '@setDataFrame' ? values.slice(1) : values
  if (name !== 'onMetaData' || !isAmfObject(properties)) return undefined
  const { videocodecid, audiocodecid } = properties
  if (videocodecid === undefined && audiocodecid === undefined) return undefined
  return { video: VIDEO_IDS.includes(videocodecid), audio: AUDIO_IDS.includes(audiocodecid) }
}

/** As numbers, and as some encoders write them. */
const VIDEO_IDS: readonly AmfValue[] = [VIDEO_CODEC_ID.AVC, 'avc1', 'H264']
const AUDIO_IDS: readonly AmfValue[] = [SOUND_FORMAT.AAC, SOUND_FORMAT.G711_A_LAW, SOUND_FORMAT.G711_MU_LAW, 'mp4a', 'AAC']

/** Payload of the onMetaData that players get. */
export const encodeMetadata = (codecs: readonly Codec[]): Uint8Array => {
  let properties: AmfObject = { duration: 0 }
  for (const codec of codecs) properties = { ...properties, ...describe(codec) }
  return encodeAmf0('onMetaData', new EcmaArray(properties))
}

const describe = (codec: Codec): AmfObject => {
  switch (codec.name) {
    case 'h264':
      return { videocodecid: VIDEO_CODEC_ID.AVC, ...(codec.sps ? pictureProperties(codec.sps) : {}) }
    case 'aac':
      return {
        audiocodecid: SOUND_FORMAT.AAC,
        audiosamplerate: codec.clockRate,
        audiosamplesize: 16,
        audiochannels: codec.channels,
        stereo: codec.channels > 1,
      }
    case 'pcma':
    case 'pcmu':
      return {
        audiocodecid: codec.name === 'pcma' ? SOUND_FORMAT.G711_A_LAW : SOUND_FORMAT.G711_MU_LAW,
        audiosamplerate: codec.clockRate,
        audiosamplesize: 16,
        audiochannels: codec.channels,
        stereo: codec.channels > 1,
      }
    default:
      return {}
  }
}

/** Metadata is for show: a parameter set that cannot be read tells nothing. */
const pictureProperties = (sps: Uint8Array): AmfObject => {
  try {
    const { width, height, frameRate } = parseSps(sps)
    return { width, height, ...(frameRate === undefined ? {} : { framerate: frameRate }) }
  } catch (error) {
    if (error instanceof ProtocolError) return {}
    throw error
  }
}
