import type { H265Codec } from '../../codecs/codec.ts'
import { isParameterSet, NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'
import { H265_NAL_TYPE, h265NalType, isH265ParameterSet } from '../../codecs/h265-nal.ts'
import type { Packetizer } from '../../hub/converters.ts'
import { PACKETIZER_PAYLOAD, type Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { packetizeAac } from '../../protocols/rtp/aac-payload.ts'
import { encodeAv1Payloads } from '../../protocols/rtp/av1-payload.ts'
import { packetizeH264 } from '../../protocols/rtp/h264-payload.ts'
import { packetizeH265 } from '../../protocols/rtp/h265-payload.ts'
import { splitSamples } from '../../protocols/rtp/plain-payload.ts'
import { packetizeVp8 } from '../../protocols/rtp/vp8-payload.ts'
import { packetizeVp9 } from '../../protocols/rtp/vp9-payload.ts'

/** Makes RTP packets of a track's units. */
export const makeRtpPacketizer = (track: Track): Packetizer => {
  let frames = 0
  return { push: (unit, firstSeq) => packetsOf(track, unit, firstSeq, frames++) }
}

/** @param pictureId counts the track's units */
const packetsOf = (track: Track, unit: Unit, firstSeq: number, pictureId: number): Packet[] => {
  const { codec } = track
  switch (codec.name) {
    case 'h264':
      return inOnePlace(unit, firstSeq, packetizeH264(withParameterSets(track, unit), PACKETIZER_PAYLOAD))
    case 'h265':
      return inOnePlace(unit, firstSeq, packetizeH265(withH265ParameterSets(codec, unit), PACKETIZER_PAYLOAD))
    case 'vp8':
      return inOnePlace(
        unit,
        firstSeq,
        inPayloads(unit, (frame) => packetizeVp8(frame, pictureId, PACKETIZER_PAYLOAD)),
      )
    case 'vp9':
      return inOnePlace(
        unit,
        firstSeq,
        inPayloads(unit, (frame) => packetizeVp9(frame, pictureId, unit.randomAccess, PACKETIZER_PAYLOAD)),
      )
    case 'av1': {
      const payload = { continues: false, continued: false, startsSequence: unit.randomAccess, elements: unit.data }
      return inOnePlace(unit, firstSeq, encodeAv1Payloads(payload, PACKETIZER_PAYLOAD))
    }
    case 'aac':
      return inOnePlace(
        unit,
        firstSeq,
        inPayloads(unit, (frame) => packetizeAac(frame, PACKETIZER_PAYLOAD)),
      )
    case 'opus':
      return inOnePlace(unit, firstSeq, unit.data)
    default:
      return inARow(
        unit,
        firstSeq,
        inPayloads(unit, (samples) => splitSamples(samples, codec.channels, PACKETIZER_PAYLOAD)),
        codec.channels,
      )
  }
}

const inPayloads = (unit: Unit, packetize: (frame: Uint8Array) => readonly Uint8Array[]): Uint8Array[] => unit.data.flatMap(packetize)

/** Readers join at any picture where decoding can start, so each must bring the parameter sets. */
const withParameterSets = (track: Track, unit: Unit): readonly Uint8Array[] => {
  const { codec } = track
  if (!unit.randomAccess || codec.name !== 'h264' || !codec.sps || !codec.pps) return unit.data
  const has = (type: number): boolean => unit.data.some((nal) => nalType(nal) === type)
  return has(NAL_TYPE.SPS) && has(NAL_TYPE.PPS) ? unit.data : [codec.sps, codec.pps, ...unit.data.filter((nal) => !isParameterSet(nalType(nal)))]
}

const withH265ParameterSets = ({ vps, sps, pps }: H265Codec, unit: Unit): readonly Uint8Array[] => {
  if (!unit.randomAccess || !vps || !sps || !pps) return unit.data
  const has = (type: number): boolean => unit.data.some((nal) => h265NalType(nal) === type)
  if (has(H265_NAL_TYPE.VPS) && has(H265_NAL_TYPE.SPS) && has(H265_NAL_TYPE.PPS)) return unit.data
  return [vps, sps, pps, ...unit.data.filter((nal) => !isH265ParameterSet(h265NalType(nal)))]
}

/** Packets of one picture or frame: the same time, the marker on the last. */
const inOnePlace = (unit: Unit, firstSeq: number, payloads: readonly Uint8Array[]): Packet[] =>
  payloads.map((payload, i) => ({
    seq: firstSeq + i,
    timestamp: unit.pts,
    marker: i === payloads.length - 1,
    randomAccess: unit.randomAccess && i === 0,
    payload,
    arrivalMs: unit.arrivalMs,
  }))

/** Packets of samples, each after the one before it. The marker would mean the start of a talkspurt: RFC 3551 section 4.1. */
const inARow = (unit: Unit, firstSeq: number, payloads: readonly Uint8Array[], channels: number): Packet[] => {
  let timestamp = unit.pts
  return payloads.map((payload, i) => {
    const packet = { seq: firstSeq + i, timestamp, marker: false, randomAccess: true, payload, arrivalMs: unit.arrivalMs }
    timestamp += Math.floor(payload.length / channels)
    return packet
  })
}
