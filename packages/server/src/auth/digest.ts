import { createHash, timingSafeEqual } from 'node:crypto'
import type { DigestProof } from '../net/access.ts'
import type { Ha1 } from './user-record.ts'

/** Of Basic and Digest. HA1s are made with it: changing it makes them worthless. */
export const REALM = 'Millrace'

const hash = (algorithm: DigestProof['algorithm'], text: string): string =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text, 'utf8')
    .digest('hex')

/** What Digest is checked against, RFC 7616 section 3.4.2. */
export const makeHa1 = (user: string, password: string): Ha1 => {
  const text = `${user}:${REALM}:${password}`
  return { md5: hash('MD5', text), sha256: hash('SHA-256', text) }
}

/** RFC 7616 section 3.4.1; without qop as RFC 2069 had it. */
export const checkDigest = (proof: DigestProof, ha1: Ha1): boolean => {
  const { algorithm, nonce, nc = '', cnonce = '', qop, method, uri } = proof
  const user = algorithm === 'MD5' ? ha1.md5 : ha1.sha256
  const request = hash(algorithm, `${method}:${uri}`)
  const expected = hash(algorithm, qop === undefined ? `${user}:${nonce}:${request}` : `${user}:${nonce}:${nc}:${cnonce}:${qop}:${request}`)
  const given = Buffer.from(proof.response.toLowerCase())
  return proof.realm === REALM && given.length === expected.length && timingSafeEqual(given, Buffer.from(expected))
}
