/** Where a track's packets begin, RFC 2326 section 12.33. */
export type RtpInfo = {
  readonly url: string
  /** Sequence number of the first packet. */
  readonly seq: number | undefined
  /** RTP timestamp of the moment that `Range` names; the same moment for all tracks. */
  readonly rtpTime: number | undefined
}

const MAX_ENTRIES = 32

/** Reads what can be read: servers write this header in many ways, and a track can do without it. */
export const decodeRtpInfo = (value: string): RtpInfo[] => {
  const entries: RtpInfo[] = []
  // A comma can be part of an URL: the next entry begins with url=.
  for (const part of value.split(/,\s*(?=url\s*=)/i).slice(0, MAX_ENTRIES)) {
    const url = /(?:^|;)\s*url\s*=\s*"?([^;"]*)"?/i.exec(part)?.[1]?.trim()
    if (url) entries.push({ url, seq: numberOf(part, 'seq', 0xffff), rtpTime: numberOf(part, 'rtptime', 0xffffffff) })
  }
  return entries
}

export const encodeRtpInfo = (entries: readonly RtpInfo[]): string =>
  entries.map(({ url, seq, rtpTime }) => `url=${url}${seq === undefined ? '' : `;seq=${seq}`}${rtpTime === undefined ? '' : `;rtptime=${rtpTime}`}`).join(',')

const numberOf = (part: string, name: string, max: number): number | undefined => {
  const digits = new RegExp(`;\\s*${name}\\s*=\\s*(\\d{1,10})\\b`, 'i').exec(part)?.[1]
  return digits !== undefined && Number(digits) <= max ? Number(digits) : undefined
}
