import { createHash, timingSafeEqual } from 'node:crypto'
import type { Fingerprint } from '@millrace/media/bridges/webrtc/rtc-offer.ts'

/** Names of RFC 8122 section 5 and of OpenSSL, strongest first; older hashes can be forged. */
const HASHES = [
  ['sha-512', 'sha512'],
  ['sha-384', 'sha384'],
  ['sha-256', 'sha256'],
] as const

/** `sha-256 AB:CD:…`, as `a=fingerprint` has it. */
export const fingerprintLine = (certificate: Uint8Array): string => {
  const digits = createHash('sha256').update(certificate).digest('hex').toUpperCase()
  return `sha-256 ${digits.match(/../g)?.join(':')}`
}

/** Whether some fingerprint can be checked at all. */
export const hasUsableFingerprint = (fingerprints: readonly Fingerprint[]): boolean =>
  fingerprints.some((fingerprint) => HASHES.some(([name]) => name === fingerprint.hash))

/**
 * Whether the certificate is the one that was announced: one of the fingerprints of the strongest hash that we know fits
 * (RFC 8122 section 5). Compared in constant time.
 * @param certificate in DER
 */
export const matchesFingerprint = (certificate: Uint8Array, fingerprints: readonly Fingerprint[]): boolean => {
  for (const [name, algorithm] of HASHES) {
    const announced = fingerprints.filter((fingerprint) => fingerprint.hash === name)
    if (announced.length === 0) continue
    const actual = createHash(algorithm).update(certificate).digest()
    return announced.some(({ value }) => value.length === actual.length && timingSafeEqual(value, actual))
  }
  return false
}
