import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { bitString, boolean, explicit, implicit, integer, objectIdentifier, octetString, sequence, set, time, utf8String } from './der.ts'

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
const COMMON_NAME = '2.5.4.3'
const DAY_MS = 24 * 60 * 60 * 1000
/** Clocks differ. */
const BACKDATED_MS = 60 * 60 * 1000
/** RFC 5280 appendix A: ub-common-name. */
const MAX_COMMON_NAME = 64

export type CertificateAndKey = {
  /** PEM of the certificate. */
  readonly cert: string
  /** PEM of its private key, PKCS #8. */
  readonly key: string
}

/**
 * Makes a certificate that signs itself (RFC 5280), ECDSA P-256.
 * @param hosts at least one DNS name or IP address, without brackets
 * @param days how long it is valid; browsers take at most 398 from authorities, and any number where a person trusts it by hand
 */
export const makeSelfSigned = (hosts: readonly string[], days: number, now: Date): CertificateAndKey => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKeyInfo = publicKey.export({ format: 'der', type: 'spki' })
  const name = sequence(set(sequence(objectIdentifier(COMMON_NAME), utf8String((hosts[0] ?? 'millrace').slice(0, MAX_COMMON_NAME)))))
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(serial),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(new Date(now.getTime() - BACKDATED_MS)), time(new Date(now.getTime() + days * DAY_MS))),
    name,
    publicKeyInfo,
    explicit(3, sequence(...extensions(hosts, publicKeyInfo))),
  )
  const certificate = sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(sign('sha256', toBeSigned, privateKey)))
  return { cert: pem('CERTIFICATE', certificate), key: String(privateKey.export({ format: 'pem', type: 'pkcs8' })) }
}

/** RFC 5280 section 4.2.1. */
const extensions = (hosts: readonly string[], publicKeyInfo: Uint8Array): Buffer[] => [
  extension('2.5.29.17', false, sequence(...hosts.map(generalName))),
  extension('2.5.29.14', false, octetString(createHash('sha1').update(publicKeyInfo).digest())),
  // Not an authority: who trusts it trusts this server and nothing else.
  extension('2.5.29.19', true, sequence()),
  extension('2.5.29.15', true, bitString(Buffer.of(0x80), 7)),
  extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))),
]

const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octetString(value))

const DNS_NAME = 2
const IP_ADDRESS = 7

const generalName = (host: string): Buffer => (isIP(host) === 0 ? implicit(DNS_NAME, Buffer.from(host)) : implicit(IP_ADDRESS, addressBytes(host)))

const addressBytes = (address: string): Buffer => {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // The URL parser writes IPv6 without a part in dots, RFC 5952.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((digits) => Number.parseInt(digits, 16)))
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const all = tail === undefined ? before : [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]))
}

const pem = (label: string, der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
