/** Formats that go along with a codec and are none themselves. */
const HELPERS = new Set(['rtx', 'red', 'ulpfec', 'flexfec-03'])

/** Names for people; what is not here is shown as the browser names it. */
const LABELS: Readonly<Record<string, string>> = { H264: 'H.264', H265: 'H.265' }
/** H.264 first: every kind of viewer takes it. */
const ORDER = ['H264', 'VP8', 'VP9', 'AV1', 'H265']

export type VideoCodec = {
  /** As RTP names it: `H264`. */
  readonly name: string
  /** For people: `H.264`. */
  readonly label: string
}

export const codecLabel = (name: string): string => LABELS[name] ?? name

/** Video codecs that this browser can encode, the one that most viewers take first. */
export const publishableCodecs = (): VideoCodec[] => {
  const names = new Set((RTCRtpSender.getCapabilities('video')?.codecs ?? []).map(({ mimeType }) => mimeType.slice('video/'.length).toUpperCase()))
  const rank = (name: string): number => (ORDER.indexOf(name) + ORDER.length + 1) % (ORDER.length + 1)
  return [...names]
    .filter((name) => !HELPERS.has(name.toLowerCase()))
    .sort((a, b) => rank(a) - rank(b))
    .map((name) => ({ name, label: codecLabel(name) }))
}

/** Offers a codec before all others; the others stay, for a server that does not take it. */
export const preferCodec = (transceiver: RTCRtpTransceiver, name: string): void => {
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? []
  const isWanted = ({ mimeType }: { readonly mimeType: string }): boolean => mimeType.toLowerCase() === `video/${name.toLowerCase()}`
  // Browsers without the function choose by themselves.
  transceiver.setCodecPreferences?.([...codecs.filter(isWanted), ...codecs.filter((codec) => !isWanted(codec))])
}
