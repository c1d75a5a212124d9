import { NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'
import type { Packetizer } from '../../hub/converters.ts'
import { PACKETIZER_PAYLOAD, type Packet } from '../../hub/packet.ts'
import type { Track } from '../../hub/track.ts'
import type { Unit } from '../../hub/unit.ts'
import { packetizeAac } from '../../protocols/rtp/aac-payload.ts'
import { packetizeH264 } from '../../protocols/rtp/h264-payload.ts'
import { splitSamples } from '../../protocols/rtp/plain-payload.ts'

/** Makes RTP packets of a track's units. */
export const makeRtpPacketizer = (track: Track): Packetizer => ({
  push: (unit, firstSeq) => {
    const { codec } = track
    switch (codec.name) {
      case 'h264':
        return inOnePlace(unit, firstSeq, packetizeH264(withParameterSets(track, unit), PACKETIZER_PAYLOAD))
      case 'aac':
        return inOnePlace(
          unit,
          firstSeq,
          unit.data.flatMap((frame) => packetizeAac(frame, PACKETIZER_PAYLOAD)),
        )
      case 'opus':
        return inOnePlace(unit, firstSeq, unit.data)
      case 'pcmu':
      case 'pcma':
      case 'g722':
        return inARow(
          unit,
          firstSeq,
          unit.data.flatMap((samples) => splitSamples(samples, codec.channels, PACKETIZER_PAYLOAD)),
          codec.channels,
        )
      default:
        return []
    }
  },
})

/** Readers join at any picture where decoding can start, so each must bring the parameter sets. */
const withParameterSets = (track: Track, unit: Unit): readonly Uint8Array[] => {
  const { codec } = track
  if (!unit.randomAccess || codec.name !== 'h264' || !codec.sps || !codec.pps) return unit.data
  const has = (type: number): boolean => unit.data.some((nal) => nalType(nal) === type)
  return has(NAL_TYPE.SPS) && has(NAL_TYPE.PPS) ? unit.data : [codec.sps, codec.pps, ...unit.data.filter((nal) => !isParameterSet(nal))]
}

const isParameterSet = (nal: Uint8Array): boolean => nalType(nal) === NAL_TYPE.SPS || nalType(nal) === NAL_TYPE.PPS

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
