/** More at once would fill the queues of a slow network before anything is known of it. */
const MAX_START_BPS = 1_000_000

/**
 * Lets a Chromium begin with half of the bound instead of 300 kbit/s, from which it needs a quarter of a minute to a full picture. Other browsers
 * leave the parameter alone.
 * @param answer the server's SDP
 * @param maxVideoBps upper bound of the video; undefined leaves the answer as it is
 */
export const withStartBitrate = (answer: string, maxVideoBps: number | undefined): string => {
  if (maxVideoBps === undefined) return answer
  const parameter = `x-google-start-bitrate=${Math.round(Math.min(MAX_START_BPS, maxVideoBps / 2) / 1000)}`
  return answer
    .split(/(?=^m=)/m)
    .map((section) => (section.startsWith('m=video') ? withParameter(section, parameter) : section))
    .join('')
}

const withParameter = (section: string, parameter: string): string => {
  let changed = section
  for (const [line, payloadType = '', codec = ''] of section.matchAll(/^a=rtpmap:(\d+) ([\w-]+)\/90000\r?\n/gm)) {
    if (/^(?:rtx|red|ulpfec|flexfec-03)$/i.test(codec)) continue
    const fmtp = new RegExp(`^(a=fmtp:${payloadType} [^\\r\\n]*)`, 'm')
    changed = fmtp.test(changed) ? changed.replace(fmtp, `$1;${parameter}`) : changed.replace(line, `${line}a=fmtp:${payloadType} ${parameter}\r\n`)
  }
  return changed
}
