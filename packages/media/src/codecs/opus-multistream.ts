/** How the streams in a packet of more than two channels become those channels, RFC 7845 section 5.1.1. */
export type OpusMultistream = {
  readonly streams: number
  /** The first streams are stereo, so many. */
  readonly coupledStreams: number
  /** For each channel which decoded channel it is; 255 is silence. */
  readonly mapping: readonly number[]
}

const SILENT = 255
const MAX_CHANNELS = 8

/**
 * Reads the parameters of `multiopus` in SDP, as browsers and GStreamer write them.
 * @param parameters of `a=fmtp`, names in lower case
 * @returns undefined if they are missing or contradict each other
 */
export const parseOpusMultistream = (parameters: ReadonlyMap<string, string>, channels: number): OpusMultistream | undefined => {
  const streams = integer(parameters.get('num_streams'))
  const coupledStreams = integer(parameters.get('coupled_streams'))
  const mapping = (parameters.get('channel_mapping') ?? '').split(',').map(integer)
  if (channels > MAX_CHANNELS || mapping.length !== channels || streams === 0 || coupledStreams > streams || streams + coupledStreams > SILENT) return undefined
  if (!mapping.every((from) => from < streams + coupledStreams || from === SILENT)) return undefined
  return Number.isNaN(streams + coupledStreams) ? undefined : { streams, coupledStreams, mapping }
}

/** The same parameters, for `a=fmtp`. */
export const formatOpusMultistream = ({ streams, coupledStreams, mapping }: OpusMultistream): string =>
  `num_streams=${streams};coupled_streams=${coupledStreams};channel_mapping=${mapping.join(',')}`

const integer = (text: string | undefined): number => (text !== undefined && /^\d{1,3}$/.test(text.trim()) ? Number(text) : Number.NaN)
