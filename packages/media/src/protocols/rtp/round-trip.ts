import { wallMsToNtp } from './ntp.ts'
import type { ReportBlock } from './rtcp-report.ts'

/**
 * The round trip by RFC 3550 section 6.4.1: since our sender report went out, less the time that the receiver held it.
 * @param wallMs when the report came, milliseconds since 1970, by the clock of the sender reports
 * @returns milliseconds; undefined if the receiver had no sender report yet, or names one that was never sent
 */
export const roundTripMs = (report: ReportBlock, wallMs: number): number | undefined => {
  if (report.lastSenderReport === 0) return undefined
  const compactNow = Number((wallMsToNtp(wallMs) >> 16n) & 0xffff_ffffn)
  const elapsed = (compactNow - report.lastSenderReport - report.delaySinceLastSenderReport) | 0
  return elapsed < 0 ? undefined : (elapsed * 1000) / 65_536
}
