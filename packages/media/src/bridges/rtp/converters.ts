import type { Converters } from '../../hub/converters.ts'
import { makeRtpPacketizer } from './to-packets.ts'
import { AacUnits, H264Units, PlainUnits } from './to-units.ts'

/** The hub's way between units and packets: RTP payload formats. */
export const rtpConverters: Converters = {
  makePacketizer: makeRtpPacketizer,
  makeDepacketizer(track) {
    switch (track.codec.name) {
      case 'h264':
        return new H264Units(track)
      case 'aac':
        return new AacUnits()
      default:
        return new PlainUnits()
    }
  },
}
