import { isParameterSet, isVcl, NAL_TYPE, nalType } from '../../codecs/h264-nal.ts'
import { type NalFormat, packetizeNals } from './nal-payload.ts'

/** STAP-A and FU-A of RFC 6184 section 5.2; the interleaved mode's payload structures are not used on live streams. */
export const H264_FORMAT: NalFormat = {
  fault: 'rtp/h264-stap',
  headerBytes: 1,
  typeMask: 0x1f,
  lowestType: 1,
  aggregateType: 24,
  fragmentType: 28,
  delimiterType: NAL_TYPE.AUD,
  fillerType: NAL_TYPE.FILLER,
  seiType: NAL_TYPE.SEI,
  isParameterSet,
  isVcl,
  typeOf: nalType,
  writeHeader(out, nal, type) {
    out[0] = ((nal[0] as number) & 0xe0) | type
  },
  writeAggregateHeader(out, nals) {
    let flags = 0
    for (const nal of nals) {
      const header = nal[0] as number
      // F is set if any has it; NRI is the highest.
      flags = Math.max(flags & 0x60, header & 0x60) | ((flags | header) & 0x80)
    }
    out[0] = flags | H264_FORMAT.aggregateType
  },
}

/** RTP payloads for the NAL units of an access unit in packetization-mode 1: see `packetizeNals`. */
export const packetizeH264 = (nals: readonly Uint8Array[], maxPayload: number): Uint8Array[] => packetizeNals(H264_FORMAT, nals, maxPayload)
