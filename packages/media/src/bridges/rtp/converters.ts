import type { Converters } from '../../hub/converters.ts'
import { Av1Units, Vp8Units, Vp9Units } from './frame-units.ts'
import { makeRtpPacketizer } from './to-packets.ts'
import { AacUnits, NalUnits, PlainUnits } from './to-units.ts'

/** The hub's way between units and packets: RTP payload formats. */
export const rtpConverters: Converters = {
  makePacketizer: makeRtpPacketizer,
  makeDepacketizer(track) {
    switch (track.codec.name) {
      case 'h264':
      case 'h265':
        return new NalUnits(track)
      case 'vp8':
        return new Vp8Units()
      case 'vp9':
        return new Vp9Units()
      case 'av1':
        return new Av1Units()
      case 'aac':
        return new AacUnits()
      default:
        return new PlainUnits()
    }
  },
}
