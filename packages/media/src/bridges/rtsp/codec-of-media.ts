import { ProtocolError } from '../../bytes/protocol-error.ts'
import { aacCodec } from '../../codecs/aac.ts'
import type { AacCodec, Codec, H264Codec } from '../../codecs/codec.ts'
import { NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'
import { parseSps } from '../../codecs/h264-sps.ts'
import { formatParameters, type RtpMap, rtpMaps } from '../../protocols/sdp/attributes.ts'
import { decodeBase64 } from '../../protocols/sdp/base64.ts'
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
    case 'MPEG4-GENERIC':
      return aacOf(map, parameters)
    case 'OPUS':
      if (map.clockRate !== 48000) throw refusal(`Opus with a clock of ${map.clockRate} Hz instead of 48000`)
      return { kind: 'audio', name: 'opus', clockRate: 48000, channels: parameters.get('sprop-stereo') === '0' ? 1 : 2 }
    case 'PCMU':
      return { kind: 'audio', name: 'pcmu', clockRate: map.clockRate, channels: map.channels }
    case 'PCMA':
      return { kind: 'audio', name: 'pcma', clockRate: map.clockRate, channels: map.channels }
    case 'MP4A-LATM':
      throw refusal('AAC as MP4A-LATM (RFC 6416) is not supported: send it as MPEG4-GENERIC (RFC 3640)')
    default:
      throw refusal(`the codec ${map.encoding} is not supported: H.264, AAC, Opus and G.711 are`)
  }
}

/** RFC 6184 section 8.1. */
const h264Of = (map: RtpMap, parameters: ReadonlyMap<string, string>): H264Codec => {
  if (map.clockRate !== 90000) throw refusal(`H.264 with a clock of ${map.clockRate} Hz instead of 90000`)
  if (parameters.get('packetization-mode') === '2') throw refusal('H.264 in the interleaved packetization-mode 2 is not supported: modes 0 and 1 are')
  const sets = (parameters.get('sprop-parameter-sets') ?? '').split(',').map((set) => decodeBase64(set))
  const sps = sets.find((set) => set && nalType(set) === NAL_TYPE.SPS && isReadable(set))
  const pps = sets.find((set) => set && set.length > 1 && nalType(set) === NAL_TYPE.PPS)
  return { kind: 'video', name: 'h264', clockRate: 90000, sps, pps }
}

/** Cameras are known to send broken ones: the stream's own are waited for then. */
const isReadable = (sps: Uint8Array): boolean => {
  try {
    parseSps(sps)
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
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
