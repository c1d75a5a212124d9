import { decodeBase64 } from '../../bytes/base64.ts'
import { ProtocolError } from '../../bytes/protocol-error.ts'
import { aacCodec } from '../../codecs/aac.ts'
import type { AacCodec, Codec, H264Codec, H265Codec, OpusCodec } from '../../codecs/codec.ts'
import { NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'
import { parseSps } from '../../codecs/h264-sps.ts'
import { H265_NAL_TYPE, h265NalType } from '../../codecs/h265-nal.ts'
import { parseH265Sps } from '../../codecs/h265-sps.ts'
import { parseOpusMultistream } from '../../codecs/opus-multistream.ts'
import { formatParameters, type RtpMap, rtpMaps } from '../../protocols/sdp/attributes.ts'
import type { SessionDescription } from '../../protocols/sdp/sdp.ts'

/** A track of a description that the hub can take. */
export type KnownMedia = {
  /** Position among the description's media sections. */
  readonly index: number
  readonly codec: Codec
  readonly payloadType: number
}

/** A track that it cannot take. */
export type UnknownMedia = {
  readonly index: number
  /** For people: what it is and why it is left out. */
  readonly reason: string
}

/** Sorts the tracks of a publisher's or a camera's description. */
export const sortMedia = (description: SessionDescription): { known: KnownMedia[]; unknown: UnknownMedia[] } => {
  const known: KnownMedia[] = []
  const unknown: UnknownMedia[] = []
  description.media.forEach((media, index) => {
    const reasons: string[] = []
    for (const map of media.protocol.toUpperCase().startsWith('RTP/') ? rtpMaps(media) : []) {
      try {
        known.push({ index, codec: codecOf(map, formatParameters(media, map.payloadType)), payloadType: map.payloadType })
        return
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        reasons.push(error.message)
      }
    }
    unknown.push({
      index,
      reason: `${media.kind} track ${index + 1}: ${reasons.join('; ') || `${media.protocol} ${media.formats.join(' ')} is no RTP with a codec's name`}`,
    })
  })
  return { known, unknown }
}

/** @throws ProtocolError `rtsp/codec` */
const codecOf = (map: RtpMap, parameters: ReadonlyMap<string, string>): Codec => {
  switch (map.encoding.toUpperCase()) {
    case 'H264':
      return h264Of(map, parameters)
    case 'H265':
      return h265Of(map, parameters)
    case 'VP8':
      return { kind: 'video', name: 'vp8', clockRate: videoClock(map) }
    case 'VP9':
      return { kind: 'video', name: 'vp9', clockRate: videoClock(map), profile: profileOf(parameters.get('profile-id')) }
    case 'AV1':
      return { kind: 'video', name: 'av1', clockRate: videoClock(map), sequenceHeader: undefined }
    case 'MPEG4-GENERIC':
      return aacOf(map, parameters)
    case 'OPUS':
      if (map.clockRate !== 48000) throw refusal(`Opus with a clock of ${map.clockRate} Hz instead of 48000`)
      return { kind: 'audio', name: 'opus', clockRate: 48000, channels: parameters.get('sprop-stereo') === '0' ? 1 : 2 }
    case 'MULTIOPUS':
      return multiopusOf(map, parameters)
    case 'PCMU':
      return { kind: 'audio', name: 'pcmu', clockRate: map.clockRate, channels: map.channels }
    case 'PCMA':
      return { kind: 'audio', name: 'pcma', clockRate: map.clockRate, channels: map.channels }
    case 'G722':
      if (map.clockRate !== 8000) throw refusal(`G.722 with a clock of ${map.clockRate} Hz instead of 8000 (RFC 3551 section 4.5.2)`)
      return { kind: 'audio', name: 'g722', clockRate: 8000, channels: map.channels }
    case 'MP4A-LATM':
      throw refusal('AAC as MP4A-LATM (RFC 6416) is not supported: send it as MPEG4-GENERIC (RFC 3640)')
    default:
      throw refusal(`the codec ${map.encoding} is not supported: H.264, H.265, VP8, VP9, AV1, AAC, Opus, G.711 and G.722 are`)
  }
}

/** RFC 6184 section 8.1. */
const h264Of = (map: RtpMap, parameters: ReadonlyMap<string, string>): H264Codec => {
  const clockRate = videoClock(map)
  if (parameters.get('packetization-mode') === '2') throw refusal('H.264 in the interleaved packetization-mode 2 is not supported: modes 0 and 1 are')
  const sets = parameterSets(parameters.get('sprop-parameter-sets'))
  const sps = sets.find((set) => nalType(set) === NAL_TYPE.SPS && isReadable(() => parseSps(set)))
  const pps = sets.find((set) => set.length > 1 && nalType(set) === NAL_TYPE.PPS)
  return { kind: 'video', name: 'h264', clockRate, sps, pps }
}

/** RFC 7798 section 7.1. */
const h265Of = (map: RtpMap, parameters: ReadonlyMap<string, string>): H265Codec => {
  const clockRate = videoClock(map)
  const mode = parameters.get('tx-mode') ?? 'SRST'
  if (mode !== 'SRST') throw refusal(`H.265 in tx-mode ${mode} is not supported: one stream (SRST) is`)
  if ((parameters.get('sprop-max-don-diff') ?? '0') !== '0')
    throw refusal('H.265 with sprop-max-don-diff above 0, that is out of decoding order, is not supported')
  const vps = parameterSets(parameters.get('sprop-vps')).find((set) => h265NalType(set) === H265_NAL_TYPE.VPS)
  const sps = parameterSets(parameters.get('sprop-sps')).find((set) => isReadable(() => parseH265Sps(set)))
  const pps = parameterSets(parameters.get('sprop-pps')).find((set) => h265NalType(set) === H265_NAL_TYPE.PPS)
  return { kind: 'video', name: 'h265', clockRate, vps, sps, pps }
}

const videoClock = (map: RtpMap): 90000 => {
  if (map.clockRate !== 90000) throw refusal(`${map.encoding} with a clock of ${map.clockRate} Hz instead of 90000`)
  return 90000
}

/** profile-id of VP9, RFC 9628 section 6.1. */
const profileOf = (text: string | undefined): number => (text !== undefined && /^[0-3]$/.test(text) ? Number(text) : 0)

/** What is no base64 is left out. */
const parameterSets = (list: string | undefined): Uint8Array[] => (list ?? '').split(',').flatMap((set) => decodeBase64(set) ?? [])

/** Cameras are known to send broken ones: the stream's own are waited for then. */
const isReadable = (parse: () => unknown): boolean => {
  try {
    parse()
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}

/** Opus of more than two channels, as browsers and GStreamer name it. */
const multiopusOf = (map: RtpMap, parameters: ReadonlyMap<string, string>): OpusCodec => {
  const multistream = parseOpusMultistream(parameters, map.channels)
  if (map.clockRate !== 48000 || !multistream) throw refusal('multiopus without num_streams, coupled_streams and a channel_mapping that fit at most 8 channels')
  return { kind: 'audio', name: 'opus', clockRate: 48000, channels: map.channels, multistream }
}

/** RFC 3640 section 3.3.6. */
const aacOf = (map: RtpMap, parameters: ReadonlyMap<string, string>): AacCodec => {
  const mode = parameters.get('mode') ?? ''
  const lengths = [parameters.get('sizelength'), parameters.get('indexlength'), parameters.get('indexdeltalength')].join('-')
  if (mode.toLowerCase() !== 'aac-hbr' || lengths !== '13-3-3') {
    throw refusal(`MPEG4-GENERIC in mode ${JSON.stringify(mode)} with lengths ${lengths} is not supported: AAC-hbr with 13-3-3 is`)
  }
  const hex = parameters.get('config') ?? ''
  if (!/^(?:[\da-f]{2}){2,64}$/i.test(hex)) throw refusal('AAC without a config parameter in hexadecimal digits')
  const codec = aacCodec(Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16)))
  if (codec.clockRate !== map.clockRate) throw refusal(`AAC of ${codec.clockRate} Hz with an RTP clock of ${map.clockRate} Hz`)
  return codec
}

const refusal = (message: string): ProtocolError => new ProtocolError('rtsp/codec', message)
