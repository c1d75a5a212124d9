import { H265_NAL_HEADER_BYTES, H265_NAL_TYPE, h265NalType, isH265ParameterSet, isH265Vcl } from '../../codecs/h265-nal.ts'
import { fragment, type NalFormat, packetizeNals, splitAggregate } from './nal-payload.ts'

/** Payload structures beside single NAL units, RFC 7798 section 4.4. */
export const H265_PAYLOAD = { AP: 48, FU: 49 } as const

export const H265_FORMAT: NalFormat = {
  fault: 'rtp/h265',
  headerBytes: H265_NAL_HEADER_BYTES,
  typeMask: 0x3f,
  lowestType: 0,
  aggregateType: H265_PAYLOAD.AP,
  fragmentType: H265_PAYLOAD.FU,
  delimiterType: H265_NAL_TYPE.AUD,
  fillerType: H265_NAL_TYPE.FILLER,
  seiType: H265_NAL_TYPE.PREFIX_SEI,
  isParameterSet: isH265ParameterSet,
  isVcl: isH265Vcl,
  typeOf: h265NalType,
  writeHeader(out, nal, type) {
    out[0] = ((nal[0] as number) & 0x81) | (type << 1)
    out[1] = nal[1] as number
  },
  writeAggregateHeader(out, nals) {
    let forbidden = 0
    let layerId = 0x3f
    let temporalId = 7
    for (const [first = 0, second = 0] of nals) {
      forbidden |= first & 0x80
      layerId = Math.min(layerId, ((first & 1) << 5) | (second >> 3))
      temporalId = Math.min(temporalId, second & 7)
    }
    out[0] = forbidden | (H265_PAYLOAD.AP << 1) | (layerId >> 5)
    out[1] = ((layerId & 0x1f) << 3) | temporalId
  },
}

/** RTP payloads for the NAL units of an access unit: see `packetizeNals`. */
export const packetizeH265 = (nals: readonly Uint8Array[], maxPayload: number): Uint8Array[] => packetizeNals(H265_FORMAT, nals, maxPayload)

/**
 * A payload that is too long as several that say the same.
 * @throws ProtocolError `rtp/h265`
 */
export const splitH265Payload = (payload: Uint8Array, maxPayload: number): Uint8Array[] => {
  const type = h265NalType(payload)
  if (type === H265_PAYLOAD.AP) return packetizeH265(splitAggregate(H265_FORMAT, payload), maxPayload)
  if (type !== H265_PAYLOAD.FU) return packetizeH265([payload], maxPayload)
  const payloads: Uint8Array[] = []
  fragment(H265_FORMAT, payloads, payload, payload.subarray(H265_NAL_HEADER_BYTES + 1), payload[H265_NAL_HEADER_BYTES] as number, maxPayload)
  return payloads
}
