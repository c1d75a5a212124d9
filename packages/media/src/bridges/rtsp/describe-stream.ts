import type { Codec, H264Codec } from '../../codecs/codec.ts'
import type { Stream } from '../../hub/stream.ts'
import type { Track } from '../../hub/track.ts'
import { trackControl } from '../../protocols/rtsp/rtsp-url.ts'
import { encodeBase64 } from '../../protocols/sdp/base64.ts'
import { DEFAULT_ORIGIN, encodeSdp, type SdpAttribute, type SdpMedia } from '../../protocols/sdp/sdp.ts'

/** First of the payload types that have no meaning of their own, RFC 3551 section 6. */
const FIRST_DYNAMIC_PAYLOAD_TYPE = 96

/** The payload type that all RTSP readers get a track with. */
export const payloadTypeOf = (track: Track): number => {
  const { codec } = track
  if ((codec.name === 'pcmu' || codec.name === 'pcma') && codec.clockRate === 8000 && codec.channels === 1) return codec.name === 'pcmu' ? 0 : 8
  return FIRST_DYNAMIC_PAYLOAD_TYPE + track.index
}

/** The description that readers get. @param name of the path, for players that show it */
export const describeStream = (name: string, stream: Stream): string =>
  encodeSdp({
    origin: DEFAULT_ORIGIN,
    sessionName: name,
    connection: { addressType: 'IP4', address: '0.0.0.0' },
    attributes: [['control', '*']],
    media: stream.tracks.map(mediaOf),
  })

const mediaOf = (track: Track): SdpMedia => {
  const { codec } = track
  const payloadType = payloadTypeOf(track)
  const attributes: SdpAttribute[] = [['rtpmap', `${payloadType} ${encodingOf(codec)}`]]
  const parameters = parametersOf(codec)
  if (parameters !== '') attributes.push(['fmtp', `${payloadType} ${parameters}`])
  attributes.push(['control', trackControl(track.index)])
  return { kind: codec.kind, port: 0, protocol: 'RTP/AVP', formats: [String(payloadType)], connection: undefined, attributes }
}

const encodingOf = (codec: Codec): string => {
  switch (codec.name) {
    case 'h264':
      return 'H264/90000'
    case 'aac':
      return `MPEG4-GENERIC/${codec.clockRate}/${codec.channels}`
    case 'opus':
      // Always 2, whatever is inside: RFC 7587 section 4.1.
      return 'opus/48000/2'
    case 'h265':
    case 'vp8':
    case 'vp9':
    case 'av1':
      return `${codec.name.toUpperCase()}/90000`
    case 'pcmu':
    case 'pcma':
    case 'g722':
      return `${codec.name.toUpperCase()}/${codec.clockRate}${codec.channels > 1 ? `/${codec.channels}` : ''}`
  }
}

const parametersOf = (codec: Codec): string => {
  switch (codec.name) {
    case 'h264':
      return h264Parameters(codec)
    case 'aac':
      return `profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=${hex(codec.config)}`
    case 'opus':
      return codec.channels === 2 ? 'sprop-stereo=1' : ''
    default:
      return ''
  }
}

const h264Parameters = ({ sps, pps }: H264Codec): string => {
  const parameters = ['packetization-mode=1']
  if (sps && sps.length >= 4) {
    parameters.push(`profile-level-id=${hex(sps.subarray(1, 4))}`)
    if (pps) parameters.push(`sprop-parameter-sets=${encodeBase64(sps)},${encodeBase64(pps)}`)
  }
  return parameters.join(';')
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('')
