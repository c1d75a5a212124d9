/** Seconds from the NTP epoch (1900) to the Unix epoch (1970). */
const UNIX_EPOCH_S = 2_208_988_800

/** The NTP time 0, which means that a sender has no wall clock, in milliseconds since 1970. */
export const NTP_ZERO_MS = -UNIX_EPOCH_S * 1000

/** @returns milliseconds since 1970, with fractions, of a 64-bit NTP time: RFC 5905 section 6 */
export const ntpToWallMs = (ntp: bigint): number => {
  const seconds = Number(ntp >> 32n)
  const fraction = Number(ntp & 0xffff_ffffn)
  return (seconds - UNIX_EPOCH_S) * 1000 + (fraction * 1000) / 2 ** 32
}

/** @param wallMs milliseconds since 1970, with fractions */
export const wallMsToNtp = (wallMs: number): bigint => {
  const seconds = Math.floor(wallMs / 1000)
  const fraction = Math.floor(((wallMs - seconds * 1000) / 1000) * 2 ** 32)
  return (BigInt((seconds + UNIX_EPOCH_S) >>> 0) << 32n) | BigInt(fraction)
}
