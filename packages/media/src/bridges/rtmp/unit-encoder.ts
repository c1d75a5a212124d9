import { ProtocolError } from '../../bytes/protocol-error.ts'
import type { Codec, H264Codec } from '../../codecs/codec.ts'
import { encodeAvcConfig } from '../../codecs/h264-avcc.ts'
import { NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'
import { encodeAacConfigTag, encodeAacFrameTag, encodeG711Tag } from '../../containers/flv/audio-tag.ts'
import { encodeAvcConfigTag, encodeAvcPictureTag } from '../../containers/flv/video-tag.ts'
import type { Unit } from '../../hub/unit.ts'
import { encodeMessage } from '../../protocols/rtmp/chunk-writer.ts'
import { CHUNK_STREAM, MEDIA_STREAM_ID, MESSAGE_TYPE, OUT_CHUNK_SIZE } from '../../protocols/rtmp/message.ts'

/** Sampling rate of G.711 in FLV, which cannot tell another one. */
const G711_CLOCK_RATE = 8000
const MAX_COMPOSITION_MS = 0x7fffff

/** Whether RTMP can bring the codec to the players that there are. */
export const isCarried = (codec: Codec): boolean => {
  if (codec.name === 'pcma' || codec.name === 'pcmu') return codec.clockRate === G711_CLOCK_RATE && codec.channels <= 2
  return codec.name === 'h264' || codec.name === 'aac'
}

/** Whether a track's units can be sent: what its decoder needs first is known. */
export const isReady = (codec: Codec): boolean => codec.name !== 'h264' || avcConfig(codec) !== undefined

/** The message that must come before a track's units; undefined if the codec needs none or its parameters are not known yet. */
export const encodeHeader = (codec: Codec, timestampMs: number): Uint8Array | undefined => {
  if (codec.name === 'aac') return mediaMessage('audio', timestampMs, encodeAacConfigTag(codec.config))
  const config = codec.name === 'h264' ? avcConfig(codec) : undefined
  return config && mediaMessage('video', timestampMs, encodeAvcConfigTag(config))
}

/** A parameter set that cannot be read counts as not known: what another protocol let in must not stop this one. */
const avcConfig = ({ sps, pps }: H264Codec): Uint8Array | undefined => {
  if (!sps || !pps) return undefined
  try {
    return encodeAvcConfig(sps, pps)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** A unit as message; undefined where nothing is left of it that players need. */
export const encodeUnit = (codec: Codec, unit: Unit): Uint8Array | undefined => {
  const timestampMs = ticksToMs(unit.dts, codec.clockRate)
  switch (codec.name) {
    case 'h264': {
      const nals = unit.data.filter(isForPlayers)
      if (nals.length === 0) return undefined
      const compositionMs = Math.min(MAX_COMPOSITION_MS, ticksToMs(unit.pts, codec.clockRate) - timestampMs)
      return mediaMessage('video', timestampMs, encodeAvcPictureTag(unit.randomAccess, compositionMs, nals))
    }
    case 'aac':
      return unit.data[0] && mediaMessage('audio', timestampMs, encodeAacFrameTag(unit.data[0]))
    case 'pcma':
    case 'pcmu':
      return unit.data[0] && mediaMessage('audio', timestampMs, encodeG711Tag(codec.name, codec.channels === 2 ? 2 : 1, unit.data[0]))
    default:
      return undefined
  }
}

/** A data message to players. At 0 whenever it comes: ffmpeg takes metadata with another time for a track of text. */
export const encodeDataMessage = (payload: Uint8Array): Uint8Array =>
  encodeMessage(CHUNK_STREAM.DATA, { type: MESSAGE_TYPE.DATA_AMF0, streamId: MEDIA_STREAM_ID, timestampMs: 0, payload }, OUT_CHUNK_SIZE)

export const ticksToMs = (ticks: number, clockRate: number): number => Math.round((ticks * 1000) / clockRate)

const mediaMessage = (kind: 'video' | 'audio', timestampMs: number, payload: Uint8Array): Uint8Array =>
  kind === 'video'
    ? encodeMessage(CHUNK_STREAM.VIDEO, { type: MESSAGE_TYPE.VIDEO, streamId: MEDIA_STREAM_ID, timestampMs, payload }, OUT_CHUNK_SIZE)
    : encodeMessage(CHUNK_STREAM.AUDIO, { type: MESSAGE_TYPE.AUDIO, streamId: MEDIA_STREAM_ID, timestampMs, payload }, OUT_CHUNK_SIZE)

/** Parameter sets are in the sequence header, and delimiters are not wanted in length-prefixed samples (ISO/IEC 14496-15 section 5.3.2). */
const isForPlayers = (nal: Uint8Array): boolean => {
  const type = nalType(nal)
  return type !== NAL_TYPE.SPS && type !== NAL_TYPE.PPS && type !== NAL_TYPE.AUD
}
