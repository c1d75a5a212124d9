import type { AeadName, HashName } from './dtls-crypto.ts'

/** How records are protected, how keys are made, and with what the server signs. */
export type CipherSuite = {
  readonly id: number
  readonly aead: AeadName
  readonly keyBytes: number
  /** What of the nonce comes from the handshake; the rest of the 12 bytes is in each record. */
  readonly ivBytes: number
  readonly hash: HashName
  /** The key of the server's certificate. */
  readonly signature: 'ecdsa' | 'rsa'
}

const aes128 = { aead: 'aes-128-gcm', keyBytes: 16, ivBytes: 4, hash: 'sha256' } as const
const aes256 = { aead: 'aes-256-gcm', keyBytes: 32, ivBytes: 4, hash: 'sha384' } as const
const chacha20 = { aead: 'chacha20-poly1305', keyBytes: 32, ivBytes: 12, hash: 'sha256' } as const

/** In our order of preference; RFC 5289 section 3.2, RFC 7905 section 2. RFC 8827 section 6.5 wants the first one of every WebRTC peer. */
const CIPHER_SUITES: readonly CipherSuite[] = [
  { id: 0xc02b, ...aes128, signature: 'ecdsa' },
  { id: 0xc02c, ...aes256, signature: 'ecdsa' },
  { id: 0xcca9, ...chacha20, signature: 'ecdsa' },
  { id: 0xc02f, ...aes128, signature: 'rsa' },
  { id: 0xc030, ...aes256, signature: 'rsa' },
  { id: 0xcca8, ...chacha20, signature: 'rsa' },
]

/** What a client offers: the server's certificate may be an RSA one. */
export const OFFERED_CIPHER_SUITES: readonly number[] = CIPHER_SUITES.map(({ id }) => id)

/** The one that our server takes: its certificate is an ECDSA one. */
export const chooseCipherSuite = (offered: readonly number[]): CipherSuite | undefined =>
  CIPHER_SUITES.find(({ id, signature }) => signature === 'ecdsa' && offered.includes(id))

export const findCipherSuite = (id: number): CipherSuite | undefined => CIPHER_SUITES.find((suite) => suite.id === id)
